#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted at all: not where a sanitizer has an allocator of its own.
bool allocation_counter_is_active(void);

/// How often the calling thread has asked for memory so far.
uint64_t allocation_counter_value(void);
