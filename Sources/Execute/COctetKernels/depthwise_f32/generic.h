/// The kernel of octet_depthwise_f32.h, once for every instruction set: sixteen channels of a line of pixels, four
/// pixels at a time where no window reaches over the border.
#include "isa/name.h"
#include "convolution/finish_floats.h"

enum { TILE_PIXELS = OCTET_TILE_ROWS, PIXELS_AT_ONCE = 4 };

/// The taps along an axis that are inside the image: first ..< end.
typedef struct {
  ptrdiff_t first, end;
} tap_range;

/// Sixteen channels, or the last few, of one line of the output.
typedef struct {
  const octet_depthwise_f32_plan *plan;
  /// The image's first pixel, and the weights of the first tap, from the first of the channels on.
  const uint8_t *image;
  const float *weights;
  /// Channels rounded up, from one tap's weights to the next one's.
  size_t weight_stride;
  /// Of the line's windows: where they begin, and which of their taps are inside.
  ptrdiff_t depth, height;
  tap_range depths, heights;
  size_t channels;
} channel_line;

OCTET_INLINE tap_range taps_inside(const octet_convolution_geometry *g, int axis, ptrdiff_t origin) {
  const ptrdiff_t dilation = (ptrdiff_t)g->dilation[axis], kernel = (ptrdiff_t)g->kernel[axis];
  const ptrdiff_t last = (ptrdiff_t)g->input[axis] - 1 - origin;
  const ptrdiff_t fitting = last < 0 ? 0 : last / dilation + 1;
  return (tap_range){origin < 0 ? (-origin + dilation - 1) / dilation : 0, fitting < kernel ? fitting : kernel};
}

OCTET_INLINE ptrdiff_t origin_of(const octet_convolution_geometry *g, int axis, size_t position) {
  return (ptrdiff_t)(position * g->stride[axis]) - g->pad[axis];
}

OCTET_INLINE f32x16 add_product(f32x16 sum, f32x16 x, f32x16 weight) {
#ifdef OCTET_FUSED
  return __builtin_elementwise_fma(x, weight, sum);
#else
  return sum + x * weight;
#endif
}

/// Sums `count` neighbouring pixels, whose first window begins at `origin` and which all have the taps `widths` inside.
/// `count` and `full` are constants wherever this is inlined.
OCTET_INLINE void sum_pixels(const channel_line *line, ptrdiff_t origin, tap_range widths, size_t count, bool full,
                             float *sums) {
  const octet_convolution_geometry *g = &line->plan->geometry;
  const ptrdiff_t pixel = (ptrdiff_t)line->plan->input_pixel_stride, step = (ptrdiff_t)g->stride[2] * pixel;
  const ptrdiff_t tap_step = (ptrdiff_t)g->dilation[2] * pixel;
  f32x16 v[PIXELS_AT_ONCE] = {0};
  for (ptrdiff_t d = line->depths.first; d < line->depths.end; d++) {
    const ptrdiff_t depth = line->depth + d * (ptrdiff_t)g->dilation[0];
    for (ptrdiff_t h = line->heights.first; h < line->heights.end; h++) {
      const ptrdiff_t height = line->height + h * (ptrdiff_t)g->dilation[1];
      const ptrdiff_t row = (depth * (ptrdiff_t)g->input[1] + height) * (ptrdiff_t)g->input[2];
      const uint8_t *from = line->image + (row + origin) * pixel + widths.first * tap_step;
      const size_t first_tap = (size_t)((d * (ptrdiff_t)g->kernel[1] + h) * (ptrdiff_t)g->kernel[2] + widths.first);
      const float *weights = line->weights + first_tap * line->weight_stride;
      for (ptrdiff_t w = widths.first; w < widths.end; w++, from += tap_step, weights += line->weight_stride) {
        const f32x16 weight = load_f32(weights);
        _Pragma("clang loop unroll(full)") for (size_t p = 0; p < count; p++) {
          const float *x = (const float *)(from + (ptrdiff_t)p * step);
          v[p] = add_product(v[p], full ? load_f32(x) : load_first_f32(x, line->channels, 0), weight);
        }
      }
    }
  }
  _Pragma("clang loop unroll(full)") for (size_t p = 0; p < count; p++) {
    store_f32(sums + p * OCTET_LANES, v[p]);
  }
}

