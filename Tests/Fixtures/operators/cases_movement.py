"""Operators that move, select, generate and resample elements."""

import numpy as np
import openvino.opset1 as op1
import openvino.opset2 as op2
import openvino.opset3 as op3
import openvino.opset4 as op4
import openvino.opset5 as op5
import openvino.opset6 as op6
import openvino.opset7 as op7
import openvino.opset8 as op8
import openvino.opset9 as op9
import openvino.opset10 as op10
import openvino.opset11 as op11
import openvino.opset12 as op12
import openvino.opset15 as op15

from case import boolean, case, create, f32, i32


def ints(*values):
    return op1.constant(np.array(values, np.int64))


def one(value):
    return op1.constant(np.int64(value))


def f(value):
    return op1.constant(np.float32(value))


def permutation(*shape, count):
    """Different indices below `count`."""
    return lambda generator: generator.permutation(count)[: int(np.prod(shape))].reshape(shape).astype(np.int32)


def interpolate(mode, coordinates, sizes=None, scales=None, axes=(2, 3), **attributes):
    """An Interpolate of opset11 over the last axes."""
    target = ints(*sizes) if sizes else op1.constant(np.array(scales, np.float32))
    return lambda x: op11.interpolate(
        x, target, mode, "sizes" if sizes else "scales", coordinate_transformation_mode=coordinates, axes=ints(*axes),
        **attributes)


def interpolate4(mode, coordinates, sizes, scales, by, **attributes):
    """An Interpolate of opset4 over the last axes."""
    attributes |= {
        "mode": mode, "shape_calculation_mode": by, "coordinate_transformation_mode": coordinates,
        "pads_begin": [0, 0, 0, 0], "pads_end": [0, 0, 0, 0],
    }
    return lambda x: create("opset4", "Interpolate", [x, ints(*sizes), op1.constant(np.array(scales, np.float32)), ints(2, 3)], attributes)


COORDINATES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners"]
ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple"]

SPLITTING = [
    case("Split", "channels", lambda x: op1.split(x, one(1), 3), f32(2, 6, 2)),
    case("Split", "last axis", lambda x: op1.split(x, one(-1), 2), i32(2, 6)),
    case("VariadicSplit", "with a rest", lambda x: op1.variadic_split(x, one(1), ints(2, -1, 1)), f32(2, 6, 2)),
    case("Slice", "steps", lambda x: op8.slice(x, ints(1, 5), ints(3, 0), ints(1, -2), ints(0, 2)), f32(3, 2, 6)),
    case("Slice", "negative bounds", lambda x: op8.slice(x, ints(-3), ints(-1), ints(1), ints(1)), f32(2, 5)),
    case("Slice", "bounds outside", lambda x: op8.slice(x, ints(100, -100), ints(-100, 100), ints(-1, 1)), f32(3, 4)),
    case("Slice", "open batch", lambda x: op8.slice(x, ints(1), ints(9), ints(2), ints(1)), f32(2, 5), shapes=([-1, 5],)),
    case("StridedSlice", "masks", lambda x: op1.strided_slice(
        x, ints(0, 1, 0, 1), ints(2, 9, 0, 4), ints(1, 2, 1, 1), [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]),
        f32(3, 5, 6)),
]

