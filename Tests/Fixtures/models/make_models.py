#!/usr/bin/env python3
"""Writes the small OpenVINO IRs that operator, pass and import tests run, each with inputs and the outputs it means.

    make_models.py [NAME ...]       all models, or only those named (models.json then keeps the other entries)

For each model, beside this script:

    NAME.xml, NAME.bin                       the IR
    NAME.RUN.INPUT.npy, NAME.RUN.OUTPUT.npy  inputs and expected outputs of run 0, 1, …

and in models.json: what the model is for, its files, how many layers ought to run in INT8, the NRMSE (root mean square
error over the range of the expected values) that OpenVINO's own INT8 shows, and the NRMSE a test may allow.

Expected outputs are the model's meaning (../meaning.py, float64). A second computation, OpenVINO's CPU plugin without
low-precision transformations, must agree; where it does not, some value stands on a rounding tie and the script asks
for another seed.

Needs: numpy, openvino, nncf.
"""

import argparse
import json
import pathlib
import sys

import nncf
import numpy as np
import openvino as ov
from openvino import opset13 as opset

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
import meaning  # noqa: E402: they stand one folder up
import naming  # noqa: E402

ORACLES_AGREE = 1e-6


# MARK: - Pieces of a model


class Builder:
    """Adds layers whose weights come from one seeded generator."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def weights(self, *shape):
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        return self.generator.normal(0, deviation, shape).astype(np.float32)

    def input(self, *shape, name="x"):
        node = opset.parameter(list(shape), np.float32, name=name)
        node.output(0).set_names({name})
        return node

    def convolution(self, x, weights, name, stride=1, pad=0):
        node = opset.convolution(x, weights, [stride] * 2, [pad] * 2, [pad] * 2, [1, 1], name=name)
        return self.biased(node, name)

    def depthwise(self, x, channels, name, stride=1):
        weights = self.weights(channels, 1, 1, 3, 3)
        node = opset.group_convolution(x, weights, [stride] * 2, [1, 1], [1, 1], [1, 1], name=name)
        return self.biased(node, name)

    def biased(self, node, name):
        channels = node.get_output_partial_shape(0)[1].get_length()
        bias = self.generator.normal(0, 0.2, (1, channels, 1, 1)).astype(np.float32)
        return opset.add(node, bias, name=name + "/bias")

    def int8_weights(self, *shape):
        """Weights as NNCF stores them: i8 constant, converted, times one scale per output channel."""
        weights = self.weights(*shape)
        per_channel = (shape[0],) + (1,) * (len(shape) - 1)
        scale = np.abs(weights.reshape(shape[0], -1)).max(axis=1).reshape(per_channel) / np.float32(127)
        stored = np.rint(weights / scale).astype(np.int8)
        return opset.multiply(opset.convert(opset.constant(stored), np.float32), scale)


def fake_quantize(x, low, high, name=None, levels=256):
    low, high = np.float32(low), np.float32(high)
    return opset.fake_quantize(x, low, high, low, high, levels, name=name)


def model(inputs, *outputs):
    """Outputs are named y, y2, …"""
    for number, node in enumerate(outputs):
        node.output(0).set_names({"y" if number == 0 else f"y{number + 1}"})
    return ov.Model([node.output(0) for node in outputs], inputs, "fixture")


def quantized(float_model, samples):
    """The model as NNCF quantizes it, activations asymmetric, no range halved against overflow."""
    return nncf.quantize(
        float_model,
        nncf.Dataset(samples),
        preset=nncf.QuantizationPreset.MIXED,
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.DISABLE),
    )


# MARK: - The models. Each returns the model and the inputs of its runs.


def normal(build, *shape):
    return build.generator.normal(0, 1, shape).astype(np.float32)


def calibrated(build, float_model, shape):
    """Quantized on 32 samples, to be run on one more."""
    return quantized(float_model, [normal(build, *shape) for _ in range(32)]), [[normal(build, *shape)]]


def residual_block(build):
    x = build.input(1, 8, 10, 10)
    stem = opset.relu(build.convolution(x, build.weights(16, 8, 3, 3), "stem", pad=1))
    inner = opset.relu(build.convolution(stem, build.weights(16, 16, 3, 3), "inner", pad=1))
    branch = build.convolution(inner, build.weights(16, 16, 3, 3), "branch", pad=1)
    joined = opset.relu(opset.add(branch, stem, name="residual"))
    y = build.convolution(joined, build.weights(8, 16, 1, 1), "head")
    return calibrated(build, model([x], y), (1, 8, 10, 10))


def inverted_residual(build):
    x = build.input(1, 8, 9, 9)
    narrow = build.convolution(x, build.weights(8, 8, 1, 1), "stem")
    expanded = opset.clamp(build.convolution(narrow, build.weights(48, 8, 1, 1), "expand"), 0.0, 6.0)
    filtered = opset.clamp(build.depthwise(expanded, 48, "depthwise"), 0.0, 6.0)
    projected = build.convolution(filtered, build.weights(8, 48, 1, 1), "project")
    joined = opset.add(narrow, projected, name="residual")
    y = build.convolution(joined, build.weights(8, 8, 1, 1), "head")
    return calibrated(build, model([x], y), (1, 8, 9, 9))


def concat_equal_ranges(build):
    x = build.input(1, 8, 6, 6)
    quantized_x = fake_quantize(x, -2.0, 1.984375)
    left = build.convolution(quantized_x, build.int8_weights(8, 8, 1, 1), "left")
    right = build.convolution(quantized_x, build.int8_weights(24, 8, 3, 3), "right", pad=1)
    branches = [fake_quantize(opset.relu(branch), 0.0, 5.1) for branch in (left, right)]
    joined = opset.concat(branches, 1, name="concat")
    y = build.convolution(joined, build.int8_weights(8, 32, 1, 1), "head")
    return model([x], y), [[normal(build, 1, 8, 6, 6)]]


def concat_unequal_ranges(build):
    x = build.input(1, 8, 6, 6)
    quantized_x = fake_quantize(x, -2.0, 1.984375)
    small = build.convolution(quantized_x, build.int8_weights(16, 8, 1, 1), "small")
    large = build.convolution(quantized_x, build.int8_weights(16, 8, 1, 1), "large")
    large = opset.multiply(large, np.float32(16), name="large/scale")
    branches = [fake_quantize(opset.relu(small), 0.0, 5.1), fake_quantize(opset.relu(large), 0.0, 81.6)]
    joined = opset.concat(branches, 1, name="concat")
    y = build.convolution(joined, build.int8_weights(8, 32, 1, 1), "head")
    return model([x], y), [[normal(build, 1, 8, 6, 6)]]


def pooling(build):
    x = build.input(1, 6, 12, 12)
    first = opset.relu(build.convolution(x, build.weights(16, 6, 3, 3), "first", pad=1))
    largest = opset.max_pool(first, [2, 2], [1, 1], [0, 0], [1, 1], [3, 3], name="max_pool").output(0)
    second = opset.relu(build.convolution(largest, build.weights(16, 16, 3, 3), "second", pad=1))
    average = opset.avg_pool(second, [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=False, name="average_pool")
    third = opset.relu(build.convolution(average, build.weights(24, 16, 1, 1), "third"))
    everywhere = opset.reduce_mean(third, np.array([2, 3], np.int64), keep_dims=True, name="global_average")
    y = build.convolution(everywhere, build.weights(10, 24, 1, 1), "head")
    return calibrated(build, model([x], y), (1, 6, 12, 12))


def average_pool_unquantized(build):
    x = build.input(1, 8, 8, 8)
    average = opset.avg_pool(
        fake_quantize(x, -3.0, 3.0), [2, 2], [1, 1], [1, 1], [3, 3], exclude_pad=True, name="average_pool"
    )
    y = build.convolution(average, build.int8_weights(8, 8, 3, 3), "head", pad=1)
    return model([x], y), [[normal(build, 1, 8, 8, 8)]]


def asymmetric_padding(build):
    x = build.input(1, 5, 7, 9)
    integral = fake_quantize(x, -1.0, 1.55, name="integral")  # zero point 100
    y = build.convolution(integral, build.int8_weights(9, 5, 3, 3), "integral_zero_point", pad=1)
    fractional = fake_quantize(x, -0.37, 1.91, name="fractional")  # zero point 41.38…: padding is still real zero
    y2 = build.convolution(fractional, build.int8_weights(9, 5, 3, 3), "fractional_zero_point", stride=2, pad=1)
    return model([x], y, y2), [[normal(build, 1, 5, 7, 9)]]


def weights_fake_quantize(build):
    x = build.input(1, 8, 8, 8)
    weights = build.weights(16, 8, 3, 3)
    limit = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    signed = fake_quantize(opset.constant(weights), -limit, limit, levels=255)
    y = build.convolution(fake_quantize(x, -3.0, 3.0), signed, "signed_weights", pad=1)
    return model([x], y), [[normal(build, 1, 8, 8, 8)]]


def weights_u8(build):
    x = build.input(1, 8, 8, 8)
    stored = build.generator.integers(1, 256, (12, 8, 3, 3)).astype(np.uint8)
    centred = opset.subtract(opset.convert(opset.constant(stored), np.float32), np.float32(128))
    scale = build.generator.uniform(0.001, 0.004, (12, 1, 1, 1)).astype(np.float32)
    y = build.convolution(fake_quantize(x, 0.0, 2.55), opset.multiply(centred, scale), "unsigned_weights", pad=1)
    return model([x], y), [[normal(build, 1, 8, 8, 8)]]


def fully_connected(build):
    x = build.input(1, 40)
    hidden = opset.matmul(x, build.weights(64, 40), False, True, name="hidden")
    hidden = opset.relu(opset.add(hidden, build.weights(1, 64), name="hidden/bias"))
    scores = opset.matmul(hidden, build.weights(10, 64), False, True, name="scores")
    y = opset.softmax(opset.add(scores, build.weights(1, 10), name="scores/bias"), axis=1)
    return calibrated(build, model([x], y), (1, 40))


def dynamic_batch(build):
    x = build.input(-1, 3, 8, 8)
    first = opset.relu(build.convolution(x, build.weights(16, 3, 3, 3), "first", stride=2, pad=1))
    flat = opset.reshape(first, np.array([0, -1], np.int64), special_zero=True, name="flatten")
    y = opset.matmul(flat, build.weights(10, 256), False, True, name="scores")
    int8, _ = calibrated(build, model([x], y), (1, 3, 8, 8))
    return int8, [[normal(build, batch, 3, 8, 8)] for batch in (1, 5)]


def float_convolution(build):
    x = build.input(1, 4, 9, 7)
    weights = build.weights(12, 4, 3, 3).astype(np.float16)  # saved as f16 constant and Convert
    expanded = opset.relu(build.convolution(x, opset.convert(opset.constant(weights), np.float32), "first", pad=1))
    y = build.convolution(expanded, build.weights(6, 12, 1, 1), "second")
    return model([x], y), [[normal(build, 1, 4, 9, 7)]]


# name: (function, seed, layers that ought to run in INT8, what for)
MODELS = {
    "residual_block": (residual_block, 1, 4, "Residual addition of two quantized branches, ReLU after it."),
    "inverted_residual": (inverted_residual, 2, 5, "Per-channel FakeQuantize before a depthwise convolution, ReLU6."),
    "concat_equal_ranges": (concat_equal_ranges, 3, 3, "Concatenation of two branches on one grid."),
    "concat_unequal_ranges": (concat_unequal_ranges, 4, 3, "Concatenation of branches whose ranges differ 16 times."),
    "pooling": (pooling, 5, 4, "Padded maximum, average and global average between INT8 convolutions."),
    "average_pool_unquantized": (average_pool_unquantized, 6, 0, "Averages off the u8 grid: no integers to convolve."),
    "asymmetric_padding": (asymmetric_padding, 7, 2, "Integral and fractional zero points under zero padding."),
    "weights_fake_quantize": (weights_fake_quantize, 8, 1, "Float weights behind a FakeQuantize of 255 levels."),
    "weights_u8": (weights_u8, 9, 1, "u8 weights with zero point 128 and a scale per channel."),
    "fully_connected": (fully_connected, 10, 2, "Two MatMuls with bias, ReLU and Softmax."),
    "dynamic_batch": (dynamic_batch, 11, 2, "Batch unknown until run; runs of batch 1 and 5."),
    "float_convolution": (float_convolution, 12, 0, "No FakeQuantize; f16 weights behind a Convert."),
}


# MARK: - Writing


def nrmse(actual, expected):
    return float(np.sqrt(np.mean(np.square(actual.astype(np.float64) - expected))) / np.ptp(expected))


def plugin(ir, inputs, mode):
    """The outputs of the CPU plugin, with its low-precision transformations ON or OFF."""
    # Without a group size of 0 the plugin quantizes a MatMul's activations on the fly, whatever precision is asked for.
    properties = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
    if mode == "OFF":
        properties["LP_TRANSFORMS_MODE"] = "NO"
    results = ov.Core().compile_model(ir, "CPU", properties)(inputs)
    return [results[i] for i in range(len(ir.outputs))]


def write(name):
    function, seed, int8_layers, purpose = MODELS[name]
    ir, runs = function(Builder(seed))
    naming.name_by_place(ir)
    ov.save_model(ir, HERE / f"{name}.xml", compress_to_fp16=False)
    ir = ov.Core().read_model(HERE / f"{name}.xml")

    entry = {"name": name, "purpose": purpose, "int8_layers": int8_layers, "runs": []}
    worst = 0.0
    for number, inputs in enumerate(runs):
        expected = meaning.evaluate(ir, inputs)
        for value, again in zip(expected, plugin(ir, inputs, "OFF")):
            if nrmse(again, value) > ORACLES_AGREE:
                raise SystemExit(f"{name}: the two computations differ by {nrmse(again, value):.1e}; take another seed")
        worst = max([worst] + [nrmse(y, e) for y, e in zip(plugin(ir, inputs, "ON"), expected)])
        files = {"inputs": {}, "outputs": {}}
        for ports, values, kind in ((ir.inputs, inputs, "inputs"), (ir.outputs, expected, "outputs")):
            for port, value in zip(ports, values):
                file = f"{name}.{number}.{port.get_any_name()}.npy"
                np.save(HERE / file, value.astype(np.float32))
                files[kind][port.get_any_name()] = file
        entry["runs"].append(files)
    entry["openvino_int8_nrmse"] = float(f"{worst:.3g}")
    entry["nrmse_limit"] = 1e-5
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *MODELS])
    names = parser.parse_args().names or list(MODELS)
    nncf.set_log_level(40)

    index = HERE / "models.json"
    entries = {entry["name"]: entry for entry in json.loads(index.read_text())} if index.exists() else {}
    entries |= {name: write(name) for name in names}
    index.write_text(json.dumps([entries[name] for name in MODELS if name in entries], indent=1) + "\n")
    for name in names:
        print(f"{name}: OpenVINO INT8 NRMSE {entries[name]['openvino_int8_nrmse']:.1e}")


if __name__ == "__main__":
    main()
