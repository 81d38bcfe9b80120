"""Operators that work element by element."""

import numpy as np
import openvino.opset1 as op1
import openvino.opset2 as op2
import openvino.opset4 as op4
import openvino.opset5 as op5
import openvino.opset7 as op7
import openvino.opset9 as op9
import openvino.opset10 as op10
import openvino.opset13 as op13
import openvino.opset14 as op14
import openvino.opset15 as op15

from case import boolean, case, f32, i32, whole

SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -1e30], np.float32)
TIES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, -0.51, 7.0], np.float32)

UNARY = {
    "Abs": (op1.abs, f32(2, 5)),
    "Acos": (op1.acos, f32(2, 5, low=-1, high=1)),
    "Acosh": (op4.acosh, f32(2, 5, low=1.1, high=9)),
    "Asin": (op1.asin, f32(2, 5, low=-1, high=1)),
    "Asinh": (op4.asinh, f32(2, 5)),
    "Atan": (op1.atan, f32(2, 5)),
    "Atanh": (op4.atanh, f32(2, 5, low=-0.9, high=0.9)),
    "Ceiling": (op1.ceiling, TIES),
    "Cos": (op1.cos, f32(2, 5)),
    "Cosh": (op1.cosh, f32(2, 5)),
    "Erf": (op1.erf, f32(2, 5)),
    "Exp": (op1.exp, f32(2, 5)),
    "Floor": (op1.floor, TIES),
    "HSigmoid": (op5.hsigmoid, f32(2, 5, low=-5, high=5)),
    "HSwish": (op4.hswish, f32(2, 5, low=-5, high=5)),
    "Log": (op1.log, f32(2, 5, low=0.1, high=9)),
    "LogicalNot": (op1.logical_not, boolean(2, 5)),
    "Mish": (op4.mish, f32(2, 5)),
    "Negative": (op1.negative, f32(2, 5)),
    "Sigmoid": (op1.sigmoid, f32(2, 5)),
    "Sign": (op1.sign, np.array([-3, 0, 2.5, -0.1], np.float32)),
    "Sin": (op1.sin, f32(2, 5)),
    "Sinh": (op1.sinh, f32(2, 5)),
    "SoftPlus": (op4.softplus, f32(2, 5, low=-30, high=30)),
    "SoftSign": (op9.softsign, f32(2, 5)),
    "Sqrt": (op1.sqrt, f32(2, 5, low=0, high=9)),
    "Tan": (op1.tan, f32(2, 5, low=-1.2, high=1.2)),
    "Tanh": (op1.tanh, f32(2, 5)),
    "IsFinite": (op10.is_finite, SPECIAL),
    "IsNaN": (op10.is_nan, SPECIAL),
}

BINARY = {
    "Maximum": op1.maximum, "Minimum": op1.minimum, "SquaredDifference": op1.squared_difference, "Equal": op1.equal,
    "NotEqual": op1.not_equal, "Less": op1.less, "LessEqual": op1.less_equal, "Greater": op1.greater,
    "GreaterEqual": op1.greater_equal, "Add": op1.add, "Subtract": op1.subtract, "Multiply": op1.multiply,
}

LOGICAL = {"LogicalAnd": op1.logical_and, "LogicalOr": op1.logical_or, "LogicalXor": op1.logical_xor}
BITWISE = {"BitwiseAnd": op13.bitwise_and, "BitwiseOr": op13.bitwise_or, "BitwiseXor": op13.bitwise_xor}


def scalar(value):
    return op1.constant(np.float32(value))


PROMOTIONS = [
    ("f32 and u8", f32(2, 3), whole(np.uint8, 2, low=0, high=256), {}),
    ("i32 and i64", i32(2, 3), whole(np.int64, 2), {}),
    ("boolean and f32", boolean(2, 3), f32(2), {}),
    ("u8 and i32", whole(np.uint8, 2, low=0, high=256), i32(2, 3), {}),
    ("u8 and i8, unsafe", whole(np.uint8, 2, low=0, high=256), whole(np.int8, 2, 3), {"promote_unsafe": True}),
    ("i32 and f32, unsafe", i32(2, 3), f32(2), {"promote_unsafe": True}),
    ("a scalar of i64 and i32", lambda generator: np.array(7, np.int64), i32(2, 3), {"promote_unsafe": True, "pytorch_scalar_promotion": True}),
]

