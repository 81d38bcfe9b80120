#!/usr/bin/env python3
"""Trains, quantizes and records the model `digits` that octet carries inside its binary.

    train_digits.py [--output-directory DIR]        (about twenty seconds)

Writes digits.xml and digits.bin (INT8 OpenVINO IR) to the embedded models' folder, and beside this script

    test_images.npy         u8 [360, 8, 8]     the test images, pixel values 0…16
    test_labels.npy         u8 [360]           what they show
    test_probabilities.npy  f32 [360, 10]      what the model means (../meaning.py)
    reference_image.npy     f32 [8, 1, 8, 8]   the first 8 test images as the model takes them
    digits_float.xml, .bin                     the model before quantization
    calibration_image.npy   f32 [128, 1, 8, 8] training images to quantize it with
    accuracy.json                              accuracy of the float and the INT8 model, seed, versions

The data are scikit-learn's digits (UCI, 1,797 images). The first 1,437 train the model and choose the ranges; the last
360, drawn by other writers, are only ever tested on. Hyperparameters were chosen on the last 237 training images
(--validate), never on the test images.

Reproducible: one seed, no threads in the data path. Another CPU may round XLA's float sums otherwise, so the weights
are the same only on the same kind of machine; the committed files are the truth, this script is how they came to be.

Needs: numpy, scikit-learn, jax, openvino, nncf.
"""

import argparse
import json
import pathlib
import sys

import jax
import jax.numpy as jnp
import nncf
import numpy as np
import openvino as ov
import sklearn
from openvino import opset13 as opset
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
import meaning  # noqa: E402: they stand one folder up
import naming  # noqa: E402

MODEL_FOLDER = HERE.parents[2] / "Sources/Compile/OctetEmbeddedModels/Resources"

SEED = 20
TRAINING_IMAGES = 1437
EPOCHS = 60
BATCH = 32
PEAK_LEARNING_RATE = 4e-3
WEIGHT_DECAY = 2e-3


# The network, once for JAX and once for OpenVINO. Shapes for an 8×8 image:
#
#   stem       3×3 convolution, ReLU              16×8×8
#   depthwise  3×3 per channel, ReLU              16×8×8    ┐ inverted residual, linear at its end, so that
#   pointwise  1×1 convolution, plus stem         16×8×8    ┘ signed values reach the padded convolution below
#   max pool   2×2                                16×4×4
#   features   3×3 convolution, ReLU              32×4×4
#   mean pool  2×2                                32×2×2
#   classify   fully connected, softmax           10

WEIGHT_SHAPES = {
    "stem": (16, 1, 3, 3),
    "depthwise": (16, 1, 3, 3),
    "pointwise": (16, 16, 1, 1),
    "features": (32, 16, 3, 3),
    "classify": (10, 128),
}


def initial_parameters(generator):
    """He-normal weights and zero biases. The stem takes pixels of 0…16, so its weights start 16 times smaller."""
    parameters = {}
    for name, shape in WEIGHT_SHAPES.items():
        deviation = np.sqrt(2 / np.prod(shape[1:])) / (16 if name == "stem" else 1)
        weights = generator.normal(0, deviation, shape).astype(np.float32)
        parameters[name] = (weights, np.zeros(shape[0], np.float32))
    return parameters