GATHERING = [
    case("Gather", "opset1", lambda x: op1.gather(x, ints(2, 0, 2), one(1)), f32(2, 3, 2)),
    case("Gather", "opset7, batches", lambda x, i: op7.gather(x, i, one(1), 1), f32(2, 4, 3), i32(2, 2, low=0, high=4)),
    case("Gather", "opset8, negative", lambda x: op8.gather(x, ints(-1, 0), one(0)), f32(3, 2)),
    case("Gather", "scalar", lambda x: op8.gather(x, one(1), one(1)), f32(2, 3, 2)),
    case("Gather", "matrix of indices", lambda x, i: op8.gather(x, i, one(1)), f32(2, 4), i32(2, 3, low=-4, high=4)),
    case("Gather", "batches before the axis", lambda x, i: op8.gather(x, i, one(2), 1), f32(2, 3, 4), i32(2, 2, low=0, high=4)),
    case("GatherElements", "axis 1", lambda x, i: op6.gather_elements(x, i, 1), f32(2, 4), i32(2, 3, low=0, high=4)),
    case("GatherElements", "axis 0", lambda x, i: op6.gather_elements(x, i, 0), f32(3, 2), i32(5, 2, low=0, high=3)),
    case("GatherND", "slices", lambda x, i: op8.gather_nd(x, i), f32(3, 2, 2), i32(4, 1, low=0, high=3)),
    case("GatherND", "elements", lambda x, i: op8.gather_nd(x, i), f32(3, 2), i32(2, 3, 2, low=0, high=2)),
    case("GatherND", "batches", lambda x, i: op8.gather_nd(x, i, 1), f32(2, 3, 4), i32(2, 5, 1, low=0, high=3)),
    case("GatherND", "opset5, joined batches", lambda x, i: op5.gather_nd(x, i, 2), f32(2, 3, 4), i32(2, 3, 1, low=0, high=4)),
]

SCATTERING = [
    case("ScatterUpdate", "rows", lambda x, u: op3.scatter_update(x, ints(2, 0), u, one(0)), f32(3, 4), f32(2, 4)),
    case("ScatterUpdate", "columns", lambda x, u: op3.scatter_update(x, ints(1), u, one(1)), f32(3, 4), f32(3, 1)),
    case("ScatterElementsUpdate", "opset3", lambda x, i, u: op3.scatter_elements_update(x, i, u, one(1)),
         f32(2, 5), permutation(1, 3, count=5), f32(1, 3)),
    case("ScatterNDUpdate", "slices", lambda x, u: op4.scatter_nd_update(x, op1.constant(np.array([[2], [0]])), u),
         f32(3, 2), f32(2, 2)),
    case("ScatterNDUpdate", "elements", lambda x, u: op4.scatter_nd_update(x, op1.constant(np.array([[2, 1], [0, 0]])), u),
         f32(3, 2), f32(2)),
] + [
    case("ScatterElementsUpdate", f"{reduction}{'' if initial else ' of updates alone'}",
         lambda x, i, u, reduction=reduction, initial=initial: op12.scatter_elements_update(x, i, u, one(0), reduction, initial),
         f32(4, 2), i32(4, 2, low=0, high=3), f32(4, 2))
    for reduction in ["sum", "prod", "min", "max", "mean"] for initial in [True, False]
] + [
    case("ScatterNDUpdate", f"opset15 {reduction}",
         lambda x, u, reduction=reduction: op15.scatter_nd_update(x, op1.constant(np.array([[1], [1], [0]])), u, reduction),
         f32(3, 2), f32(3, 2))
    for reduction in ["sum", "prod", "min", "max"]
]

