/// Functions that rise from 0 to 1 around 0, piece by piece: a quotient or an exponential costs several times as much.
///
///   f(x) = g(−x) for x < 0,  1 − g(x) otherwise,  g(t) = f(−t) falling from 1/2 to 0
///
/// With w = 1 + rate·t, the pieces of g are quarters of octaves of w, up to w = 16, behind which g counts as 0. So the
/// bits of w say which piece and where in it: narrow pieces where g bends, wide ones in its tail. Each is a polynomial
/// of degree 5 in the place from its middle, fitted by Remez's exchange to within 1.2e-8.
#ifndef OCTET_ISA_VECTOR_PIECES_H
#define OCTET_ISA_VECTOR_PIECES_H

#include <immintrin.h>

#include "isa/vector.h"

enum { OCTET_PIECES = 16, OCTET_PIECE_COEFFICIENTS = 6 };

typedef struct {
  float rate;
  /// Of every power of the place, and of the pieces in the order of the bits that choose one: the first is number 12.
  float coefficients[OCTET_PIECE_COEFFICIENTS][OCTET_PIECES];
} octet_pieces;

/// table[index mod 16] for each lane.
OCTET_INLINE f32x16 choose_f32(const float table[OCTET_PIECES], u32x16 index) {
#if OCTET_REGISTER_BYTES == 64
  return (f32x16)_mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(table));
#elif OCTET_REGISTER_BYTES == 32
  const __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
  __m256i of_lanes[2];
  __m256 chosen[2];
  __builtin_memcpy(of_lanes, &index, sizeof of_lanes);
  for (int i = 0; i < 2; i++) {
    // A permutation looks at three bits; the fourth becomes the sign, which a blend looks at.
    const __m256 is_high = _mm256_castsi256_ps(_mm256_slli_epi32(of_lanes[i], 28));
    chosen[i] = _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, of_lanes[i]),
                                 _mm256_permutevar8x32_ps(high, of_lanes[i]), is_high);
  }
  f32x16 result;
  __builtin_memcpy(&result, chosen, sizeof result);
  return result;
#else
  f32x16 result;
  for (int lane = 0; lane < OCTET_LANES; lane++) {
    result[lane] = table[index[lane] % OCTET_PIECES];
  }
  return result;
#endif
}

/// x·f(scale·x) for scale > 0, which is max(x, 0) − |x|·g(scale·|x|): absolute error below 4e-7·max(1, |x·f|).
/// -infinity gives the limit 0, and NaN gives NaN.
OCTET_INLINE f32x16 risen_f32(f32x16 x, f32x16 scale, const octet_pieces *pieces) {
  const f32x16 t = __builtin_elementwise_abs(x), w = t * (scale * pieces->rate) + 1.0f;
  const u32x16 bits = (u32x16)w, index = bits >> 21;
  const f32x16 place = (f32x16)((bits & 0x001FFFFFu) | 0x3F800000u) - 1.125f;
  f32x16 g = choose_f32(pieces->coefficients[OCTET_PIECE_COEFFICIENTS - 1], index);
  _Pragma("clang loop unroll(full)") for (int power = OCTET_PIECE_COEFFICIENTS - 2; power >= 0; power--) {
    g = g * place + choose_f32(pieces->coefficients[power], index);
  }
  return max_f32(0.0f, x) - (w < 16.0f ? t * g : (f32x16)0.0f);
}

