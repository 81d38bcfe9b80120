/// R·h for the gates of a panel: sixteen units of a few sequences, in registers.
#ifndef OCTET_RECURRENCE_SUMS_H
#define OCTET_RECURRENCE_SUMS_H

enum {
  /// Sequences that share the weights that are loaded, where there are registers enough.
  SEQUENCES_AT_ONCE = OCTET_REGISTER_BYTES == 64 ? 4 : 1,
  MOST_GATES = 4,
  /// Where a cell has few gates, each has several sums that are added at the end, to keep the processor busy.
  MOST_PARTS = 4,
};

#define OCTET_UNROLLED _Pragma("clang loop unroll(full)")

/// One sequence at one step, from the first unit of a panel on.
typedef struct {
  /// p of the first gate of the phase.
  const float *projection;
  /// h of the step before, and where h′ goes.
  const float *previous;
  float *output;
  /// c, z and r∘h, where the cell has them.
  float *memory, *update, *gated;
  /// What R is multiplied by, from unit 0 on: h or r∘h.
  const float *state;
} sequence_step;

/// A panel of one direction.
typedef struct {
  const octet_recurrence_plan *plan;
  const float *weights;
  /// b′ from the first unit on, where the cell has it.
  const float *late_bias;
  size_t units;
} panel_place;

/// min(max(x, -bound), bound), but NaN stays.
OCTET_INLINE f32x16 x_or_clipped(f32x16 x, f32x16 bound) {
  return if_number_f32(x, clamp_f32(x, -bound, bound));
}

OCTET_INLINE f32x16 add_product(f32x16 sum, f32x16 x, f32x16 weight) {
#ifdef OCTET_FUSED
  return __builtin_elementwise_fma(x, weight, sum);
#else
  return sum + x * weight;
#endif
}

OCTET_INLINE size_t parts_of(size_t gates) {
  return gates >= 4 ? 1 : (gates >= 2 ? 2 : MOST_PARTS);
}

/// Adds the products of unit `k`, whose weights these are.
OCTET_INLINE void add_unit(f32x16 sums[][MOST_GATES], const sequence_step *of, size_t count, size_t gates, size_t k,
                           const float *weights) {
  OCTET_UNROLLED for (size_t gate = 0; gate < gates; gate++) {
    const f32x16 weight = load_f32(weights + gate * OCTET_LANES);
    OCTET_UNROLLED for (size_t s = 0; s < count; s++) {
      sums[s][gate] = add_product(sums[s][gate], of[s].state[k], weight);
    }
  }
}

/// sums[sequence][gate] += R·state. Unit k of the state is added to part k mod parts, then the parts in pairs.
///
/// `gates` and `count` are constants wherever this is inlined.
OCTET_INLINE void add_recurrence(f32x16 sums[][MOST_GATES], const sequence_step *of, size_t count, size_t gates,
                                 const panel_place *panel) {
  const size_t parts = parts_of(gates), hidden = panel->plan->hidden, stride = gates * OCTET_LANES;
  const float *weights = panel->weights;
  f32x16 v[MOST_PARTS][SEQUENCES_AT_ONCE][MOST_GATES];
  OCTET_UNROLLED for (size_t i = 0; i < parts * count * gates; i++) {
    const size_t part = i / (count * gates), s = i / gates % count, gate = i % gates;
    v[part][s][gate] = part == 0 ? sums[s][gate] : (f32x16)0.0f;
  }
  size_t k = 0;
  for (; k + parts <= hidden; k += parts, weights += parts * stride) {
    OCTET_UNROLLED for (size_t part = 0; part < parts; part++) {
      add_unit(v[part], of, count, gates, k + part, weights + part * stride);
    }
  }
  OCTET_UNROLLED for (size_t part = 0; part + 1 < parts; part++) {
    if (k + part < hidden) {
      add_unit(v[part], of, count, gates, k + part, weights + part * stride);
    }
  }
  OCTET_UNROLLED for (size_t i = 0; i < count * gates; i++) {
    const size_t s = i / gates, gate = i % gates;
    const f32x16 first = parts == 1 ? v[0][s][gate] : v[0][s][gate] + v[1][s][gate];
    sums[s][gate] = parts == MOST_PARTS ? first + (v[2][s][gate] + v[3][s][gate]) : first;
  }
}

#endif
