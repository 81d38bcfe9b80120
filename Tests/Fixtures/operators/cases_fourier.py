"""Fourier transforms."""

import numpy as np
import openvino.opset1 as op1
import openvino.opset7 as op7
import openvino.opset9 as op9
import openvino.opset15 as op15

from case import case, f32


def ints(*values):
    return op1.constant(np.array(values, np.int64))


def single(value):
    return op1.constant(np.int64(value))


CASES = [
    case("DFT", "one axis", lambda x: op7.dft(x, ints(1)), f32(3, 8, 2)),
    case("DFT", "two axes, lengths of many factors", lambda x: op7.dft(x, ints(0, 2)), f32(6, 2, 15, 2), tolerance=2e-4),
    case("DFT", "cut and extended", lambda x: op7.dft(x, ints(-1, 0), ints(7, 2)), f32(4, 5, 2)),
    case("DFT", "a length left", lambda x: op7.dft(x, ints(0, 1), ints(-1, 9)), f32(4, 5, 2)),
    case("IDFT", "two axes", lambda x: op7.idft(x, ints(1, 2)), f32(2, 4, 6, 2)),
    case("IDFT", "extended", lambda x: op7.idft(x, ints(0), ints(8)), f32(5, 3, 2)),
    case("RDFT", "even", lambda x: op9.rdft(x, ints(1)), f32(3, 8)),
    case("RDFT", "odd, two axes", lambda x: op9.rdft(x, ints(-1, 0)), f32(5, 2, 6)),
    case("RDFT", "cut", lambda x: op9.rdft(x, ints(0, 1), ints(3, 5)), f32(4, 7)),
    case("IRDFT", "even", lambda x: op9.irdft(x, ints(1)), f32(3, 5, 2)),
    case("IRDFT", "odd", lambda x: op9.irdft(x, ints(1), ints(7)), f32(3, 4, 2)),
    case("IRDFT", "two axes", lambda x: op9.irdft(x, ints(0, 1), ints(4, 6)), f32(4, 4, 3, 2)),
    case("STFT", "plain", lambda x: op15.stft(x, op1.constant(np.hanning(8).astype(np.float32)), single(8), single(3), False), f32(2, 20)),
    case("STFT", "frequencies first, a short window", lambda x: op15.stft(x, op1.constant(np.hanning(5).astype(np.float32)), single(8), single(4), True), f32(2, 21)),
    case("STFT", "one signal", lambda x: op15.stft(x, op1.constant(np.ones(6, np.float32)), single(6), single(2), True), f32(17)),
]
