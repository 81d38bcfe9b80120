/// The kernel of octet_softmax.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector_math.h"

OCTET_INLINE void softmax_of_row(float *to, const float *from, size_t count, bool is_logarithmic) {
  const float lowest = -__builtin_inff();
  f32x16 greatest = lowest;
  for (size_t i = 0; i < count; i += OCTET_LANES) {
    greatest = max_f32(load_first_f32(from + i, count - i, lowest), greatest);
  }
  const f32x16 m = max_of_lanes(greatest);
  // e^-infinity = 0: the lanes past the end add nothing.
  f32x16 sums = 0;
  for (size_t i = 0; i < count; i += OCTET_LANES) {
    const f32x16 d = load_first_f32(from + i, count - i, lowest) - m, e = exp_normal_f32(d);
    sums += e;
    store_first_f32(to + i, is_logarithmic ? d : e, count - i);
  }
  const f32x16 sum = sum_of_lanes(sums), log_of_sum = is_logarithmic ? log_f32(sum) : sum;
  for (size_t i = 0; i < count; i += OCTET_LANES) {
    const f32x16 v = load_first_f32(to + i, count - i, 0);
    store_first_f32(to + i, is_logarithmic ? v - log_of_sum : v / sum, count - i);
  }
}

/// `width` <= 16 neighbours, each along its own axis of `count` elements `stride` apart.
OCTET_INLINE void softmax_of_columns(float *to, const float *from, size_t count, size_t stride, size_t width,
                                     bool is_logarithmic) {
  f32x16 m = -__builtin_inff();
  for (size_t i = 0; i < count; i++) {
    m = max_f32(load_f32(from + i * stride), m);
  }
  f32x16 sum = 0;
  for (size_t i = 0; i < count; i++) {
    const f32x16 d = load_f32(from + i * stride) - m, e = exp_normal_f32(d);
    sum += e;
    store_first_f32(to + i * stride, is_logarithmic ? d : e, width);
  }
  const f32x16 log_of_sum = is_logarithmic ? log_f32(sum) : sum;
  for (size_t i = 0; i < count; i++) {
    const f32x16 v = load_first_f32(to + i * stride, width, 0);
    store_first_f32(to + i * stride, is_logarithmic ? v - log_of_sum : v / sum, width);
  }
}

/// `rows` <= 16 short rows of `count` elements: transposed, so that each has a lane of its own.
OCTET_INLINE void softmax_of_short_rows(float *to, const float *from, size_t count, size_t rows, bool is_logarithmic) {
  float tile[OCTET_SOFTMAX_LONG][OCTET_LANES];
  __builtin_memset(tile, 0, count * sizeof tile[0]);
  for (size_t i = 0; i < count; i++) {
    for (size_t r = 0; r < rows; r++) {
      tile[i][r] = from[r * count + i];
    }
  }
  softmax_of_columns(tile[0], tile[0], count, OCTET_LANES, OCTET_LANES, is_logarithmic);
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < count; i++) {
      to[r * count + i] = tile[i][r];
    }
  }
}

OCTET_INLINE size_t at_most_a_unit(size_t left) {
  return left < OCTET_SOFTMAX_UNIT ? left : OCTET_SOFTMAX_UNIT;
}

OCTET_INLINE void softmax(const octet_softmax_arguments *a, size_t begin, size_t end, bool is_logarithmic) {
  const octet_softmax_plan *plan = a->plan;
  const size_t axis = plan->axis, inner = plan->inner, blocks = (inner + OCTET_SOFTMAX_UNIT - 1) / OCTET_SOFTMAX_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    if (inner > 1) {
      const size_t first = unit % blocks * OCTET_SOFTMAX_UNIT, offset = unit / blocks * axis * inner + first;
      softmax_of_columns(a->destination + offset, a->source + offset, axis, inner, at_most_a_unit(inner - first),
                         is_logarithmic);
    } else if (axis >= OCTET_SOFTMAX_LONG) {
      softmax_of_row(a->destination + unit * axis, a->source + unit * axis, axis, is_logarithmic);
    } else {
      const size_t first = unit * OCTET_SOFTMAX_UNIT, rows = at_most_a_unit(plan->outer - first);
      softmax_of_short_rows(a->destination + first * axis, a->source + first * axis, axis, rows, is_logarithmic);
    }
  }
}

void OCTET_KERNEL_NAME(octet_softmax_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_softmax_arguments *a = arguments;
  if (a->plan->is_logarithmic) {
    softmax(a, begin, end, true);
  } else {
    softmax(a, begin, end, false);
  }
}
