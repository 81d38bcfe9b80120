"""Convolutions, products, pooling, quantization and recurrent cells."""

import numpy as np
import openvino as ov
import openvino.opset1 as op1
import openvino.opset3 as op3
import openvino.opset4 as op4
import openvino.opset5 as op5
import openvino.opset6 as op6
import openvino.opset7 as op7
import openvino.opset8 as op8
import openvino.opset13 as op13
import openvino.opset14 as op14
import openvino.opset15 as op15

from case import case, create, f32, i32


def ints(*values):
    return op1.constant(np.array(values, np.int64))


def weights(*shape):
    """Constants between −1 and 1 that only depend on their shape."""
    return op1.constant(np.random.default_rng(list(shape)).uniform(-1, 1, shape).astype(np.float32))


def scalar(value):
    return op1.constant(np.float32(value))


def ranges(low, high, shape=(1, 1, 1, 1)):
    """Bounds of a FakeQuantize."""
    return [op1.constant(np.full(shape, value, np.float32)) for value in (low, high, low, high)]


CONVOLUTIONS = [
    case("Convolution", "pads, strides, dilations", lambda x: op1.convolution(x, weights(4, 3, 3, 2), [2, 1], [1, 0], [2, 1], [1, 2]), f32(2, 3, 7, 6)),
    case("Convolution", "same_upper", lambda x: op1.convolution(x, weights(2, 3, 4, 4), [2, 2], [0, 0], [0, 0], [1, 1], "SAME_UPPER"), f32(1, 3, 7, 6)),
    case("Convolution", "one dimension", lambda x: op1.convolution(x, weights(2, 3, 3), [1], [1], [1], [1]), f32(1, 3, 7)),
    case("Convolution", "three dimensions", lambda x: op1.convolution(x, weights(2, 2, 2, 2, 2), [1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 1]), f32(1, 2, 3, 4, 3)),
    case("GroupConvolution", "groups", lambda x: op1.group_convolution(x, weights(2, 3, 2, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1]), f32(1, 4, 5, 4)),
    case("GroupConvolution", "depthwise", lambda x: op1.group_convolution(x, weights(3, 1, 1, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1]), f32(1, 3, 5, 4)),
    case("ConvolutionBackpropData", "output padding", lambda x: op1.convolution_backprop_data(x, weights(3, 2, 3, 3), [2, 2], pads_begin=[1, 0], pads_end=[0, 1], dilations=[1, 2], auto_pad="explicit", output_padding=[1, 0]), f32(2, 3, 3, 4)),
    case("ConvolutionBackpropData", "output shape, same_lower", lambda x: op1.convolution_backprop_data(x, weights(2, 2, 3, 3), [2, 2], ints(6, 7), auto_pad="same_lower"), f32(1, 2, 3, 4)),
    case("ConvolutionBackpropData", "output shape, same_upper", lambda x: op1.convolution_backprop_data(x, weights(2, 2, 3, 3), [2, 2], ints(6, 7), auto_pad="same_upper"), f32(1, 2, 3, 4)),
    case("ConvolutionBackpropData", "output shape, explicit", lambda x: op1.convolution_backprop_data(x, weights(2, 2, 3, 3), [2, 2], ints(6, 7), pads_begin=[0, 1], pads_end=[1, 1], auto_pad="explicit"), f32(1, 2, 3, 4)),
    case("ConvolutionBackpropData", "one dimension", lambda x: op1.convolution_backprop_data(x, weights(2, 3, 4), [2], pads_begin=[1], pads_end=[1], dilations=[1], auto_pad="explicit"), f32(1, 2, 5)),
    case("GroupConvolutionBackpropData", "groups", lambda x: op1.group_convolution_backprop_data(x, weights(2, 2, 3, 2, 2), [2, 2], pads_begin=[0, 0], pads_end=[0, 0], dilations=[1, 1]), f32(1, 4, 3, 3)),
]

