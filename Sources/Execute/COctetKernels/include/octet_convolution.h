/// Convolution over one to three spatial dimensions, and matrix multiplication as a convolution of 1×1 kernels.
///
/// Tensors are channels-last: [batch, depth, height, width, channels]. Lower ranks have extents of 1 in front.
#ifndef OCTET_CONVOLUTION_H
#define OCTET_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_dot.h"
#include "octet_epilogue.h"
#include "octet_team.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  /// The most bytes of a line of a kernel that is one run, and of a whole window that is.
  OCTET_GATHERED_LINE = 64,
  OCTET_GATHERED_WINDOW = 448,
  /// Windows are gathered in pieces of so many bytes: what is read past a line, and past the padding.
  OCTET_GATHERED_PIECE = 16,
  /// The most bytes that kernels read past a run.
  OCTET_CONVOLUTION_SLACK = 31,
};

/// Spatial values stand in the order depth, height, width.
typedef struct octet_convolution_geometry {
  size_t batch, groups, group_inputs, group_outputs;
  size_t input[3], kernel[3], stride[3], dilation[3], output[3];
  ptrdiff_t pad[3];
} octet_convolution_geometry;

/// How many positions a kernel has.
static inline size_t octet_tap_count(const octet_convolution_geometry *geometry) {
  return geometry->kernel[0] * geometry->kernel[1] * geometry->kernel[2];
}

/// Neighbouring output channels that a kernel computes in one pass over its weights.
typedef struct octet_convolution_panel {
  const octet_dot_kernel *kernel;
  /// Counted within the group. The last panel may have fewer channels than its kernel.
  size_t first_channel, channels;
  /// Where its weights begin among the group's, in bytes, and its initial sums, in channels.
  size_t weight_offset, initial_offset;
} octet_convolution_panel;

/// How packed weights lie in memory. It depends on the kernel's shape alone, so that plans of many sizes share them.
typedef struct octet_weight_layout {
  size_t groups, group_inputs, group_outputs, kernel[3];
  octet_weight_format format;
  /// Taps that one run covers: 1, a line of the kernel, or all; then runs, elements in a run, and steps along it.
  size_t run_taps, runs, run_elements, steps;
  size_t panel_count;
  /// Bytes of packed weights, and channels of initial sums, of one group.
  size_t group_bytes, group_channels;
} octet_weight_layout;

/// A layout for the kernels of `list` that instruction set `isa` includes. Its panels are octet_weight_panels'.
octet_weight_layout octet_weight_layout_make(const octet_convolution_geometry *geometry, octet_dot_kernel_list list,
                                             octet_isa isa);

/// Fills in layout->panel_count panels. The arguments are those that made the layout.
void octet_weight_panels(const octet_weight_layout *layout, octet_dot_kernel_list list, octet_isa isa,
                         octet_convolution_panel *panels);

/// Packs weights [groups][outputs][inputs][depth][height][width], s8 or f32 as the format says, into
/// groups · group_bytes zeroed bytes.
void octet_weights_pack(const octet_weight_layout *layout, const octet_convolution_panel *panels, const void *weights,
                        uint8_t *packed);

/// products[g·group_channels + channel] = Σ w0·w1 + w2·w3 over the quads of weights that are packed in pairs, modulo
/// 2^32: what kernels add to the sums of a channel.
void octet_weights_pair_products(const octet_weight_layout *layout, const octet_convolution_panel *panels,
                                 const uint8_t *packed, int32_t *products);

/// sums[channel] = Σ weights, for `channels` rows of `length` weights.
void octet_weights_sum_s8(const int8_t *weights, size_t channels, size_t length, int32_t *sums);

/// Where a run of taps stands in a window, or a line of one that is gathered: its first tap's place, and bytes from the
/// window's first pixel to it.
typedef struct octet_run_step {
  ptrdiff_t place[3];
  ptrdiff_t offset;
} octet_run_step;

/// What follows from a plan's geometry and pixel stride. Spatial values stand in the order depth, height, width.
typedef struct octet_window_steps {
  /// Whether output pixel n reads input pixel n and nothing else.
  bool pointwise;
  /// Whether the taps of a line lie side by side where the window is inside the input.
  bool contiguous;
  /// Whether the lines of a window are put together to one run.
  bool gathers;
  /// A window whose first tap is at least 0 and at most this lies inside the input.
  ptrdiff_t last_inside[3];
  /// Bytes from one image, slice, row and pixel of the input to the next.
  ptrdiff_t image_bytes, axis_bytes[3];
  /// Where each run of a window begins, or each line of one that is gathered.
  const octet_run_step *run_steps;
  size_t run_step_count;
} octet_window_steps;

/// How many run steps a plan has.
size_t octet_run_step_count(const octet_weight_layout *layout);

/// How far a group's tensors and weights lie from those of the group before.
typedef struct octet_group_steps {
  size_t input_bytes, weight_bytes;
  /// Sums of `initial`, and of `pixel_initial`.
  size_t initial_channels, initial_pixels;
  size_t output_pixels, output_channels;
} octet_group_steps;

/// The input of a plan that reads a padded copy of it. Without one, scratch_bytes is 0.
typedef struct octet_border {
  size_t scratch_bytes, input_pixel_stride, input[3];
  ptrdiff_t pad[3];
} octet_border;

typedef struct octet_convolution_plan {
  octet_convolution_geometry geometry;
  octet_weight_layout layout;
  const octet_convolution_panel *panels;
  const uint8_t *weights;
  /// What sums start from, per group: group_channels values of s32 or f32.
  const void *initial;
  /// NULL, or what is added to all sums of an output pixel, in s32.
  const int32_t *pixel_initial;
  /// Bytes of an input element: 1 for u8, which sums to s32, or 4 for f32.
  size_t element_bytes;
  /// A run of what padding holds (the zero point, or 0), and OCTET_CONVOLUTION_SLACK bytes more.
  const uint8_t *padding;
  /// Bytes from one input pixel to the next.
  size_t input_pixel_stride;
  octet_epilogue_strides strides;
  const octet_epilogue *epilogue;
  /// Finishes the sums of a tile where kernels do not finish them in registers.
  octet_epilogue_function *finish;
  /// NULL, or where output pixels stand that do not follow each other.
  const octet_pixel_placement *placement;
  /// How kernels finish their sums: OCTET_EPILOGUE_ANY calls `finish`.
  octet_epilogue_kind kind;
  octet_window_steps steps;
  octet_group_steps group_steps;
  octet_border border;
} octet_convolution_plan;

/// Fills in plan->kind, plan->steps, plan->group_steps and plan->border from the rest of the plan, with `run_steps` as
/// the memory for octet_run_step_count(&layout) of them. A small input gets its border in the scratch memory: geometry
/// and input_pixel_stride are then those of the padded copy. Where lines of windows turn out to be contiguous, the
/// layout's runs become lines.
void octet_convolution_prepare(octet_convolution_plan *plan, octet_run_step *run_steps);

/// Runs a plan. `scratch` has plan->border.scratch_bytes bytes. Up to OCTET_CONVOLUTION_SLACK bytes past the last input
/// pixel's channels are read; nothing but the output's channels is written. The result does not depend on the team.
void octet_convolution_run(const octet_convolution_plan *plan, const uint8_t *input,
                           const octet_epilogue_buffers *buffers, uint8_t *scratch, octet_team *team);

/// The first group's output pixels 0 ..< pixels, on the calling thread.
void octet_convolution_run_pixels(const octet_convolution_plan *plan, const uint8_t *input,
                                  const octet_epilogue_buffers *buffers, size_t pixels);

#ifdef __cplusplus
}
#endif

#endif
