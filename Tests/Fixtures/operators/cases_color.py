"""Pictures as cameras give them."""

import numpy as np

from case import case, create, f32, whole


def bytes_(*shape):
    return whole(np.uint8, *shape, low=0, high=256)


def levels(*shape):
    return f32(*shape, low=0, high=255)


def convert(operator):
    return lambda *planes: create("opset8", operator, planes)


CASES = [
    case(operator, name, convert(operator), *planes)
    for operator in ["NV12toRGB", "NV12toBGR"]
    for name, planes in [
        ("one plane", [bytes_(2, 6, 4, 1)]), ("two planes", [bytes_(1, 4, 6, 1), bytes_(1, 2, 3, 2)]),
        ("two planes of floats", [levels(2, 2, 4, 1), levels(2, 1, 2, 2)]),
    ]
] + [
    case(operator, name, convert(operator), *planes)
    for operator in ["I420toRGB", "I420toBGR"]
    for name, planes in [
        ("one plane", [bytes_(2, 6, 4, 1)]), ("one plane of floats", [levels(1, 6, 4, 1)]),
        ("three planes", [bytes_(2, 4, 6, 1), bytes_(2, 2, 3, 1), bytes_(2, 2, 3, 1)]),
    ]
] + [
    case("NV12toRGB", "open batch", convert("NV12toRGB"), bytes_(1, 4, 6, 1), bytes_(1, 2, 3, 2), shapes=([-1, 4, 6, 1], [-1, 2, 3, 2])),
]
