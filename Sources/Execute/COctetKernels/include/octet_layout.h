/// How a kernel that changes the element type also changes the layout.
#ifndef OCTET_LAYOUT_H
#define OCTET_LAYOUT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_layout_change {
  /// [batch, channels, inner] to the same.
  OCTET_PLANAR_TO_PLANAR,
  /// [batch, channels, inner] to [batch, inner, channels].
  OCTET_PLANAR_TO_CHANNELS_LAST,
  /// [batch, inner, channels] to the same.
  OCTET_CHANNELS_LAST_TO_CHANNELS_LAST,
  /// [batch, inner, channels] to [batch, channels, inner].
  OCTET_CHANNELS_LAST_TO_PLANAR,
} octet_layout_change;

/// The extents of a tensor and how it lies in memory before and after. Strides count elements from one pixel to the
/// next, at least `channels`; a planar side ignores them.
typedef struct octet_layout_plan {
  octet_layout_change change;
  size_t batch, channels, inner;
  size_t source_stride, destination_stride;
} octet_layout_plan;

/// Elements of a planar row, or pixels beside a planar side, that one unit holds.
enum { OCTET_PLANAR_UNIT = 256, OCTET_PIXEL_UNIT = 16 };

/// How many units of work a plan has.
static inline size_t octet_layout_units(const octet_layout_plan *plan) {
  switch (plan->change) {
  case OCTET_PLANAR_TO_PLANAR:
    return plan->batch * plan->channels * ((plan->inner + OCTET_PLANAR_UNIT - 1) / OCTET_PLANAR_UNIT);
  case OCTET_CHANNELS_LAST_TO_CHANNELS_LAST:
    return plan->batch * plan->inner;
  case OCTET_PLANAR_TO_CHANNELS_LAST:
  case OCTET_CHANNELS_LAST_TO_PLANAR:
    return plan->batch * ((plan->inner + OCTET_PIXEL_UNIT - 1) / OCTET_PIXEL_UNIT);
  }
  return 0;
}

#ifdef __cplusplus
}
#endif

#endif
