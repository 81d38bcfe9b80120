#ifndef OCTET_SIMDJSON_H
#define OCTET_SIMDJSON_H
#endif
