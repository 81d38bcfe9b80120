/// Functions that rise from 0 to 1 around 0, piece by piece: a quotient or an exponential costs several times as much.
///
///   f(x) = g(−x) for x < 0,  1 − g(x) otherwise,  g(t) = f(−t) falling from 1/2 to 0
///
/// With w = 1 + rate·t, the pieces of g are quarters of octaves of w, up to w = 16, behind which g counts as 0. So the
/// bits of w say which piece and where in it: narrow pieces where g bends, wide ones in its tail. Each is a polynomial
/// of degree 5 in the place from its middle, fitted by Remez's exchange to within 1.2e-8.
#ifndef OCTET_PIECES_H
#define OCTET_PIECES_H

#include "octet_unary.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OCTET_PIECES = 16, OCTET_PIECE_COEFFICIENTS = 6 };

typedef struct octet_pieces {
  float rate;
  /// Of every power of the place, and of the pieces in the order of the bits that choose one: the first is number 12.
  float coefficients[OCTET_PIECE_COEFFICIENTS][OCTET_PIECES];
} octet_pieces;

/// The normal distribution, (1 + erf(x / √2)) / 2; its approximation (1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2; and the
/// logistic function, 1 / (1 + e^-x).
extern const octet_pieces octet_normal_pieces, octet_normal_tanh_pieces, octet_logistic_pieces;

/// f where an operation is x·f(scale·x), and its scale, which is `beta` or 1; NULL for others.
const octet_pieces *octet_pieces_of(octet_unary_operation operation, float beta, float *scale);

#ifdef __cplusplus
}
#endif

#endif