/// The normal distribution, (1 + erf(x / √2)) / 2.
static const octet_pieces octet_normal_pieces = {
    2.6875f,
    {
        {3.20924094e-01f, 2.57470704e-01f, 2.01237465e-01f, 1.53093455e-01f, 9.64025555e-02f, 4.70241779e-02f,
         2.03530281e-02f, 7.79008075e-03f, 1.45664165e-03f, 9.92565914e-05f, 4.00337393e-06f, 9.49326153e-08f,
         4.81451233e-01f, 4.44513746e-01f, 4.08052268e-01f, 3.72370545e-01f},
        {-2.66449826e-01f, -2.40169769e-01f, -2.09116774e-01f, -1.75884284e-01f, -2.54289603e-01f, -1.46154007e-01f,
         -7.31414156e-02f, -3.18703269e-02f, -1.41417939e-02f, -1.17002249e-03f, -5.56485506e-05f, -1.52202398e-06f,
         -1.48283160e-01f, -1.47005553e-01f, -1.44483268e-01f, -1.40780752e-01f},
        {4.61134754e-02f, 5.81914110e-02f, 6.51439387e-02f, 6.69672551e-02f, 2.46450068e-01f, 1.82121176e-01f,
         1.11395250e-01f, 5.73641434e-02f, 6.26477475e-02f, 6.46628373e-03f, 3.67296209e-04f, 1.16090430e-05f,
         1.28314240e-03f, 3.81626056e-03f, 6.25130352e-03f, 8.52755144e-03f},
        {1.92734012e-02f, 1.27685902e-02f, 5.77285097e-03f, -7.63844172e-04f, -6.53458716e-02f, -9.73274152e-02f,
         -8.60965465e-02f, -5.70661257e-02f, -1.64234512e-01f, -2.21773978e-02f, -1.54946321e-03f, -5.80417771e-05f,
         3.41431080e-03f, 3.32618496e-03f, 3.15371337e-03f, 2.90422991e-03f},
        {-5.91232206e-03f, -6.90537175e-03f, -6.90108346e-03f, -6.02828630e-03f, -5.92517195e-02f, -6.89950219e-03f,
         2.41026013e-02f, 3.00061836e-02f, 2.72608207e-01f, 5.41471317e-02f, 5.03520764e-03f, 2.40303109e-04f,
         -4.43578177e-05f, -1.31165632e-04f, -2.12364690e-04f, -2.84588794e-04f},
        {-1.18929928e-03f, -3.90598563e-04f, 3.79650594e-04f, 9.79589244e-04f, 4.43218452e-02f, 3.54802352e-02f,
         1.38023805e-02f, -2.62492092e-03f, -2.56331938e-01f, -8.73590961e-02f, -1.09141657e-02f, -6.42453581e-04f,
         -7.07184033e-05f, -6.76812406e-05f, -6.17890176e-05f, -5.33919416e-05f},
    }};

/// Its approximation (1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2.
static const octet_pieces octet_normal_tanh_pieces = {
    2.6875f,
    {
        {3.20952505e-01f, 2.57537573e-01f, 2.01352122e-01f, 1.53250669e-01f, 9.65796138e-02f, 4.71123034e-02f,
         2.02854380e-02f, 7.62202682e-03f, 1.31537597e-03f, 6.68103545e-05f, 1.40450392e-06f, 1.03138615e-08f,
         4.81451266e-01f, 4.44514628e-01f, 4.08056254e-01f, 3.72381091e-01f},
        {-2.66327689e-01f, -2.39989377e-01f, -2.08924953e-01f, -1.75746903e-01f, -2.54380850e-01f, -1.46726123e-01f,
         -7.37222512e-02f, -3.20622992e-02f, -1.36572481e-02f, -9.06605265e-04f, -2.44937600e-05f, -2.26415062e-07f,
         -1.48282367e-01f, -1.46998560e-01f, -1.44464618e-01f, -1.40746405e-01f},
        {4.62545465e-02f, 5.82710785e-02f, 6.51032775e-02f, 6.67925139e-02f, 2.45308404e-01f, 1.81540801e-01f,
         1.11903333e-01f, 5.82433028e-02f, 6.33870769e-02f, 5.66614398e-03f, 1.99089705e-04f, 2.26163301e-06f,
         1.28946851e-03f, 3.83448502e-03f, 6.27923203e-03f, 8.56174880e-03f},
        {1.92422143e-02f, 1.26399670e-02f, 5.59106794e-03f, -9.26842040e-04f, -6.54836177e-02f, -9.58988536e-02f,
         -8.49468366e-02f, -5.72255214e-02f, -1.69708653e-01f, -2.15365120e-02f, -1.03047253e-03f, -1.54772946e-05f,
         3.43101140e-03f, 3.34089025e-03f, 3.16460699e-03f, 2.90984702e-03f},
        {-6.01716665e-03f, -6.98676374e-03f, -6.92041688e-03f, -5.97209333e-03f, -5.73433745e-02f, -6.14591373e-03f,
         2.29983578e-02f, 2.88737217e-02f, 2.77247785e-01f, 5.66963515e-02f, 4.15632137e-03f, 9.65360640e-05f,
         -4.53693532e-05f, -1.34110331e-04f, -2.16975713e-04f, -2.90432954e-04f},
        {-1.18876761e-03f, -3.54262211e-04f, 4.39131991e-04f, 1.03609647e-03f, 4.45396776e-02f, 3.37805824e-02f,
         1.29275018e-02f, -1.94286638e-03f, -2.42583740e-01f, -9.44393576e-02f, -1.04814896e-02f, -3.35609859e-04f,
         -7.23249296e-05f, -6.91442585e-05f, -6.29699288e-05f, -5.41648638e-05f},
    }};

