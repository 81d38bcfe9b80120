/// The first step of winograd_body.h, Bᵀ d B, for OCTET_WINOGRAD_CHANNELS input channels at a time. It is included for
/// each width: the widest registers take as long for few channels as for many.

#define OCTET_OF_WIDTH_OF(name, width) name##_##width
#define OCTET_OF_WIDTH(name, width) OCTET_OF_WIDTH_OF(name, width)
#define CHANNELS OCTET_OF_WIDTH(channels, OCTET_WINOGRAD_CHANNELS)
#define TRANSFORM_LINE OCTET_OF_WIDTH(transform_line, OCTET_WINOGRAD_CHANNELS)

typedef int16_t CHANNELS __attribute__((ext_vector_type(OCTET_WINOGRAD_CHANNELS)));

/// Bᵀ along one axis.
OCTET_INLINE void TRANSFORM_LINE(const CHANNELS d[INPUTS], CHANNELS to[INPUTS]) {
  const CHANNELS outer = d[4] - d[2], inner = 2 * (d[3] - d[1]), even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
  to[0] = 4 * (d[0] - d[2]) + outer;
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = outer + inner;
  to[4] = outer - inner;
  to[5] = d[5] - d[3] - 2 * inner;
}

/// A tile's channels from `channel` on: those of its pixels to those of its positions, `position_step` bytes apart.
OCTET_INLINE void OCTET_OF_WIDTH(transform_channels, OCTET_WINOGRAD_CHANNELS)(const uint8_t *const pixels[POSITIONS],
                                                                              size_t channel, uint8_t *to,
                                                                              size_t position_step) {
  typedef uint8_t bytes __attribute__((ext_vector_type(OCTET_WINOGRAD_CHANNELS)));
  CHANNELS lines[INPUTS][INPUTS];
  OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
    CHANNELS column[INPUTS], transformed[INPUTS];
    OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
      bytes narrow;
      __builtin_memcpy(&narrow, pixels[y * INPUTS + x] + channel, sizeof narrow);
      column[y] = __builtin_convertvector(narrow, CHANNELS);
    }
    TRANSFORM_LINE(column, transformed);
    OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
      lines[y][x] = transformed[y];
    }
  }
  OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
    CHANNELS transformed[INPUTS];
    TRANSFORM_LINE(lines[y], transformed);
    OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
      __builtin_memcpy(to + (y * INPUTS + x) * position_step, &transformed[x], sizeof(CHANNELS));
    }
  }
}

#undef CHANNELS
#undef TRANSFORM_LINE
#undef OCTET_OF_WIDTH_OF
#undef OCTET_OF_WIDTH
#undef OCTET_WINOGRAD_CHANNELS