CASES = (
    [case(operator, "f32", build, values) for operator, (build, values) in UNARY.items()]
    + [case(operator, "i32", build, i32(2, 5)) for operator, build in [("Abs", op1.abs), ("Negative", op1.negative)]]
    + [
        case("BitwiseLeftShift", "i32", lambda x: op15.bitwise_left_shift(x, op1.constant(np.array([0, 1, 3], np.int32))), i32(2, 3)),
        case("BitwiseRightShift", "i32", lambda x: op15.bitwise_right_shift(x, op1.constant(np.array([0, 1, 2], np.int32))), i32(2, 3)),
        case("Elu", "alpha 0.7", lambda x: op1.elu(x, 0.7), f32(2, 5)),
        case("Gelu", "opset2", op2.gelu, f32(2, 5)),
        case("Gelu", "erf", lambda x: op7.gelu(x, "erf"), f32(2, 5)),
        case("Gelu", "tanh", lambda x: op7.gelu(x, "tanh"), f32(2, 5)),
        case("HardSigmoid", "alpha 0.2, beta 0.5", lambda x: op1.hard_sigmoid(x, scalar(0.2), scalar(0.5)), f32(2, 5)),
        case("Selu", "alpha 1.67, lambda 1.05", lambda x: op1.selu(x, scalar(1.67), scalar(1.05)), f32(2, 5)),
        case("Swish", "beta 1", op4.swish, f32(2, 5)),
        case("Swish", "beta 0.4", lambda x: op4.swish(x, scalar(0.4)), f32(2, 5)),
        case("Round", "half to even", lambda x: op5.round(x, "half_to_even"), TIES),
        case("Round", "half away from zero", lambda x: op5.round(x, "half_away_from_zero"), TIES),
        case("IsInf", "both signs", op10.is_inf, SPECIAL),
        case("IsInf", "negative", lambda x: op10.is_inf(x, {"detect_positive": False}), SPECIAL),
        case("BitwiseNot", "u8", op13.bitwise_not, whole(np.uint8, 2, 5, low=0, high=256)),
        case("BitwiseNot", "i32", op13.bitwise_not, i32(2, 5)),
        case("BitwiseNot", "boolean", op13.bitwise_not, boolean(2, 5)),
        case("Power", "f32", op1.power, f32(2, 3, low=0.1), f32(3)),
        case("Power", "squares", lambda x: op1.power(x, scalar(2)), f32(2, 3)),
        case("Power", "i32", op1.power, i32(2, 3, low=-3, high=4), i32(3, low=0, high=5)),
        case("Mod", "f32", op1.mod, f32(2, 3), f32(3, low=0.5, high=2)),
        case("Mod", "i32", op1.mod, i32(2, 3), np.array([3, -4, 2], np.int32)),
        case("FloorMod", "f32", op1.floor_mod, f32(2, 3), f32(3, low=-2, high=-0.5)),
        case("FloorMod", "i32", op1.floor_mod, i32(2, 3), np.array([3, -4, 2], np.int32)),
        case("Divide", "f32", op1.divide, f32(2, 3), f32(3, low=0.5, high=2)),
        case("Divide", "i32", op1.divide, i32(2, 3), np.array([3, -4, 2], np.int32), reference=True),
    ]
    + [
        case("ConvertPromoteTypes", name, lambda x, y, flags=flags: op14.convert_promote_types(x, y, **flags).outputs(), left, right)
        for name, left, right, flags in PROMOTIONS
    ]
    + [case(operator, "f32", build, f32(2, 3, 4), f32(3, 1)) for operator, build in BINARY.items()]
    + [case(operator, "i32", build, i32(2, 3, low=-2, high=3), i32(2, 1, low=-2, high=3)) for operator, build in BINARY.items()]
    + [case(operator, "booleans", build, boolean(2, 6), boolean(6)) for operator, build in LOGICAL.items()]
    + [case(operator, "i32", build, i32(2, 6), i32(6)) for operator, build in BITWISE.items()]
    + [case(operator, "booleans", build, boolean(2, 6), boolean(6)) for operator, build in BITWISE.items()]
)
