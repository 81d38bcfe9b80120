"""What a case of make_operator_goldens.py is made of."""

import dataclasses
import typing

import numpy as np
from openvino.utils.node_factory import NodeFactory


@dataclasses.dataclass
class Case:
    """One model of one operator."""

    operator: str
    name: str
    build: typing.Callable
    #: Arrays, or functions of a random generator that make them.
    inputs: tuple
    #: Shapes of the parameters where they are not those of the inputs: with -1 for open extents.
    shapes: tuple | None = None
    #: Allowed difference from OpenVINO's f32 kernels, relative to the larger of 1 and the expected value.
    tolerance: float = 1e-5
    #: Whether the values come from OpenVINO's own reference, where its CPU kernels differ from the specification.
    reference: bool = False


def case(operator, name, build, *inputs, **options):
    return Case(operator, name, build, inputs, **options)


def create(opset, operator, inputs, attributes=None):
    """An operator for which the opset has no function."""
    return NodeFactory(opset).create(operator, [node.output(0) for node in inputs], attributes or {})


def f32(*shape, low=-4.0, high=4.0):
    """Even values of f32."""
    return lambda generator: generator.uniform(low, high, shape).astype(np.float32)


def whole(dtype, *shape, low=-9, high=10):
    """Whole numbers of a type."""
    return lambda generator: generator.integers(low, high, shape).astype(dtype)


def i32(*shape, low=-9, high=10):
    return whole(np.int32, *shape, low=low, high=high)


def boolean(*shape):
    return lambda generator: generator.integers(0, 2, shape).astype(bool)