REARRANGING = [
    case("Tile", "longer rank", lambda x: op1.tile(x, ints(2, 1, 3)), f32(2, 3)),
    case("Tile", "shorter repeats", lambda x: op1.tile(x, ints(2)), f32(2, 3)),
    case("Broadcast", "numpy", lambda x: op3.broadcast(x, ints(2, 3, 4)), f32(3, 1)),
    case("Broadcast", "bidirectional", lambda x: op3.broadcast(x, ints(2, 1, 1), broadcast_spec="BIDIRECTIONAL"), f32(3, 4)),
    case("Broadcast", "explicit", lambda x: op1.broadcast(x, ints(2, 3, 4), ints(0, 1), "EXPLICIT"), f32(2, 3)),
    case("DepthToSpace", "blocks first", lambda x: op1.depth_to_space(x, "blocks_first", 2), f32(1, 8, 2, 3)),
    case("DepthToSpace", "depth first", lambda x: op1.depth_to_space(x, "depth_first", 2), f32(1, 8, 2, 3)),
    case("SpaceToDepth", "blocks first", lambda x: op1.space_to_depth(x, "blocks_first", 2), f32(1, 2, 4, 6)),
    case("SpaceToDepth", "depth first", lambda x: op1.space_to_depth(x, "depth_first", 2), f32(1, 2, 4, 6)),
    case("BatchToSpace", "crops", lambda x: op2.batch_to_space(x, ints(1, 1, 2, 3), ints(0, 0, 1, 0), ints(0, 0, 0, 2)), f32(12, 1, 2, 2)),
    case("SpaceToBatch", "pads", lambda x: op2.space_to_batch(x, ints(1, 1, 2, 3), ints(0, 0, 1, 0), ints(0, 0, 0, 2)), f32(2, 1, 3, 4)),
    case("ShuffleChannels", "groups", lambda x: create("opset3", "ShuffleChannels", [x], {"axis": 1, "group": 3}), f32(1, 6, 2, 2)),
    case("ReverseSequence", "lengths", lambda x: op1.reverse_sequence(x, op1.constant(np.array([2, 3, 0], np.int32)), 1, 2), f32(2, 3, 4)),
    case("Reverse", "index", lambda x: create("opset1", "Reverse", [x, ints(1)], {"mode": "index"}), f32(2, 3, 4)),
    case("Reverse", "mask", lambda x: create("opset1", "Reverse", [x, op1.constant(np.array([True, False, True]))], {"mode": "mask"}), f32(2, 3, 4)),
    case("Roll", "axes", lambda x: op7.roll(x, ints(1, -2), ints(0, 2)), f32(2, 3, 5)),
    case("Roll", "an axis twice", lambda x: op7.roll(x, ints(1, 3), ints(1, 1)), f32(2, 3)),
    case("Transpose", "order", lambda x: op1.transpose(x, ints(2, 0, 1)), f32(2, 3, 4)),
    case("Concat", "axis 1", lambda x, y: op1.concat([x, y], 1), f32(2, 3), f32(2, 1)),
    case("Reshape", "zero and rest", lambda x: op1.reshape(x, ints(0, -1), True), f32(2, 3, 4)),
    case("Squeeze", "axis", lambda x: op1.squeeze(x, ints(1)), f32(2, 1, 1)),
    case("Unsqueeze", "axes", lambda x: op1.unsqueeze(x, ints(0, -1)), f32(2, 3)),
] + [
    case("Pad", f"{mode}{', cutting' if cuts else ''}",
         lambda x, mode=mode, cuts=cuts: op12.pad(x, ints(0, -1 if cuts else 1), ints(1, 2), mode,
                                                  f(-1.5) if mode == "constant" else None), f32(3, 4))
    for mode in ["constant", "edge", "reflect", "symmetric"] for cuts in [False, True]
] + [
    case("Pad", "opset1", lambda x: op1.pad(x, ints(0, 1), ints(1, 2), "reflect"), f32(3, 4)),
]

