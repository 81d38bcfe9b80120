/// The whole ABI of the kernels: one header per family, every contract written there.
///
/// A kernel does not allocate, does not fail and keeps no state. What it reads and writes comes in a plan
/// (immutable, made once per layer) and in buffers (pointers of one run).
#ifndef OCTET_KERNELS_H
#define OCTET_KERNELS_H

#include "octet_attention.h"
#include "octet_convolution.h"
#include "octet_cpu.h"
#include "octet_depthwise.h"
#include "octet_depthwise_f32.h"
#include "octet_dot.h"
#include "octet_epilogue.h"
#include "octet_gemm.h"
#include "octet_team.h"
#include "octet_dequantize.h"
#include "octet_elementwise.h"
#include "octet_lookup.h"
#include "octet_normalization.h"
#include "octet_peak.h"
#include "octet_pool.h"
#include "octet_quantize.h"
#include "octet_recurrence.h"
#include "octet_reduction.h"
#include "octet_reorder.h"
#include "octet_requantize.h"
#include "octet_resample.h"
#include "octet_softmax.h"
#include "octet_unary.h"
#include "octet_winograd.h"

#endif