POOLS = [
    case("MaxPool", "opset1", lambda x: op1.max_pool(x, [2, 2], [1, 1], [0, 0], [3, 2], "floor", "explicit"), f32(1, 2, 6, 5)),
    case("MaxPool", "opset1, ceil", lambda x: op1.max_pool(x, [2, 2], [0, 0], [0, 0], [3, 3], "ceil", "explicit"), f32(1, 2, 6, 6)),
    case("MaxPool", "opset8 with positions", lambda x: op8.max_pool(x, [2, 1], [1, 2], [1, 0], [0, 1], [2, 2], "floor", "explicit", "i32", 0), f32(2, 2, 6, 5)),
    case("MaxPool", "opset14 with positions", lambda x: op14.max_pool(x, [3, 2], [1, 2], [1, 0], [1, 1], [2, 2], "ceil_torch", "explicit", "i64", 2), f32(2, 2, 7, 5)),
    case("AvgPool", "padding excluded", lambda x: op1.avg_pool(x, [2, 2], [1, 1], [0, 1], [3, 3], True), f32(1, 2, 6, 5)),
    # Not with ceil: where windows reach behind the padding, the CPU kernels count those taps only if there is padding.
    case("AvgPool", "padding included", lambda x: op1.avg_pool(x, [2, 2], [1, 1], [1, 1], [3, 3], False), f32(1, 2, 6, 6)),
    case("AvgPool", "opset16, dilated", lambda x: create("opset16", "AvgPool", [x], {
        "strides": [1, 2], "dilations": [2, 3], "pads_begin": [1, 2], "pads_end": [1, 1], "kernel": [2, 3], "exclude-pad": False,
        "rounding_type": "floor", "auto_pad": "explicit"}), f32(1, 2, 6, 8)),
    case("AvgPool", "opset14", lambda x: op14.avg_pool(x, [2, 2], [1, 1], [1, 1], [3, 3], True, "ceil_torch"), f32(1, 2, 6, 5)),
]

PRODUCTS = [
    case("MatMul", "matrices", lambda x: op1.matmul(x, weights(4, 3), False, False), f32(2, 4)),
    case("MatMul", "transposed", lambda x: op1.matmul(x, weights(3, 4), True, True), f32(4, 2)),
    case("MatMul", "batches", lambda x, y: op1.matmul(x, y, False, True), f32(2, 1, 3, 4), f32(5, 2, 4)),
    case("MatMul", "vector", lambda x: op1.matmul(x, weights(4), False, False), f32(2, 4)),
]

def bits(*shape):
    """A kernel of one bit an element, the first in the lowest bit of a byte: so BinaryConvolution reads it."""
    values = np.random.default_rng(list(shape)).integers(0, 2, shape).astype(np.uint8)
    return ov.op.Constant(ov.Tensor(np.packbits(values.reshape(-1), bitorder="little"), ov.Shape(shape), ov.Type.u1))


def binary(pad_value=0.0, auto_pad="explicit", strides=(1, 2)):
    attributes = {
        "strides": list(strides), "pads_begin": [1, 1], "pads_end": [0, 1], "dilations": [1, 1], "mode": "xnor-popcount",
        "pad_value": pad_value, "auto_pad": auto_pad,
    }
    return lambda x: create("opset1", "BinaryConvolution", [op1.convert(op1.greater(x, scalar(0)), "f32"), bits(2, 8, 3, 2)], attributes)


BINARY = [
    case("BinaryConvolution", "padding counts nothing", binary(), f32(2, 8, 4, 5)),
    case("BinaryConvolution", "padding of ones", binary(1.0), f32(1, 8, 4, 5)),
    case("BinaryConvolution", "padding of minus ones", binary(-1.0, "same_upper"), f32(1, 8, 5, 5)),
]

ADAPTIVE = [
    case("AdaptiveAvgPool", "images", lambda x: op8.adaptive_avg_pool(x, ints(3, 2)), f32(2, 3, 7, 5)),
    case("AdaptiveAvgPool", "more results than pixels", lambda x: op8.adaptive_avg_pool(x, ints(7)), f32(2, 3, 4)),
    case("AdaptiveAvgPool", "volumes", lambda x: op8.adaptive_avg_pool(x, ints(2, 3, 1)), f32(1, 2, 3, 5, 4)),
    case("AdaptiveMaxPool", "images", lambda x: op8.adaptive_max_pool(x, ints(3, 2), "i32"), f32(2, 3, 7, 5)),
    case("AdaptiveMaxPool", "rows", lambda x: op8.adaptive_max_pool(x, ints(3), "i32"), f32(2, 3, 8)),
]

