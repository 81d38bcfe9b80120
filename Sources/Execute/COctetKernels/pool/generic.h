/// The kernel of octet_pool.h, once for every instruction set. It works on 64 bytes of a pixel at a time: 64 channels
/// of bytes, 16 of f32.
#include <stdbool.h>

#include "isa/name.h"
#include "isa/vector.h"

typedef uint8_t u8x64 __attribute__((ext_vector_type(64)));
typedef uint16_t u16x64 __attribute__((ext_vector_type(64)));
typedef int32_t i32x64 __attribute__((ext_vector_type(64)));

/// The taps of one output pixel: where the first channel of the first one is, how many there are, and the bytes
/// between.
typedef struct {
  const uint8_t *first;
  size_t count[3];
  size_t step[3];
  float divisor;
} pool_taps;

OCTET_INLINE pool_taps taps_of_pixel(const octet_pool_plan *plan, const void *source, size_t element_size,
                                     const size_t position[4]) {
  pool_taps taps = {.divisor = 1};
  size_t pixel = position[0], step = plan->source_stride * element_size;
  uint32_t divisor = 1;
  for (int axis = 0; axis < 3; axis++) {
    const octet_pool_window window = plan->windows[axis][position[axis + 1]];
    pixel = pixel * plan->input[axis] + window.first;
    taps.count[axis] = window.count;
    divisor *= window.divisor;
  }
  for (int axis = 2; axis >= 0; axis--) {
    taps.step[axis] = step * plan->dilation[axis];
    step *= plan->input[axis];
  }
  taps.first = (const uint8_t *)source + pixel * plan->source_stride * element_size;
  taps.divisor = (float)divisor;
  return taps;
}

OCTET_INLINE size_t number_of_taps(const pool_taps *taps) {
  return taps->count[0] * taps->count[1] * taps->count[2];
}

/// The address of the first tap of one row.
OCTET_INLINE const uint8_t *row_of_taps(const pool_taps *taps, size_t depth, size_t height) {
  return taps->first + depth * taps->step[0] + height * taps->step[1];
}