SEARCHING = [
    case("Select", "broadcast", op1.select, boolean(2, 3), f32(3), f32(2, 1)),
    case("OneHot", "axis 1", lambda i: op1.one_hot(i, one(4), f(2.5), f(-1), 1), i32(2, 3, low=-1, high=5)),
    case("OneHot", "opset16, from the end", lambda i: create("opset16", "OneHot", [i, one(4), f(2.5), f(-1)], {"axis": -1, "negative_indices_mode": "normalize"}), i32(2, 3, low=-5, high=5)),
    case("OneHot", "opset16, negative ones left out", lambda i: create("opset16", "OneHot", [i, one(4), f(2.5), f(-1)], {"axis": -1, "negative_indices_mode": "ignore_negative"}), i32(2, 3, low=-5, high=5)),
    case("Identity", "floats", lambda x: op1.relu(create("opset16", "Identity", [x])), f32(2, 3)),
    case("Range", "opset1", lambda x: op1.add(x, op1.range(f(1), f(3), f(0.4))), f32(5)),
    case("Range", "opset4", lambda x: op1.add(x, create("opset4", "Range", [one(7), one(-1), one(-3)], {"output_type": "f32"})), f32(3)),
    case("NonZero", "i32", lambda x: op3.non_zero(x, "i32"), i32(3, 4, low=0, high=2)),
    case("Bucketize", "right", lambda x: op3.bucketize(x, op1.constant(np.array([-1, 0, 2], np.float32)), "i32"),
         np.array([[-1, 0, 1], [2, 3, -5]], np.float32)),
    case("Bucketize", "left", lambda x: op3.bucketize(x, op1.constant(np.array([-1, 0, 2], np.float32)), "i32", False),
         np.array([[-1, 0, 1], [2, 3, -5]], np.float32)),
    case("TopK", "opset1", lambda x: op1.topk(x, one(3), 1, "max", "value"), f32(2, 6)),
    case("TopK", "largest", lambda x: op3.topk(x, one(3), 1, "max", "value"), f32(2, 6)),
    case("TopK", "smallest by index", lambda x: op3.topk(x, one(2), 0, "min", "index"), f32(5, 3)),
    case("TopK", "opset11, ties", lambda x: op11.topk(x, one(4), -1, "max", "value", "i32", True), i32(2, 8, low=0, high=3)),
] + [
    case("CumSum", f"{'exclusive ' if exclusive else ''}{'reverse' if reverse else ''}",
         lambda x, exclusive=exclusive, reverse=reverse: op3.cum_sum(x, one(1), exclusive, reverse), f32(2, 4, 2))
    for exclusive in [False, True] for reverse in [False, True]
]

GENERATED = [
    case("RandomUniform", f"{kind}, {own}", lambda shape, kind=kind, low=low, high=high, own=own: op8.random_uniform(shape, low, high, kind, 1 << 33, own),
         np.array([3, 7], np.int32))
    for kind, low, high in [("f32", np.float32(-1.5), np.float32(2)), ("i32", np.int32(-5), np.int32(90))]
    for own in [0, 10]
] + [
    case("Eye", f"diagonal {diagonal}", lambda x, diagonal=diagonal: op1.add(x, op9.eye(one(3), one(4), one(diagonal), "f32")), f32(1))
    for diagonal in [0, 1, -2]
] + [
    case("Eye", "batch", lambda x: op1.add(x, op9.eye(one(2), one(2), one(0), "f32", ints(3))), f32(1)),
    case("RandomUniform", "f64", lambda x: op1.add(x, op1.convert(op8.random_uniform(ints(2, 5), np.float64(0), np.float64(3), "f64", 3, 0), "f32")), f32(5), reference=True),
    case("Unique", "elements", lambda x: op10.unique(x), i32(3, 4, low=0, high=5)),
    case("Unique", "elements as they come", lambda x: op10.unique(x, None, False, "i32", "i32"), i32(9, low=0, high=5)),
    case("Unique", "rows", lambda x: op10.unique(x, one(0)), i32(6, 2, low=0, high=2)),
    case("SearchSorted", "left", lambda x: op15.search_sorted(op1.constant(np.array([[-4, 0, 0, 3], [-1, 1, 2, 9]], np.int32)), x), i32(2, 5)),
    case("SearchSorted", "right, one row", lambda x: op15.search_sorted(op1.constant(np.array([-4, 0, 0, 3], np.int32)), x, True), i32(2, 3)),
    case("SliceScatter", "steps", lambda x, u: op15.slice_scatter(x, u, ints(0, -1), ints(3, -9), ints(2, -2), ints(0, 1)), f32(4, 5), f32(2, 3)),
    case("ExtractImagePatches", "strides and rates", lambda x: op3.extract_image_patches(x, [2, 3], [2, 1], [1, 2], "valid"), f32(2, 3, 6, 7)),
    case("ExtractImagePatches", "same_upper", lambda x: op3.extract_image_patches(x, [3, 3], [2, 2], [1, 1], "same_upper"), f32(1, 2, 5, 6)),
    case("Squeeze", "opset15", lambda x: op15.squeeze(x, ints(1), False), f32(2, 1, 1)),
    case("Squeeze", "opset15, keeping others", lambda x: op15.squeeze(x, ints(0, 1), True), f32(2, 1, 3)),
] + [
    case("GridSample", f"{mode} {padding} {'aligned' if aligned else ''}",
         lambda x, grid, mode=mode, padding=padding, aligned=aligned: create(
             "opset9", "GridSample", [x, grid], {"mode": mode, "padding_mode": padding, "align_corners": aligned}),
         f32(2, 3, 4, 5), f32(2, 3, 4, 2, low=-1.6, high=1.6))
    for mode in ["bilinear", "nearest", "bicubic"] for padding in ["zeros", "border", "reflection"] for aligned in [False, True]
]

