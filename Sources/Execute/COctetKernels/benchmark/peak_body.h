/// A loop in registers over the vocabulary of isa/quads.h or isa/floats.h: as many products as the kernels could
/// compute if no operand came from memory.
#include "isa/name.h"
#include "octet_peak.h"

/// Hides a register's value from the compiler, which would otherwise compute one product for all sums.
#define OCTET_OPAQUE(vector) __asm__ volatile("" : "+v"(vector))

/// Defines the peak `name`, where each lane of a sum takes `lane_products` products per step.
#define OCTET_PEAK_KERNEL(name, lane_products)                                                                         \
  size_t OCTET_KERNEL_NAME(name)(size_t rounds) {                                                                      \
    return multiply(rounds) * (lane_products);                                                                         \
  }

/// How many lanes have been added to.
OCTET_INLINE size_t multiply(size_t rounds) {
  // Enough sums for two instructions a cycle that take five each; few enough for sixteen registers.
  enum { SUMS = 12 };
  sum_vector sums[SUMS] = {0};
  step_vector input = 1;
  weight_vector weights = 1;
  for (size_t round = 0; round < rounds; round++) {
    OCTET_UNROLLED for (size_t i = 0; i < SUMS; i++) {
      OCTET_OPAQUE(input);
      sums[i] = add_products(sums[i], input, weights);
    }
  }
  OCTET_UNROLLED for (size_t i = 0; i < SUMS; i++) {
    OCTET_OPAQUE(sums[i]);
  }
  return rounds * SUMS * SUM_LANES;
}