EINSUMS = [
    case("Einsum", equation, lambda *x, equation=equation: op7.einsum(x, equation), *[f32(*shape) for shape in shapes])
    for equation, shapes in [
        ("ij,jk->ik", [(2, 3), (3, 4)]), ("bij,bjk->bik", [(2, 3, 2), (2, 2, 4)]), ("ij->ji", [(2, 3)]), ("ij->", [(2, 3)]),
        ("ij,jk", [(2, 3), (3, 4)]), ("i,j->ij", [(2,), (3,)]), ("bqhd,bkhd->bhqk", [(1, 3, 2, 4), (1, 5, 2, 4)]),
        ("a...b,b...->a...", [(2, 3, 4), (4, 3)]), ("ii->i", [(3, 3)]), ("ab,bc,cd->ad", [(2, 3), (3, 2), (2, 4)]),
        ("...ij,...jk->...ik", [(2, 1, 2, 3), (3, 3, 2)]),
    ]
]

INDICES = op1.constant(np.array([0, 2, 3, 4, 1, 4], np.int32))
BAG_WEIGHTS = op1.constant(np.array([0.5, -1, 2, 1.5, 1, 3], np.float32))


def offsets(opset, operator, *further, **attributes):
    """Bags of one index, none, three and two."""
    starts = op1.constant(np.array([0, 1, 1, 4], np.int32))
    return lambda table: create(opset, operator, [table, INDICES, starts, *further], attributes)


def packed(opset, operator, *further, **attributes):
    rows = op1.constant(np.array([[0, 2], [3, 4], [1, 1]], np.int32))
    return lambda table: create(opset, operator, [table, rows, *further], attributes)


def segments(*further):
    """Bags of two indices, none, three, one and none."""
    own = [op1.constant(np.array([0, 0, 2, 2, 2, 3], np.int32)), op1.constant(np.int32(5))]
    return lambda table: create("opset3", "EmbeddingSegmentsSum", [table, INDICES, *own, *further])


TABLE = f32(5, 2, 3)
EMBEDDINGS = [
    case("EmbeddingBagOffsetsSum", "plain", offsets("opset3", "EmbeddingBagOffsetsSum"), TABLE),
    case("EmbeddingBagOffsetsSum", "weights", offsets("opset3", "EmbeddingBagOffsetsSum", op1.constant(np.int32(3)), BAG_WEIGHTS), TABLE),
    case("EmbeddingBagOffsets", "mean", offsets("opset15", "EmbeddingBagOffsets", op1.constant(np.int32(-1)), reduction="mean"), TABLE),
    case("EmbeddingBagPackedSum", "plain", packed("opset3", "EmbeddingBagPackedSum"), TABLE),
    case("EmbeddingBagPackedSum", "weights", packed("opset3", "EmbeddingBagPackedSum", op1.constant(np.array([[1, -1], [2, 0.5], [0, 3]], np.float32))), TABLE),
    case("EmbeddingBagPacked", "mean", packed("opset15", "EmbeddingBagPacked", reduction="mean"), TABLE),
    case("EmbeddingSegmentsSum", "plain", segments(), TABLE),
    case("EmbeddingSegmentsSum", "weights", segments(op1.constant(np.int32(1)), BAG_WEIGHTS), TABLE),
]