def logits(parameters, image):
    """The network before its softmax, in JAX."""

    def convolve(x, name, groups=1):
        weights, bias = parameters[name]
        y = jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME", feature_group_count=groups)
        return y + bias.reshape(1, -1, 1, 1)

    def pool(x, initial, operation):
        return jax.lax.reduce_window(x, initial, operation, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    stem = jax.nn.relu(convolve(image, "stem"))
    depthwise = jax.nn.relu(convolve(stem, "depthwise", groups=16))
    block = stem + convolve(depthwise, "pointwise")
    features = jax.nn.relu(convolve(pool(block, -jnp.inf, jax.lax.max), "features"))
    pooled = pool(features, 0.0, jax.lax.add) / 4
    weights, bias = parameters["classify"]
    return pooled.reshape(len(image), -1) @ weights.T + bias


def float_model(parameters):
    """The network as an OpenVINO model with a dynamic batch."""

    def convolve(x, name, pad):
        weights, bias = parameters[name]
        geometry = ([1, 1], [pad, pad], [pad, pad], [1, 1])
        if name == "depthwise":
            y = named(opset.group_convolution(x, weights[:, None], *geometry), name)
        else:
            y = named(opset.convolution(x, weights, *geometry), name)
        return named(opset.add(y, bias.reshape(1, -1, 1, 1)), name + "/bias")

    def named(node, name):
        node.set_friendly_name(name)
        return node

    image = named(opset.parameter([-1, 1, 8, 8], np.float32), "image")
    stem = named(opset.relu(convolve(image, "stem", 1)), "stem/relu")
    depthwise = named(opset.relu(convolve(stem, "depthwise", 1)), "depthwise/relu")
    block = named(opset.add(stem, convolve(depthwise, "pointwise", 0)), "residual")
    halved = opset.max_pool(block, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2])
    features = named(opset.relu(convolve(named(halved, "max_pool").output(0), "features", 1)), "features/relu")
    pooled = named(opset.avg_pool(features, [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=False), "mean_pool")
    flat = named(opset.reshape(pooled, np.array([0, 128], np.int64), special_zero=True), "flatten")
    weights, bias = parameters["classify"]
    scores = named(opset.matmul(flat, weights, False, True), "classify")
    scores = named(opset.add(scores, bias.reshape(1, -1)), "classify/bias")
    probabilities = named(opset.softmax(scores, axis=1), "probabilities")

    image.output(0).set_names({"image"})
    probabilities.output(0).set_names({"probabilities"})
    return ov.Model([probabilities.output(0)], [image], "digits")


def moved(images, offsets, axis):
    """Each image moved by its own offset of -1…1 pixels along an axis, by linear interpolation."""
    padded = np.pad(images, [(0, 0) if i != axis else (1, 1) for i in range(4)])
    taps = [np.take(padded, range(k + 1, k + 9), axis) * np.maximum(0, 1 - np.abs(offsets - k)) for k in (-1, 0, 1)]
    return sum(taps)


def augmented(images, generator):
    """The images, each moved by up to one pixel in each direction and scaled in brightness by 0.85…1.15."""
    down, right = generator.uniform(-1, 1, (2, len(images), 1, 1, 1)).astype(np.float32)
    brightness = generator.uniform(0.85, 1.15, (len(images), 1, 1, 1)).astype(np.float32)
    return np.clip(moved(moved(images, down, axis=2), right, axis=3) * brightness, 0, 16)


def train(images, labels):
    """Adam with decoupled weight decay on a one-cycle schedule; returns the parameters."""
    generator = np.random.default_rng(SEED)
    parameters = initial_parameters(generator)
    steps_per_epoch = len(images) // BATCH
    steps = EPOCHS * steps_per_epoch

    def loss(parameters, x, y):
        target = 0.95 * jax.nn.one_hot(y, 10) + 0.005  # label smoothing: ambiguous digits exist
        return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(logits(parameters, x)), axis=1))

    @jax.jit
    def update(parameters, mean, square, step, x, y):
        rate = PEAK_LEARNING_RATE * 0.5 * (1 - jnp.cos(2 * jnp.pi * ((step + 1) / (steps + 1)) ** 0.5))
        gradient = jax.grad(loss)(parameters, x, y)
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
        square = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, square, gradient)

        def stepped(p, m, v):
            direction = (m / (1 - 0.9 ** (step + 1))) / (jnp.sqrt(v / (1 - 0.99 ** (step + 1))) + 1e-8)
            return p - rate * (direction + (WEIGHT_DECAY * p if p.ndim > 1 else 0))

        return jax.tree.map(stepped, parameters, mean, square), mean, square

    mean = jax.tree.map(np.zeros_like, parameters)
    square = jax.tree.map(np.zeros_like, parameters)
    for step in range(steps):
        if step % steps_per_epoch == 0:
            order = generator.permutation(len(images))
        chosen = order[(step % steps_per_epoch) * BATCH :][:BATCH]
        x = augmented(images[chosen], generator)
        parameters, mean, square = update(parameters, mean, square, float(step), x, labels[chosen])
    return jax.tree.map(np.asarray, parameters)


def quantize(model, images):
    """INT8 with asymmetric activations. Octet's sums are exact, so no weight range is halved against overflow."""
    nncf.set_log_level(40)
    dataset = nncf.Dataset(images, lambda image: image[None])
    advanced = nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.DISABLE)
    quantized = nncf.quantize(
        model, dataset, preset=nncf.QuantizationPreset.MIXED, subset_size=len(images), advanced_parameters=advanced
    )
    return quantized


def accuracy(probabilities, labels):
    return float(np.mean(np.argmax(probabilities, axis=1) == labels))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output-directory", type=pathlib.Path, default=MODEL_FOLDER)
    parser.add_argument("--validate", action="store_true", help="train on 1,200 images, score 237, write nothing")
    arguments = parser.parse_args()

    digits = load_digits()
    images = digits.images[:, None].astype(np.float32)
    labels = digits.target
    if arguments.validate:
        parameters = train(images[:1200], labels[:1200])
        scores = logits(parameters, images[1200:TRAINING_IMAGES])
        print(f"validation accuracy {accuracy(scores, labels[1200:TRAINING_IMAGES]):.4f}")
        return

    test_images, test_labels = images[TRAINING_IMAGES:], labels[TRAINING_IMAGES:]
    model = float_model(train(images[:TRAINING_IMAGES], labels[:TRAINING_IMAGES]))
    float_accuracy = accuracy(meaning.evaluate(model, [test_images])[0], test_labels)
    naming.name_by_place(model)
    ov.save_model(model, HERE / "digits_float.xml", compress_to_fp16=False)
    quantized = quantize(model, images[:TRAINING_IMAGES])
    naming.name_by_place(quantized)
    arguments.output_directory.mkdir(parents=True, exist_ok=True)
    path = arguments.output_directory / "digits.xml"
    ov.save_model(quantized, path, compress_to_fp16=False)

    probabilities = meaning.evaluate(ov.Core().read_model(path), [test_images])[0].astype(np.float32)
    np.save(HERE / "test_images.npy", test_images[:, 0].astype(np.uint8))
    np.save(HERE / "test_labels.npy", test_labels.astype(np.uint8))
    np.save(HERE / "test_probabilities.npy", probabilities)
    np.save(HERE / "reference_image.npy", test_images[:8])
    np.save(HERE / "calibration_image.npy", images[:128])
    record = {
        "float_accuracy": float_accuracy,
        "int8_accuracy": accuracy(probabilities, test_labels),
        "test_images": len(test_images),
        "training_images": TRAINING_IMAGES,
        "seed": SEED,
        "versions": {module.__name__: module.__version__ for module in (jax, np, sklearn, nncf, ov)},
    }
    (HERE / "accuracy.json").write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