/// Sums pixels first ..< end of a line.
OCTET_INLINE void sum_tile(const channel_line *line, size_t first, size_t end, bool full, float *sums) {
  const octet_convolution_geometry *g = &line->plan->geometry;
  const tap_range all = {0, (ptrdiff_t)g->kernel[2]};
  for (size_t w = first; w < end;) {
    const ptrdiff_t origin = origin_of(g, 2, w);
    const tap_range widths = taps_inside(g, 2, origin);
    const tap_range of_last = taps_inside(g, 2, origin_of(g, 2, w + PIXELS_AT_ONCE - 1));
    float *to = sums + (w - first) * OCTET_LANES;
    if (w + PIXELS_AT_ONCE <= end && widths.first == 0 && of_last.end == all.end) {
      sum_pixels(line, origin, all, PIXELS_AT_ONCE, full, to);
      w += PIXELS_AT_ONCE;
    } else {
      sum_pixels(line, origin, widths, 1, full, to);
      w++;
    }
  }
}

/// One line of the output, sixteen channels at a time. `position` is its image, depth and height.
OCTET_INLINE void depthwise_line(const octet_depthwise_f32_arguments *a, size_t number, const size_t position[3]) {
  const octet_depthwise_f32_plan *plan = a->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t image = position[0] * g->input[0] * g->input[1] * g->input[2], width = g->output[2];
  channel_line line = {.plan = plan,
                       .weight_stride = (g->groups + OCTET_LANES - 1) / OCTET_LANES * OCTET_LANES,
                       .depth = origin_of(g, 0, position[1]),
                       .height = origin_of(g, 1, position[2])};
  line.depths = taps_inside(g, 0, line.depth);
  line.heights = taps_inside(g, 1, line.height);
  for (size_t channel = 0; channel < g->groups; channel += OCTET_LANES) {
    float sums[TILE_PIXELS * OCTET_LANES];
    const size_t left = g->groups - channel;
    line.channels = left < OCTET_LANES ? left : OCTET_LANES;
    line.image = a->input + image * plan->input_pixel_stride + channel * sizeof(float);
    line.weights = plan->weights + channel;
    octet_dot_tile tile = {.sums = sums};
    if (plan->kind == OCTET_EPILOGUE_FLOATS) {
      tile.direct = octet_direct_rows_make(plan->epilogue, plan->kind, a->buffers, &plan->strides, number * width,
                                           channel, line.channels);
    }
    for (size_t w = 0; w < width; w += tile.rows) {
      tile.rows = width - w < TILE_PIXELS ? width - w : TILE_PIXELS;
      if (line.channels == OCTET_LANES) {
        sum_tile(&line, w, w + tile.rows, true, sums);
      } else {
        sum_tile(&line, w, w + tile.rows, false, sums);
      }
      if (plan->kind == OCTET_EPILOGUE_FLOATS) {
        finish_float_tile(&tile, OCTET_LANES, false);
        octet_direct_rows_advance(&tile.direct, tile.rows);
      } else {
        plan->finish(plan->epilogue, &(octet_epilogue_tile){.sums = sums,
                                                            .rows = tile.rows,
                                                            .row_stride = OCTET_LANES,
                                                            .first_pixel = number * width + w,
                                                            .first_channel = channel,
                                                            .channels = line.channels,
                                                            .buffers = a->buffers,
                                                            .strides = &plan->strides});
      }
    }
  }
}

void OCTET_KERNEL_NAME(octet_depthwise_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_depthwise_f32_arguments *a = arguments;
  const size_t *output = a->plan->geometry.output;
  for (size_t number = begin; number < end; number++) {
    const size_t of_depths = number / output[1];
    const size_t position[3] = {of_depths / output[0], of_depths % output[0], number % output[1]};
    depthwise_line(a, number, position);
  }
}