def deformable(opset, masked=False, groups=1, offset_groups=1, **attributes):
    attributes = {
        "strides": [1, 2], "pads_begin": [1, 0], "pads_end": [1, 1], "dilations": [1, 1], "auto_pad": "explicit",
        "group": groups, "deformable_group": offset_groups,
    } | attributes
    return lambda x, moves, *mask: create(opset, "DeformableConvolution", [x, moves, weights(2, 4 // groups, 3, 2), *mask], attributes)


MOVES = f32(1, 24, 5, 3, low=-1.5, high=1.5)
DEFORMABLE = [
    case("DeformableConvolution", "opset1", deformable("opset1", offset_groups=2), f32(1, 4, 5, 6), MOVES),
    case("DeformableConvolution", "opset8, factors", deformable("opset8", groups=2, offset_groups=2), f32(1, 4, 5, 6), MOVES, f32(1, 12, 5, 3)),
    case("DeformableConvolution", "opset8, reaching edges", deformable("opset8", offset_groups=2, bilinear_interpolation_pad=True),
         f32(1, 4, 5, 6), MOVES, f32(1, 12, 5, 3)),
]

DECODING = [
    case("CTCGreedyDecoder", f"merging {merges}", lambda scores, mask, merges=merges: op1.ctc_greedy_decoder(scores, mask, merges),
         f32(7, 2, 3), np.array([[1, 1]] * 5 + [[1, 0]] * 2, np.float32))
    for merges in [True, False]
] + [
    case("CTCGreedyDecoderSeqLen", f"merging {merges}", lambda scores, merges=merges: op6.ctc_greedy_decoder_seq_len(
        scores, op1.constant(np.array([7, 4], np.int32)), op1.constant(np.int32(1)), merges, "i64", "i32"), f32(2, 7, 3))
    for merges in [True, False]
] + [
    case("CTCLoss", f"merging {merges}, collapsing {collapses}, unique {unique}", lambda scores, merges=merges, collapses=collapses, unique=unique: op4.ctc_loss(
        scores, op1.constant(np.array([7, 5, 6], np.int32)), op1.constant(np.array([[1, 2, 2, 0, 9, 9, 9], [3, 1, 1, 0, 0, 0, 0], [0, 2, 0, 0, 0, 0, 0]], np.int32)),
        op1.constant(np.array([4, 3, 1], np.int32)), op1.constant(np.int32(4)), collapses, merges, unique), f32(3, 7, 5))
    for merges in [True, False] for collapses, unique in [(False, False), (True, False), (False, True)]
] + [
    case("CTCLoss", "the last class is the blank", lambda scores: op4.ctc_loss(
        scores, op1.constant(np.array([4], np.int32)), op1.constant(np.array([[1, 0, 0, 0]], np.int32)), op1.constant(np.array([2], np.int32))), f32(1, 4, 3)),
]

QUANTIZATION = [
    case("FakeQuantize", "per tensor", lambda x: op1.fake_quantize(x, *ranges(-1.3, 2.1), 256), f32(1, 2, 3, 4)),
    case("FakeQuantize", "per channel", lambda x: op1.fake_quantize(
        x, op1.constant(np.array([-1, -2], np.float32).reshape(1, 2, 1, 1)), op1.constant(np.array([1, 3], np.float32).reshape(1, 2, 1, 1)),
        scalar(-1), scalar(2), 16), f32(1, 2, 3, 4)),
] + [
    case("FakeConvert", f"{destination}, {name}", lambda x, destination=destination, operands=operands: op13.fake_convert(x, *operands, destination_type=destination), x)
    for destination in ["f8e4m3", "f8e5m2"]
    for name, operands, x in [
        ("scale", [scalar(2)], f32(3, 8, low=-300, high=300)), ("scale and shift per channel", [
            op1.constant(np.array([[4], [0.5], [1]], np.float32)), op1.constant(np.array([[1], [-3], [0.25]], np.float32))], f32(3, 7)),
        ("small and large", [scalar(1)], np.array([0, 1e-3, 2**-9, 3 * 2**-10, -2**-11, 1.0625, 464, 1e6, -1e9, -2**-17], np.float32)),
    ]
]

MISCELLANEOUS = [
    case("Clamp", "bounds", lambda x: op1.clamp(x, -1.5, 2.0), f32(2, 5)),
    case("Convert", "f32 to i32", lambda x: op1.convert(x, "i32"), np.array([-2.7, 2.7, 0.5], np.float32)),
    case("Convert", "boolean to f32", lambda x: op1.convert(x, "f32"), np.array([True, False])),
    case("ConvertLike", "to i32", lambda x: op1.convert_like(x, op1.constant(np.int32(0))), np.array([-2.7, 2.7, 0.5], np.float32)),
    case("PReLU", "per channel", lambda x: op1.prelu(x, op1.constant(np.array([0.1, -0.5, 2], np.float32))), f32(2, 3, 2)),
    case("ReLU", "f32", op1.relu, f32(2, 5)),
    case("ShapeOf", "opset1", lambda x: op1.shape_of(x), f32(2, 5), shapes=([-1, 5],)),
    case("ShapeOf", "i32", lambda x: op3.shape_of(x, "i32"), f32(2, 5), shapes=([-1, 5],)),
]


def cell(opset, operator, gates, biases, states, **attributes):
    """A recurrent cell of 2 inputs and 3 hidden units."""
    def build(x, *initial):
        operands = [x, *initial, weights(3 * gates, 2), weights(3 * gates, 3), weights(3 * biases)]
        return create(opset, operator, operands, {"hidden_size": 3} | attributes)
    return build, [f32(2, 2)] + [f32(2, 3, low=-1, high=1)] * states


def first_cell():
    """The first version, whose last operand is for peepholes."""
    def build(x, *initial):
        operands = [x, *initial, weights(12, 2), weights(12, 3), weights(12), op1.constant(np.zeros(9, np.float32))]
        return create("opset1", "LSTMCell", operands, {"hidden_size": 3, "weights_format": "fico", "input_forget": False} | LSTM)
    return build, [f32(2, 2)] + [f32(2, 3, low=-1, high=1)] * 2


def sequence(operator, gates, biases, states, direction="forward", **attributes):
    """The same over 4 steps, the second sequence of the batch having 2."""
    tracks = 2 if direction == "bidirectional" else 1

    def build(x, *initial):
        lengths = op1.constant(np.array([4, 2], np.int32))
        operands = [x, *initial, lengths, weights(tracks, 3 * gates, 2), weights(tracks, 3 * gates, 3), weights(tracks, 3 * biases)]
        return create("opset5", operator, operands, {"hidden_size": 3, "direction": direction} | attributes)
    return build, [f32(2, 4, 2)] + [f32(2, tracks, 3, low=-1, high=1)] * states


GRU = {"activations": ["sigmoid", "tanh"]}
LSTM = {"activations": ["sigmoid", "tanh", "tanh"]}

RECURRENT = [
    case(operator, name, build, *inputs) for operator, name, (build, inputs) in [
        ("LSTMCell", "plain", cell("opset4", "LSTMCell", 4, 4, 2, **LSTM)),
        ("LSTMCell", "opset1", first_cell()),
        ("LSTMCell", "clip", cell("opset4", "LSTMCell", 4, 4, 2, clip=0.5, **LSTM)),
        ("GRUCell", "plain", cell("opset3", "GRUCell", 3, 3, 1, **GRU)),
        ("GRUCell", "linear before reset", cell("opset3", "GRUCell", 3, 4, 1, linear_before_reset=True, **GRU)),
        ("RNNCell", "relu", cell("opset1", "RNNCell", 1, 1, 1, activations=["relu"])),
        ("LSTMSequence", "forward", sequence("LSTMSequence", 4, 4, 2, **LSTM)),
        ("LSTMSequence", "reverse", sequence("LSTMSequence", 4, 4, 2, "reverse", **LSTM)),
        ("LSTMSequence", "bidirectional", sequence("LSTMSequence", 4, 4, 2, "bidirectional", **LSTM)),
        ("GRUSequence", "forward", sequence("GRUSequence", 3, 3, 1, **GRU)),
        ("GRUSequence", "bidirectional, linear before reset", sequence("GRUSequence", 3, 4, 1, "bidirectional", linear_before_reset=True, **GRU)),
        ("RNNSequence", "reverse", sequence("RNNSequence", 1, 1, 1, "reverse", activations=["tanh"])),
    ]
]

MATRICES_AND_BEAMS = [
    case("Inverse", "batch", lambda x: op14.inverse(x, False), f32(2, 4, 4)),
    case("Inverse", "transposed", lambda x: op14.inverse(x, True), f32(3, 3)),
    case("Inverse", "zeros on the diagonal", lambda x: op14.inverse(x, False), np.array([[0, 2, 0], [1, 0, 0], [0, 0, 4]], np.float32)),
    case("Col2Im", "plain", lambda x: op15.col2im(x, ints(4, 5), ints(2, 3)), f32(2, 12, 9)),
    case("Col2Im", "strides, dilations, pads", lambda x: op15.col2im(x, ints(7, 6), ints(2, 2), [2, 1], [1, 2], [1, 0], [0, 1]), f32(1, 8, 20)),
    case("Col2Im", "without a batch", lambda x: op15.col2im(x, ints(4, 4), ints(2, 2), [2, 2]), f32(4, 4)),
    case("GatherTree", "beams", lambda tokens, parents, lengths: op1.gather_tree(tokens, parents, lengths, op1.constant(np.int32(9))),
         i32(5, 2, 3, low=0, high=9), i32(5, 2, 3, low=0, high=3), np.array([5, 3], np.int32)),
    case("GatherTree", "an end before the last step", lambda tokens, parents, lengths: op1.gather_tree(tokens, parents, lengths, op1.constant(np.int32(1))),
         i32(6, 3, 2, low=0, high=3), i32(6, 3, 2, low=0, high=2), np.array([6, 9, 1], np.int32)),
]

CASES = (
    CONVOLUTIONS + POOLS + ADAPTIVE + PRODUCTS + EINSUMS + EMBEDDINGS + DEFORMABLE + QUANTIZATION + MISCELLANEOUS + RECURRENT
    + DECODING + MATRICES_AND_BEAMS + BINARY
)
