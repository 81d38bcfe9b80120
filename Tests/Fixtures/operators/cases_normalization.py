"""Operators that normalize, and reductions."""

import numpy as np
import openvino.opset1 as op1
import openvino.opset4 as op4
import openvino.opset5 as op5
import openvino.opset6 as op6
import openvino.opset8 as op8
import openvino.opset12 as op12

from case import boolean, case, create, f32, i32


def ints(*values):
    return op1.constant(np.array(values, np.int64))


def vector(*values):
    return op1.constant(np.array(values, np.float32))


GAMMA, BETA, MEAN, VARIANCE = vector(1.5, -0.5), vector(0.1, 0.2), vector(0.3, -1), vector(2, 0.25)

REDUCTIONS = {
    "ReduceL1": op4.reduce_l1, "ReduceL2": op4.reduce_l2, "ReduceMax": op1.reduce_max, "ReduceMean": op1.reduce_mean,
    "ReduceMin": op1.reduce_min, "ReduceProd": op1.reduce_prod, "ReduceSum": op1.reduce_sum,
}
LOGICAL_REDUCTIONS = {"ReduceLogicalAnd": op1.reduce_logical_and, "ReduceLogicalOr": op1.reduce_logical_or}

CASES = [
    case("BatchNormInference", "opset1", lambda x: create("opset1", "BatchNormInference", [GAMMA, BETA, x, MEAN, VARIANCE], {"epsilon": 1e-3}), f32(3, 2, 4)),
    case("BatchNormInference", "opset5", lambda x: op5.batch_norm_inference(x, GAMMA, BETA, MEAN, VARIANCE, 1e-3), f32(3, 2, 2, 2)),
    case("GRN", "bias", lambda x: op1.grn(x, 0.3), f32(2, 3, 2, 2)),
    case("GroupNormalization", "groups", lambda x: op12.group_normalization(x, vector(1, 2, 3, -1), vector(0, 1, 0, 2), 2, 1e-2), f32(2, 4, 3, 2)),
    # Its CPU kernels cut the bias to a whole number.
    case("LRN", "channels", lambda x: op1.lrn(x, ints(1), 0.5, 0.75, 1, 3), f32(1, 5, 2, 2)),
    case("LRN", "pixels", lambda x: op1.lrn(x, ints(2, 3), 0.5, 0.75, 2, 3), f32(1, 2, 4, 3)),
    case("LogSoftmax", "axis 1", lambda x: op5.log_softmax(x, 1), f32(2, 5)),
    case("MVN", "opset2 per channel", lambda x: create("opset2", "MVN", [x], {"across_channels": False, "normalize_variance": True, "eps": 0.5}), f32(2, 3, 2, 2)),
    case("MVN", "opset2 across channels", lambda x: create("opset2", "MVN", [x], {"across_channels": True, "normalize_variance": True, "eps": 0.5}), f32(2, 3, 2, 2)),
    case("MVN", "opset2 mean only", lambda x: create("opset2", "MVN", [x], {"across_channels": False, "normalize_variance": False, "eps": 0.5}), f32(2, 3, 2, 2)),
    case("MVN", "opset6 inside", lambda x: op6.mvn(x, ints(2, 3), True, 0.5, "INSIDE_SQRT"), f32(2, 3, 2, 2)),
    case("MVN", "opset6 outside", lambda x: op6.mvn(x, ints(-1), True, 0.5, "OUTSIDE_SQRT"), f32(2, 3, 4)),
    case("NormalizeL2", "add", lambda x: op1.normalize_l2(x, ints(1), 0.5, "add"), f32(2, 3, 2, 2)),
    case("NormalizeL2", "max", lambda x: op1.normalize_l2(x, ints(1), 9.0, "max"), f32(2, 3, 2, 2)),
    case("SoftMax", "axis 1", lambda x: op1.softmax(x, 1), f32(2, 5)),
    case("SoftMax", "opset8, axis -2", lambda x: op8.softmax(x, -2), f32(2, 5, 3)),
] + [
    case(operator, "keeping axes" if keeps else "dropping axes", lambda x, build=build, keeps=keeps: build(x, ints(0, -1), keeps), f32(2, 3, 4))
    for operator, build in REDUCTIONS.items() for keeps in [False, True]
] + [
    case(operator, "booleans", lambda x, build=build: build(x, ints(1), False), boolean(4, 3))
    for operator, build in LOGICAL_REDUCTIONS.items()
]