OCTET_INLINE u8x64 load_64_bytes(const uint8_t *from) {
  u8x64 v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

// MARK: - Maximum

/// Signed bytes are compared as unsigned ones, 128 higher.
OCTET_INLINE u8x64 maximum_of_bytes(const pool_taps *taps, size_t offset, bool is_signed) {
  const u8x64 flip = is_signed ? 0x80 : 0;
  u8x64 best = 0;
  for (size_t d = 0; d < taps->count[0]; d++) {
    for (size_t h = 0; h < taps->count[1]; h++) {
      const uint8_t *tap = row_of_taps(taps, d, h) + offset;
// Rows of two or three taps are the rule: an unrolled loop costs more than it saves.
#pragma clang loop unroll(disable)
      for (size_t w = 0; w < taps->count[2]; w++, tap += taps->step[2]) {
        const u8x64 x = load_64_bytes(tap) ^ flip;
        best = x > best ? x : best;
      }
    }
  }
  return best ^ flip;
}

OCTET_INLINE f32x16 maximum_of_floats(const pool_taps *taps, size_t offset) {
  f32x16 best = -__builtin_inff();
  for (size_t d = 0; d < taps->count[0]; d++) {
    for (size_t h = 0; h < taps->count[1]; h++) {
      const uint8_t *tap = row_of_taps(taps, d, h) + offset;
      for (size_t w = 0; w < taps->count[2]; w++, tap += taps->step[2]) {
        best = max_f32(load_f32((const float *)tap), best);
      }
    }
  }
  return best;
}

// MARK: - Average

/// Adds the bytes of at most 256 taps of one row, which 16 bits hold.
OCTET_INLINE u16x64 sum_of_short_row(const uint8_t *tap, size_t count, size_t step, u8x64 flip) {
  u16x64 sum = 0;
  for (size_t w = 0; w < count; w++, tap += step) {
    sum += __builtin_convertvector(load_64_bytes(tap) ^ flip, u16x64);
  }
  return sum;
}

/// The exact sums of 64 channels. Signed bytes are added as unsigned ones, 128 higher.
OCTET_INLINE void sums_of_bytes(const pool_taps *taps, size_t offset, bool is_signed, int32_t sums[64]) {
  enum { SHORT_ROW = 256 };
  const u8x64 flip = is_signed ? 0x80 : 0;
  i32x64 total = is_signed ? -128 * (int32_t)number_of_taps(taps) : 0;
  u16x64 narrow = 0;
  size_t pending = 0;
  for (size_t d = 0; d < taps->count[0]; d++) {
    for (size_t h = 0; h < taps->count[1]; h++) {
      const uint8_t *row = row_of_taps(taps, d, h) + offset;
      for (size_t w = 0; w < taps->count[2]; w += SHORT_ROW) {
        const size_t left = taps->count[2] - w, count = left < SHORT_ROW ? left : SHORT_ROW;
        if (pending + count > SHORT_ROW) {
          total += __builtin_convertvector(narrow, i32x64);
          narrow = 0;
          pending = 0;
        }
        narrow += sum_of_short_row(row + w * taps->step[2], count, taps->step[2], flip);
        pending += count;
      }
    }
  }
  total += __builtin_convertvector(narrow, i32x64);
  __builtin_memcpy(sums, &total, sizeof total);
}

OCTET_INLINE f32x16 sum_of_floats(const pool_taps *taps, size_t offset) {
  f32x16 total = 0;
  for (size_t d = 0; d < taps->count[0]; d++) {
    for (size_t h = 0; h < taps->count[1]; h++) {
      const uint8_t *tap = row_of_taps(taps, d, h) + offset;
      f32x16 row = 0;
      for (size_t w = 0; w < taps->count[2]; w++, tap += taps->step[2]) {
        row += load_f32((const float *)tap);
      }
      total += row;
    }
  }
  return total;
}

/// Turns the sums of sixteen channels into averages, and writes the first `count`; `destination` is channel 0.
OCTET_INLINE void store_averages(const octet_pool_plan *plan, const pool_taps *taps, f32x16 sum, size_t channel,
                                 size_t count, uint8_t *destination) {
  const f32x16 average = (sum - plan->zero_point * (float)number_of_taps(taps)) / taps->divisor;
  const f32x16 y = average * load_f32(plan->scale + channel) + load_f32(plan->shift + channel);
  if (plan->destination_type == OCTET_ELEMENT_F32) {
    store_first_f32((float *)destination + channel, y, count);
  } else {
    store_first_u8(destination + channel, low_bytes(round_clamped_f32(y, plan->low, plan->high)), count);
  }
}

// MARK: - Pixels

/// Pools channels first ..< last of one pixel; `destination` is channel 0.
OCTET_INLINE void pool_bytes(const octet_pool_plan *plan, const pool_taps *taps, size_t first, size_t last,
                             octet_pool_operation operation, bool is_signed, uint8_t *destination) {
  for (size_t c = first; c < last; c += 64) {
    if (operation == OCTET_POOL_MAXIMUM) {
      const u8x64 best = maximum_of_bytes(taps, c, is_signed);
      if (last - c >= 64) {
        __builtin_memcpy(destination + c, &best, sizeof best);
      } else {
        copy_short(destination + c, &best, last - c);
      }
    } else {
      int32_t sums[64];
      sums_of_bytes(taps, c, is_signed, sums);
      for (size_t lane = 0; lane < 64 && c + lane < last; lane += OCTET_LANES) {
        const f32x16 sum = f32_of_i32((i32x16)load_u32(sums + lane));
        store_averages(plan, taps, sum, c + lane, last - c - lane, destination);
      }
    }
  }
}

OCTET_INLINE void pool_floats(const octet_pool_plan *plan, const pool_taps *taps, size_t first, size_t last,
                              octet_pool_operation operation, uint8_t *destination) {
  for (size_t c = first; c < last; c += OCTET_LANES) {
    if (operation == OCTET_POOL_MAXIMUM) {
      store_first_f32((float *)destination + c, maximum_of_floats(taps, c * sizeof(float)), last - c);
    } else {
      store_averages(plan, taps, sum_of_floats(taps, c * sizeof(float)), c, last - c, destination);
    }
  }
}

OCTET_INLINE void pool_range(const octet_pool_arguments *a, size_t begin, size_t end, octet_element type,
                             octet_pool_operation operation) {
  // A copy, because a store of bytes could change what `a->plan` points at, and everything would be loaded again.
  const octet_pool_plan copy = *a->plan, *plan = &copy;
  const size_t source_size = octet_element_bytes(type);
  const size_t destination_size = octet_element_bytes(plan->destination_type);
  const size_t blocks = (plan->channels + OCTET_POOL_CHANNELS - 1) / OCTET_POOL_CHANNELS;
  // Position in batch, depth, height, width: divisions once per range, not once per pixel.
  size_t block = begin % blocks, pixel = begin / blocks, position[4], rest = pixel;
  for (int axis = 3; axis > 0; axis--) {
    position[axis] = rest % plan->output[axis - 1];
    rest /= plan->output[axis - 1];
  }
  position[0] = rest;
  for (size_t unit = begin; unit < end; unit++) {
    const pool_taps taps = taps_of_pixel(plan, a->source, source_size, position);
    uint8_t *destination = (uint8_t *)a->destination + pixel * plan->destination_stride * destination_size;
    const size_t first = block * OCTET_POOL_CHANNELS, left = plan->channels - first;
    const size_t last = first + (left < OCTET_POOL_CHANNELS ? left : OCTET_POOL_CHANNELS);
    switch (type) {
    case OCTET_ELEMENT_U8:
      pool_bytes(plan, &taps, first, last, operation, false, destination);
      break;
    case OCTET_ELEMENT_I8:
      pool_bytes(plan, &taps, first, last, operation, true, destination);
      break;
    case OCTET_ELEMENT_F32:
      pool_floats(plan, &taps, first, last, operation, destination);
      break;
    }
    if (++block == blocks) {
      block = 0;
      pixel++;
      for (int axis = 3; axis > 0 && ++position[axis] == plan->output[axis - 1]; axis--) {
        position[axis] = 0;
        position[0] += axis == 1;
      }
    }
  }
}

/// With constants for the type and the operation, each pair gets loops of its own.
OCTET_INLINE void pool(const octet_pool_arguments *a, size_t begin, size_t end, octet_element type) {
  if (a->plan->operation == OCTET_POOL_MAXIMUM) {
    pool_range(a, begin, end, type, OCTET_POOL_MAXIMUM);
  } else {
    pool_range(a, begin, end, type, OCTET_POOL_AVERAGE);
  }
}

void OCTET_KERNEL_NAME(octet_pool)(const void *arguments, size_t begin, size_t end) {
  const octet_pool_arguments *a = arguments;
  switch (a->plan->source_type) {
  case OCTET_ELEMENT_U8:
    pool(a, begin, end, OCTET_ELEMENT_U8);
    break;
  case OCTET_ELEMENT_I8:
    pool(a, begin, end, OCTET_ELEMENT_I8);
    break;
  case OCTET_ELEMENT_F32:
    pool(a, begin, end, OCTET_ELEMENT_F32);
    break;
  }
}
