"""Operators with networks inside."""

import numpy as np
import openvino as ov
import openvino.opset1 as op1
import openvino.opset3 as op3
import openvino.opset5 as op5
import openvino.opset6 as op6
import openvino.opset8 as op8

from case import case, f32


def scalar(value, dtype=np.float32):
    return op1.constant(dtype(value))


def conditional(then, otherwise):
    """A branch for each value of the condition, both over the same operands."""
    def build(condition, *operands):
        node = op8.if_op(condition.output(0))
        parameters = [[op1.parameter(x.get_output_partial_shape(0), np.float32) for x in operands] for _ in range(2)]
        bodies = [ov.Model([branch(*own)], own) for branch, own in zip((then, otherwise), parameters)]
        node.set_then_body(bodies[0])
        node.set_else_body(bodies[1])
        for operand, first, second in zip(operands, *parameters):
            node.set_input(operand.output(0), first, second)
        return [node.set_output(bodies[0].results[0], bodies[1].results[0])]
    return build


def loop(limit, stays=lambda turn: scalar(True, np.bool_), starts=True, reverse=False):
    """Carries a sum of rows, weighted by the number of the turn; gives the last sum and all of them."""
    def build(rows, first):
        row, total, turn = op1.parameter([1, 3], np.float32), op1.parameter([1, 3], np.float32), op1.parameter([], np.int64)
        following = op1.add(total, op1.multiply(row, op1.convert(turn, "f32")))
        body = ov.Model([stays(turn), following], [row, total, turn])
        node = op5.loop(limit if isinstance(limit, ov.Node) else scalar(limit, np.int64), scalar(starts, np.bool_))
        node.set_function(body)
        node.set_special_body_ports([2, 0])
        node.set_sliced_input(row, rows.output(0), *((-1, -1, 1, 0, 0) if reverse else (0, 1, 1, -1, 0)))
        node.set_merged_input(total, first.output(0), following.output(0))
        return [node.get_iter_value(following.output(0), -1), node.get_concatenated_slices(following.output(0), 0, 1, 1, -1, 0)]
    return build


def growing(x):
    """Each turn doubles what it carries."""
    carried = op1.parameter([-1, 2], np.float32)
    doubled = op1.concat([carried, carried], 0)
    stays = scalar(True, np.bool_)
    node = op5.loop(scalar(3, np.int64), scalar(True, np.bool_))
    body = ov.Model([stays, doubled], [carried])
    node.set_function(body)
    node.set_special_body_ports([-1, 0])
    node.set_merged_input(carried, x.output(0), doubled.output(0))
    return [node.get_iter_value(doubled.output(0), -1)]


def iterator(reverse=False, size=1):
    """An exponential average along axis 1."""
    def build(x, first):
        step, state = op1.parameter([2, size, 3], np.float32), op1.parameter([2, 1, 3], np.float32)
        mean = op1.reduce_mean(step, op1.constant(np.array([1])), True)
        following = op1.add(op1.multiply(state, scalar(0.5)), mean)
        shifted = op1.add(step, following)
        body = ov.Model([following, shifted], [step, state])
        node = op1.tensor_iterator()
        node.set_body(body)
        way = (-1, -size, size, 0, 1) if reverse else (0, size, size, -1, 1)
        node.set_sliced_input(step, x.output(0), *way)
        node.set_merged_input(state, first.output(0), following.output(0))
        return [node.get_iter_value(following.output(0), -1), node.get_concatenated_slices(shifted.output(0), *way)]
    return build


def nested(x, first):
    """A loop inside a branch inside a loop."""
    def inner(a, b):
        return op1.reduce_sum(loop(2)(a, b)[1], op1.constant(np.array([0])), True)
    carried, turn = op1.parameter([1, 3], np.float32), op1.parameter([], np.int64)
    rows = op1.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    even = op1.equal(op1.mod(turn, scalar(2, np.int64)), scalar(0, np.int64))
    following = conditional(inner, lambda a, b: op1.multiply(b, scalar(-0.5)))(even, op1.relu(rows), carried)[0]
    node = op5.loop(scalar(4, np.int64), scalar(True, np.bool_))
    node.set_function(ov.Model([scalar(True, np.bool_).output(0), following], [carried, turn]))
    node.set_special_body_ports([1, 0])
    node.set_merged_input(carried, first.output(0), following)
    return [op1.add(x, node.get_iter_value(following, -1)).output(0)]


def accumulator(initial):
    """A sum over inferences, as its first one is."""
    def build(x):
        start = [op1.multiply(x, scalar(0.5))] if initial else []
        held = op6.read_value(*start, "sum", np.float32, [2, 3])
        total = op1.add(held, x)
        return [total.output(0), op6.assign(total, "sum").output(0)]
    return build


def first_accumulator(x):
    """The same by the operators of opset3."""
    total = op1.add(op3.read_value(op1.constant(np.full((2, 3), 0.5, np.float32)), "sum"), x)
    return [total.output(0), op3.assign(total, "sum").output(0)]


ROWS = f32(4, 3), f32(1, 3)

CASES = [
    case("If", f"condition {condition}", conditional(lambda x, y: op1.add(x, y), lambda x, y: op1.subtract(x, y)),
         np.array(condition), f32(2, 3), f32(2, 3))
    for condition in [True, False]
] + [
    case("If", f"shapes of its own, {condition}", conditional(lambda x: op1.concat([x, x], 0), lambda x: op1.relu(x)), np.array(condition), f32(2, 3))
    for condition in [True, False]
] + [
    case("Loop", "a number of turns", loop(4), *ROWS),
    case("Loop", "backwards", loop(3, reverse=True), *ROWS),
    case("Loop", "as long as it says", loop(4, lambda turn: op1.less(turn, scalar(2, np.int64))), *ROWS),
    case("Loop", "a result that grows", growing, f32(1, 2)),
    case("Loop", "nested", nested, f32(2, 3), f32(1, 3)),
    case("TensorIterator", "forwards", iterator(), f32(2, 4, 3), f32(2, 1, 3)),
    case("TensorIterator", "backwards", iterator(True), f32(2, 4, 3), f32(2, 1, 3)),
    case("TensorIterator", "parts of two", iterator(size=2), f32(2, 4, 3), f32(2, 1, 3)),
    case("ReadValue", "zeros", accumulator(False), f32(2, 3)),
    case("ReadValue", "what the request gives", accumulator(True), f32(2, 3)),
    case("Assign", "opset3", first_accumulator, f32(2, 3)),
]