RESAMPLING = [
    case("Interpolate", f"nearest {coordinates} {rounding} {'up' if scale > 1 else 'down'}",
         interpolate("nearest", coordinates, scales=(scale, scale), nearest_mode=rounding), f32(1, 2, 5, 6))
    for coordinates in COORDINATES for rounding in ROUNDINGS for scale in (2.0, 0.6)
    if coordinates == "half_pixel" or rounding == "round_prefer_floor"
] + [
    case("Interpolate", f"{mode} {coordinates} {sizes}", interpolate(mode, coordinates, sizes=sizes), f32(1, 2, 4, 5))
    for mode in ["linear", "linear_onnx", "cubic"] for coordinates in COORDINATES for sizes in [(7, 9), (3, 2)]
] + [
    case("Interpolate", f"{mode} {sizes}", interpolate(mode, "half_pixel", sizes=sizes, cube_coeff=-0.5), f32(1, 2, 6, 5))
    for mode in ["bilinear_pillow", "bicubic_pillow"] for sizes in [(9, 11), (3, 2)]
] + [
    case("Interpolate", "linear antialias", interpolate("linear", "half_pixel", sizes=(3, 2), antialias=True), f32(1, 2, 6, 5), reference=True),
    case("Interpolate", "pads", interpolate("nearest", "half_pixel", sizes=(6, 8), axes=(2, 3), pads_begin=[0, 0, 1, 0], pads_end=[0, 0, 0, 2]), f32(1, 2, 4, 5)),
    case("Interpolate", "cubic, other coefficient", interpolate("cubic", "half_pixel", sizes=(6, 8), cube_coeff=-0.5), f32(1, 2, 4, 5)),
    case("Interpolate", "opset4 sizes", interpolate4("linear_onnx", "half_pixel", (6, 8), (1.5, 1.6), "sizes"), f32(1, 2, 4, 5)),
    case("Interpolate", "opset4 scales", interpolate4("nearest", "asymmetric", (1, 1), (1.5, 1.6), "scales", nearest_mode="floor"), f32(1, 2, 4, 5)),
    case("Interpolate", "opset1 nearest", lambda x: op1.interpolate(x, ints(8, 10), {"axes": [2, 3], "mode": "nearest", "align_corners": False}), f32(1, 2, 4, 5)),
    case("Interpolate", "opset1 linear", lambda x: op1.interpolate(x, ints(7, 9), {"axes": [2, 3], "mode": "linear", "align_corners": True}), f32(1, 2, 4, 5)),
    case("Interpolate", "opset1 cubic", lambda x: op1.interpolate(x, ints(7, 9), {"axes": [2, 3], "mode": "cubic", "align_corners": False}), f32(1, 2, 4, 5)),
]

SEGMENTS = [
    case("SegmentMax", name, lambda x, count=count, filling=filling: create(
        "opset16", "SegmentMax", [x, ints(0, 0, 2, 2, 3)] + ([one(count)] if count else []), {"fill_mode": filling}), f32(5, 2, 2))
    for name, count, filling in [("as many as there are", None, "zero"), ("more", 6, "lowest"), ("fewer", 3, "zero")]
] + [
    case("SegmentMax", "segments of a request", lambda x, s: create("opset16", "SegmentMax", [x, s, one(4)], {"fill_mode": "zero"}),
         i32(4, 3), np.array([1, 1, 1, 3], np.int32)),
]

CASES = SPLITTING + GATHERING + SCATTERING + REARRANGING + SEARCHING + GENERATED + SEGMENTS + RESAMPLING
