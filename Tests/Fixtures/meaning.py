"""What a quantized OpenVINO model means: every operator by its definition, FakeQuantize included, in float64.

Knows the operators of the fixtures, no others. Slow and plain: it is the oracle, so it must be easy to believe.
"""

import itertools

import numpy as np


def fake_quantize(x, input_low, input_high, output_low, output_high, levels):
    low, high = np.minimum(input_low, input_high), np.maximum(input_low, input_high)
    steps = levels - 1
    level = np.rint((x - input_low) / (input_high - input_low) * steps)
    inside = level / steps * (output_high - output_low) + output_low
    return np.where(x <= low, output_low, np.where(x > high, output_high, inside))


def windows(x, kernel, strides, begin, end, padding, dilations=(1, 1)):
    """[N, C, OH, OW, KH·KW]: what lies under each place of a sliding window."""
    x = np.pad(x, ((0, 0), (0, 0), (begin[0], end[0]), (begin[1], end[1])), constant_values=padding)
    extent = [(kernel[i] - 1) * dilations[i] + 1 for i in (0, 1)]
    count = [(x.shape[2 + i] - extent[i]) // strides[i] + 1 for i in (0, 1)]
    taps = []
    for tap in itertools.product(range(kernel[0]), range(kernel[1])):
        first = [tap[i] * dilations[i] for i in (0, 1)]
        rows, columns = (slice(first[i], first[i] + (count[i] - 1) * strides[i] + 1, strides[i]) for i in (0, 1))
        taps.append(x[:, :, rows, columns])
    return np.stack(taps, axis=-1)


def convolution(x, weights, attributes, groups=1):
    under = windows(
        x,
        weights.shape[-2:],
        attributes["strides"],
        attributes["pads_begin"],
        attributes["pads_end"],
        0,
        attributes["dilations"],
    )
    results = []
    for part, kernel in zip(np.split(under, groups, axis=1), np.split(weights, groups, axis=0)):
        results.append(np.einsum("nchwk,ock->nohw", part, kernel.reshape(*kernel.shape[:2], -1)))
    return np.concatenate(results, axis=1)


def group_convolution(x, weights, attributes):
    return convolution(x, weights.reshape(-1, *weights.shape[2:]), attributes, groups=weights.shape[0])


def pool_windows(x, attributes, padding):
    a = attributes
    if a["rounding_type"] != "floor" or a["auto_pad"] != "explicit":
        raise NotImplementedError(f"pooling with {a}")
    return windows(x, a["kernel"], a["strides"], a["pads_begin"], a["pads_end"], padding)


def average_pool(x, attributes):
    total = pool_windows(x, attributes, 0).sum(axis=-1)
    if attributes["exclude-pad"]:
        return total / pool_windows(np.ones_like(x), attributes, 0).sum(axis=-1)
    return total / np.prod(attributes["kernel"])


def reshape(x, target, attributes):
    zero_copies = attributes["special_zero"]
    return x.reshape([x.shape[i] if d == 0 and zero_copies else int(d) for i, d in enumerate(target)])


def matmul(a, b, attributes):
    a = np.swapaxes(a, -1, -2) if attributes["transpose_a"] else a
    b = np.swapaxes(b, -1, -2) if attributes["transpose_b"] else b
    return a @ b


def softmax(x, axis):
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


# Each takes the operands and the attributes of the layer.
OPERATORS = {
    "Add": lambda a, b, _: a + b,
    "Subtract": lambda a, b, _: a - b,
    "Multiply": lambda a, b, _: a * b,
    "Convert": lambda x, _: x,
    "FakeQuantize": lambda x, il, ih, ol, oh, a: fake_quantize(x, il, ih, ol, oh, a["levels"]),
    "Convolution": convolution,
    "GroupConvolution": group_convolution,
    "MatMul": matmul,
    "Relu": lambda x, _: np.maximum(x, 0),
    "Clamp": lambda x, a: np.clip(x, a["min"], a["max"]),
    "MaxPool": lambda x, a: pool_windows(x, a, -np.inf).max(axis=-1),
    "AvgPool": average_pool,
    "ReduceMean": lambda x, axes, a: x.mean(axis=tuple(int(i) for i in axes), keepdims=bool(a["keep_dims"])),
    "Concat": lambda *operands: np.concatenate(operands[:-1], axis=operands[-1]["axis"]),
    "Reshape": reshape,
    "Softmax": lambda x, a: softmax(x, a["axis"]),
}


def evaluate(model, inputs):
    """The outputs of an ov.Model, in float64. A node's first output stands for the node."""
    values = {p.get_node().get_friendly_name(): np.asarray(x, np.float64) for p, x in zip(model.inputs, inputs)}
    for node in model.get_ordered_ops():
        kind, name = node.get_type_name(), node.get_friendly_name()
        operands = [values[source.get_node().get_friendly_name()] for source in node.input_values()]
        if kind == "Constant":
            values[name] = np.asarray(node.data, np.float64)
        elif kind == "Result":
            values[name] = operands[0]
        elif kind != "Parameter":
            values[name] = OPERATORS[kind](*operands, node.get_attributes())
    return [values[node.get_friendly_name()] for node in model.get_results()]
