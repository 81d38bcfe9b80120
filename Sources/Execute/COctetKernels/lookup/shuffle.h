/// Looks up OCTET_SHUFFLE_BYTES bytes at once with pshufb, which looks up the low four bits of a byte in a row of
/// sixteen, and gives 0 where the byte is negative.
///
/// Rows 0 to 7 serve the bytes below 128. Subtracting 16, with saturation, after each row makes a byte negative after
/// the row of its high bits, and stay so. So y = row 0 ^ (row 0 ^ row 1) ^ …, as far as the byte is not negative,
/// telescopes to the row of its high bits. Rows 8 to 15 serve the others likewise, 128 lower.
#include "isa/vector.h"

typedef char shuffle_bytes __attribute__((vector_size(OCTET_SHUFFLE_BYTES)));

#if OCTET_SHUFFLE_BYTES == 64
#define OCTET_SHUFFLE __builtin_ia32_pshufb512
#else
#define OCTET_SHUFFLE __builtin_ia32_pshufb256
#endif

/// Row k of the table, or what it differs by from the row before it, in every group of sixteen bytes.
OCTET_INLINE shuffle_bytes telescoped_row(const uint8_t *table, int k) {
  u8x16 row = load_u8(table + 16 * k);
  if (k % 8 != 0) {
    row ^= load_u8(table + 16 * (k - 1));
  }
  shuffle_bytes rows;
  for (int group = 0; group < OCTET_SHUFFLE_BYTES / 16; group++) {
    __builtin_memcpy((char *)&rows + 16 * group, &row, sizeof row);
  }
  return rows;
}

/// Returns how many of `count` bytes it looked up: whole vectors.
OCTET_INLINE size_t lookup_vectors(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t count) {
  shuffle_bytes rows[16];
  for (int k = 0; k < 16; k++) {
    rows[k] = telescoped_row(table, k);
  }
  const shuffle_bytes sixteen = (shuffle_bytes){0} + (char)16;
  size_t i = 0;
  for (; i + OCTET_SHUFFLE_BYTES <= count; i += OCTET_SHUFFLE_BYTES) {
    shuffle_bytes low, y;
    __builtin_memcpy(&low, from + i, sizeof low);
    shuffle_bytes high = low ^ (char)0x80;
    y = OCTET_SHUFFLE(rows[0], low) ^ OCTET_SHUFFLE(rows[8], high);
#pragma clang loop unroll(full)
    for (int k = 1; k < 8; k++) {
      low = __builtin_elementwise_sub_sat(low, sixteen);
      high = __builtin_elementwise_sub_sat(high, sixteen);
      y ^= OCTET_SHUFFLE(rows[k], low) ^ OCTET_SHUFFLE(rows[8 + k], high);
    }
    __builtin_memcpy(to + i, &y, sizeof y);
  }
  return i;
}
