/// Transposition in blocks of 16 bytes by 16 bytes, for elements of OCTET_ELEMENT_BYTES. Included once per size.
///
/// Interleaving row i with row i + n/2, for all i, log2(n) times, transposes n rows of n elements.

#define OCTET_SIZED(name) OCTET_CONCATENATE(name, OCTET_ELEMENT_BYTES)

#if OCTET_ELEMENT_BYTES == 1
#define OCTET_BLOCK_ROWS 16
#define OCTET_LOW_HALF(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define OCTET_HIGH_HALF(a, b)                                                                                          \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif OCTET_ELEMENT_BYTES == 2
#define OCTET_BLOCK_ROWS 8
#define OCTET_LOW_HALF(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define OCTET_HIGH_HALF(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif OCTET_ELEMENT_BYTES == 4
#define OCTET_BLOCK_ROWS 4
#define OCTET_LOW_HALF(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define OCTET_HIGH_HALF(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#else
#define OCTET_BLOCK_ROWS 2
#define OCTET_LOW_HALF(a, b) __builtin_shufflevector(a, b, 0, 2)
#define OCTET_HIGH_HALF(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif

typedef OCTET_SIZED(block_element) OCTET_SIZED(block_row) __attribute__((ext_vector_type(OCTET_BLOCK_ROWS)));

OCTET_INLINE void OCTET_SIZED(transpose_registers)(OCTET_SIZED(block_row) rows[OCTET_BLOCK_ROWS]) {
  for (int step = 1; step < OCTET_BLOCK_ROWS; step *= 2) {
    OCTET_SIZED(block_row) mixed[OCTET_BLOCK_ROWS];
    for (int i = 0; i < OCTET_BLOCK_ROWS / 2; i++) {
      mixed[2 * i] = OCTET_LOW_HALF(rows[i], rows[i + OCTET_BLOCK_ROWS / 2]);
      mixed[2 * i + 1] = OCTET_HIGH_HALF(rows[i], rows[i + OCTET_BLOCK_ROWS / 2]);
    }
    __builtin_memcpy(rows, mixed, sizeof mixed);
  }
}

/// Writes rows × columns elements, destination[r][c] = source[c][r], either count at most a block's.
OCTET_INLINE void OCTET_SIZED(transpose_block)(const uint8_t *source, ptrdiff_t source_stride, uint8_t *destination,
                                               ptrdiff_t destination_stride, size_t rows, size_t columns) {
  OCTET_SIZED(block_row) block[OCTET_BLOCK_ROWS] = {0};
  const bool whole = rows == OCTET_BLOCK_ROWS && columns == OCTET_BLOCK_ROWS;
  if (whole) {
    for (int c = 0; c < OCTET_BLOCK_ROWS; c++) {
      __builtin_memcpy(&block[c], source + c * source_stride, 16);
    }
  } else {
    for (size_t c = 0; c < columns; c++) {
      copy_short(&block[c], source + (ptrdiff_t)c * source_stride, rows * OCTET_ELEMENT_BYTES);
    }
  }
  OCTET_SIZED(transpose_registers)(block);
  if (whole) {
    for (int r = 0; r < OCTET_BLOCK_ROWS; r++) {
      __builtin_memcpy(destination + r * destination_stride, &block[r], 16);
    }
  } else {
    for (size_t r = 0; r < rows; r++) {
      copy_short(destination + (ptrdiff_t)r * destination_stride, &block[r], columns * OCTET_ELEMENT_BYTES);
    }
  }
}

/// Two columns, dense: destination[r] = (first[r], second[r]), as a shuffle of channels between two groups has it.
OCTET_INLINE void OCTET_SIZED(interleave)(const uint8_t *first, const uint8_t *second, uint8_t *destination,
                                          size_t rows) {
  const size_t bytes = rows * OCTET_ELEMENT_BYTES;
  for (size_t i = 0; i < bytes; i += 16) {
    OCTET_SIZED(block_row) a, b;
    if (bytes - i >= 16) {
      __builtin_memcpy(&a, first + i, 16);
      __builtin_memcpy(&b, second + i, 16);
    } else {
      copy_short(&a, first + i, bytes - i);
      copy_short(&b, second + i, bytes - i);
    }
    const OCTET_SIZED(block_row) pairs[2] = {OCTET_LOW_HALF(a, b), OCTET_HIGH_HALF(a, b)};
    if (bytes - i >= 16) {
      __builtin_memcpy(destination + 2 * i, pairs, 32);
    } else {
      copy_short(destination + 2 * i, pairs, 2 * (bytes - i));
    }
  }
}

/// Writes rows × columns elements, destination[r][c] = source[c][r].
static void OCTET_SIZED(transpose_plane)(const uint8_t *source, ptrdiff_t source_stride, uint8_t *destination,
                                         ptrdiff_t destination_stride, size_t rows, size_t columns) {
  if (columns == 2 && destination_stride == 2 * OCTET_ELEMENT_BYTES) {
    OCTET_SIZED(interleave)(source, source + source_stride, destination, rows);
    return;
  }
  for (size_t c = 0; c < columns; c += OCTET_BLOCK_ROWS) {
    const size_t width = columns - c < OCTET_BLOCK_ROWS ? columns - c : OCTET_BLOCK_ROWS;
    for (size_t r = 0; r < rows; r += OCTET_BLOCK_ROWS) {
      const size_t height = rows - r < OCTET_BLOCK_ROWS ? rows - r : OCTET_BLOCK_ROWS;
      OCTET_SIZED(transpose_block)
      (source + (ptrdiff_t)c * source_stride + r * OCTET_ELEMENT_BYTES, source_stride,
       destination + (ptrdiff_t)r * destination_stride + c * OCTET_ELEMENT_BYTES, destination_stride, height, width);
    }
  }
}

#undef OCTET_SIZED
#undef OCTET_BLOCK_ROWS
#undef OCTET_LOW_HALF
#undef OCTET_HIGH_HALF
#undef OCTET_ELEMENT_BYTES