/// The logistic function, 1 / (1 + e^-x).
static const octet_pieces octet_logistic_pieces = {
    0.8125f,
    {
        {1.76759033e-01f, 1.03972357e-01f, 5.90097103e-02f, 3.27797464e-02f, 1.32857071e-02f, 3.91717479e-03f,
         1.14726265e-03f, 3.35350913e-04f, 5.29559877e-05f, 4.51755843e-06f, 3.85365669e-07f, 3.28730959e-08f,
         4.61614144e-01f, 3.86620922e-01f, 3.16645530e-01f, 2.54088737e-01f},
        {-3.58191475e-01f, -2.29322114e-01f, -1.36683233e-01f, -7.80436522e-02f, -6.45374969e-02f, -1.92089979e-02f,
         -5.64157985e-03f, -1.65040407e-03f, -5.21373176e-04f, -4.44793663e-05f, -3.79428234e-06f, -3.23666225e-07f,
         -3.05878801e-01f, -2.91870996e-01f, -2.66315247e-01f, -2.33264801e-01f},
        {2.85002503e-01f, 2.23556287e-01f, 1.48374189e-01f, 8.97571834e-02f, 1.54631550e-01f, 4.69050858e-02f,
         1.38521621e-02f, 4.05890025e-03f, 2.55658719e-03f, 2.18125658e-04f, 1.86071945e-05f, 1.58726302e-06f,
         1.44508737e-02f, 4.07284459e-02f, 6.00983181e-02f, 7.05997703e-02f},
        {-4.58950949e-02f, -1.02135332e-01f, -9.20468981e-02f, -6.38220178e-02f, -2.40212123e-01f, -7.57688410e-02f,
         -2.26281550e-02f, -6.65199213e-03f, -8.39219130e-03f, -7.16145678e-04f, -6.10917168e-05f, -5.21135805e-06f,
         3.79289578e-02f, 3.11601580e-02f, 2.00555069e-02f, 8.07802635e-03f},
        {-1.07438296e-01f, -1.40909350e-02f, 2.45638394e-02f, 2.79609548e-02f, 2.64752460e-01f, 9.17001757e-02f,
         2.80952744e-02f, 8.31995209e-03f, 2.23331325e-02f, 1.90693888e-03f, 1.62682186e-04f, 1.38774759e-05f,
         -3.59822779e-03f, -9.44694920e-03f, -1.20686126e-02f, -1.13298956e-02f},
        {8.90960796e-02f, 5.29228239e-02f, 1.26858910e-02f, -3.88819808e-03f, -1.95939669e-01f, -8.40911388e-02f,
         -2.71000809e-02f, -8.13828642e-03f, -4.37786076e-02f, -3.74162702e-03f, -3.19226389e-04f, -2.72315436e-05f,
         -5.56618267e-03f, -3.52926224e-03f, -6.54649442e-04f, 1.65837653e-03f},
    }};

#endif
