#include "octet_simdjson.h"
