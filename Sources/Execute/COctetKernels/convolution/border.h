/// Small inputs get their border in memory before a convolution reads them.
#ifndef OCTET_CONVOLUTION_BORDER_H
#define OCTET_CONVOLUTION_BORDER_H

#include "octet_convolution.h"

/// Lets the plan read a padded copy of its input, if windows reach over the border and the copy is small.
void octet_border_prepare(octet_convolution_plan *plan);

/// Whether no window reaches over the border.
bool octet_border_is_inside(const octet_convolution_plan *plan);

/// What the plan reads: the padded copy, made here, or the input itself.
const uint8_t *octet_border_add(const octet_convolution_plan *plan, const uint8_t *input, uint8_t *scratch);

#endif
