"""Detection heads and attention."""

import numpy as np
import openvino.opset1 as op1
import openvino.opset2 as op2
import openvino.opset8 as op8
import openvino.opset9 as op9
import openvino.opset13 as op13

from case import boolean, case, create, f32


def ints(*values):
    return op1.constant(np.array(values, np.int64))


def priors(count):
    """Boxes in parts of the image, and variances."""
    generator = np.random.default_rng(count)
    corner, size = generator.uniform(0, 0.6, (count, 2)), generator.uniform(0.1, 0.4, (count, 2))
    boxes = np.concatenate([corner, corner + size], 1).reshape(-1)
    return np.stack([boxes, np.tile([0.1, 0.1, 0.2, 0.2], count)]).astype(np.float32)[None]


def detection_output(code_type, opset="opset8", **attributes):
    """Three classes over the priors."""
    attributes = {
        "background_label_id": 0, "top_k": 8, "variance_encoded_in_target": False, "keep_top_k": [6],
        "code_type": f"caffe.PriorBoxParameter.{code_type}", "share_location": True, "nms_threshold": 0.3,
        "confidence_threshold": 0.25, "clip_after_nms": False, "clip_before_nms": False, "decrease_label_id": False,
        "normalized": True, "input_height": 1, "input_width": 1, "objectness_score": 0.0,
    } | attributes
    return lambda boxes, scores: create(opset, "DetectionOutput", [boxes, scores, op1.constant(priors(12))], attributes)


CLUSTERED = {"width": [30.0, 60.0], "height": [40.0, 20.0], "offset": 0.5, "variance": [0.1, 0.1, 0.2, 0.2]}


def boxes(images, count, seed=1):
    """Corners y, x of boxes that often overlap."""
    generator = np.random.default_rng(seed)
    corner, size = generator.uniform(0, 8, (images, count, 2)), generator.uniform(1, 6, (images, count, 2))
    return np.concatenate([corner, corner + size], 2).astype(np.float32)


def non_max_suppression(opset, sigma=None, **attributes):
    """At most four boxes of each class."""
    limits = [op1.constant(value) for value in (np.int64(4), np.float32(0.3), np.float32(0.2))]
    limits += [op1.constant(np.float32(sigma))] if sigma is not None else []
    return lambda x, scores: create(opset, "NonMaxSuppression", [x, scores, *limits], attributes)


def chain(build):
    """Of a result that has as many rows as the values say, something of the operators that come next."""
    def build_chain(x, scores):
        taken = build(x, scores)
        picked = op8.gather(taken.output(0), ints(2), op1.constant(np.int64(1)))
        first = op8.gather(op1.reshape(x, ints(-1, 4), False), op1.reshape(picked, ints(-1), False), op1.constant(np.int64(0)))
        return [taken.output(0), op1.multiply(first, op1.constant(np.float32(2))).output(0), op1.shape_of(first).output(0)]
    return build_chain


def prior_box(opset="opset8", **attributes):
    """Around the cells of a feature map of 2 by 3 in an image of 40 by 60."""
    attributes = {"offset": 0.5, "variance": [0.1, 0.1, 0.2, 0.2], "clip": False, "flip": False, "step": 0.0} | attributes
    return lambda x: op1.multiply(x, create(opset, "PriorBox", [ints(2, 3), ints(40, 60)], attributes))


def proposal(opset="opset4", **attributes):
    """Six anchors on 3 by 4 cells."""
    attributes = {
        "base_size": 8, "pre_nms_topn": 40, "post_nms_topn": 9, "nms_thresh": 0.5, "feat_stride": 8, "min_size": 4,
        "ratio": [0.5, 1.0, 2.0], "scale": [1.0, 2.5],
    } | attributes
    image = op1.constant(np.array([24, 32, 1.25], np.float32))
    return lambda scores, offsets: create(opset, "Proposal", [scores, offsets, image], attributes)


PROPOSAL_INPUTS = f32(2, 12, 3, 4, low=0, high=1), f32(2, 24, 3, 4, low=-0.6, high=0.6)
#: Corners in an image of 24 by 28, some of them outside.
REGIONS = np.array([[1, 2, 20, 21], [4.4, 3.1, 9.8, 25], [-9, -7, 12, 5], [10, 10, 10.2, 10.4]], np.float32)
#: The same with their images in front.
IMAGE_REGIONS = np.concatenate([np.array([[0], [1], [1], [0]], np.float32), REGIONS], 1)
#: In parts of the image.
PARTS = np.array([[0, 0.1, 0.2, 0.9, 0.8], [1, 0, 0, 1, 1], [1, 0.4, 0.3, 0.45, 0.9]], np.float32)


def roi_align(opset, mode, ratio=2, **attributes):
    attributes = {"pooled_h": 3, "pooled_w": 2, "sampling_ratio": ratio, "spatial_scale": 0.25, "mode": mode} | attributes
    return lambda x, regions: create(opset, "ROIAlign", [x, regions, op1.constant(np.array([0, 1, 1, 0], np.int32))], attributes)


def roi_pooling(method, scale=0.25):
    attributes = {"output_size": [2, 3], "pooled_h": 2, "pooled_w": 3, "spatial_scale": scale, "method": method}
    return lambda x, regions: op2.roi_pooling(x, regions, [2, 3], scale, method)


def psroi_pooling(mode, **attributes):
    attributes = {"output_dim": 2, "group_size": 2, "spatial_scale": 0.25, "mode": mode} | attributes
    return lambda x, regions: create("opset1", "PSROIPooling", [x, regions], attributes)


def region_yolo(**attributes):
    attributes = {"coords": 4, "classes": 3, "num": 5, "axis": 1, "end_axis": 3} | attributes
    return lambda x: create("opset1", "RegionYolo", [x], attributes)


SIEVING = [
    case("NonMaxSuppression", f"{opset}{'' if sorts else ', unsorted'}",
         non_max_suppression(opset, box_encoding="corner", sort_result_descending=sorts), boxes(2, 12), f32(2, 3, 12, low=0, high=1))
    for opset in ["opset1", "opset3", "opset4", "opset5", "opset9"] for sorts in [True, False]
] + [
    case("NonMaxSuppression", "centres", non_max_suppression("opset9", box_encoding="center", output_type="i32"),
         boxes(1, 12), f32(1, 2, 12, low=0, high=1)),
    case("NonMaxSuppression", "flipped corners", non_max_suppression("opset9"), boxes(1, 12)[..., [2, 3, 0, 1]], f32(1, 2, 12, low=0, high=1)),
    case("NonMaxSuppression", "soft", non_max_suppression("opset5", sigma=0.4), boxes(2, 12), f32(2, 2, 12, low=0, high=1)),
    case("NonMaxSuppression", "soft, few overlaps", lambda x, scores: create("opset9", "NonMaxSuppression", [
        x, scores, op1.constant(np.int64(9)), op1.constant(np.float32(1)), op1.constant(np.float32(0.1)), op1.constant(np.float32(0.8))]),
         boxes(1, 9), f32(1, 2, 9, low=0, high=1)),
    # Without its count, which OpenVINO does not set.
    case("NonMaxSuppression", "nothing", lambda x, scores: op9.non_max_suppression(x, scores).outputs()[:2], boxes(1, 4), f32(1, 2, 4, low=0, high=1)),
    case("NonMaxSuppression", "none above the threshold", non_max_suppression("opset9"), boxes(1, 4), f32(1, 2, 4, low=-1, high=0)),
    case("NonMaxSuppression", "an overlap that equals the threshold", lambda x, scores: op9.non_max_suppression(
        x, scores, op1.constant(np.int64(3)), op1.constant(np.float32(0.5))),
         np.array([[[0, 0, 1, 1], [0, 0, 1, 2], [0, 5, 1, 6]]], np.float32), np.array([[[0.9, 0.8, 0.3]]], np.float32)),
    case("NonMaxSuppression", "with what follows", chain(non_max_suppression("opset9")), boxes(1, 12), f32(1, 3, 12, low=0, high=1)),
    case("Proposal", "opset1", proposal("opset1"), *PROPOSAL_INPUTS),
    case("Proposal", "opset4", proposal(), *PROPOSAL_INPUTS),
    case("Proposal", "clipped after, normalized", proposal(clip_before_nms=False, clip_after_nms=True, normalize=True), *PROPOSAL_INPUTS),
    case("Proposal", "TensorFlow", proposal(framework="tensorflow", box_size_scale=5.0, box_coordinate_scale=10.0), *PROPOSAL_INPUTS),
    # Without scores, which OpenVINO leaves to chance where regions are missing.
    case("Proposal", "fewer than wanted", lambda *x: proposal(post_nms_topn=14, nms_thresh=0.2)(*x).outputs()[:1], *PROPOSAL_INPUTS),
]

def left_top_boxes(images, count, scale=1.0, seed=2):
    """Corners x, y of boxes that often overlap."""
    return boxes(images, count, seed)[..., [1, 0, 3, 2]] * np.float32(scale)


def multiclass(operator, opset="opset8", **attributes):
    attributes = {
        "sort_result_type": "none", "sort_result_across_batch": False, "output_type": "i64", "score_threshold": 0.3,
        "nms_top_k": 8, "keep_top_k": 9, "background_class": 0, "normalized": True,
    } | attributes
    return lambda x, scores: create(opset, operator, [x, scores], attributes)


MULTICLASS_INPUTS = left_top_boxes(2, 12), f32(2, 3, 12, low=0, high=1)
MULTICLASS = [
    case("MulticlassNms", name, multiclass("MulticlassNms", opset, **({"iou_threshold": 0.4} | attributes)), *MULTICLASS_INPUTS)
    for name, opset, attributes in [
        ("by score", "opset8", {"sort_result_type": "score"}), ("by class", "opset9", {"sort_result_type": "classid"}),
        ("across images", "opset9", {"sort_result_type": "score", "sort_result_across_batch": True}),
        ("shrinking threshold", "opset9", {"sort_result_type": "score", "iou_threshold": 0.8, "nms_eta": 0.8, "output_type": "i32"}),
        ("pixels", "opset9", {"sort_result_type": "classid", "sort_result_across_batch": True, "normalized": False, "keep_top_k": -1}),
    ]
] + [
    case("MatrixNms", name, multiclass("MatrixNms", **attributes), *MULTICLASS_INPUTS)
    for name, attributes in [
        ("linear", {"sort_result_type": "score", "post_threshold": 0.1}),
        ("gaussian", {"sort_result_type": "score", "decay_function": "gaussian", "gaussian_sigma": 1.5}),
        ("by class", {"sort_result_type": "classid", "sort_result_across_batch": True, "keep_top_k": 6}),
        ("pixels", {"sort_result_type": "score", "sort_result_across_batch": True, "normalized": False, "background_class": -1}),
    ]
]

def anchors(rows, columns, seed=4):
    """Three boxes around each cell of an image of 48 by 64."""
    generator = np.random.default_rng(seed)
    centres = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1)[:, :, None] * 16 + 8
    half = generator.uniform(4, 14, (rows, columns, 3, 2))
    return np.concatenate([centres - half, centres + half], -1).astype(np.float32)


def proposals(scores, offsets, **attributes):
    attributes = {"min_size": 4.0, "nms_threshold": 0.4, "pre_nms_count": 30, "post_nms_count": 8} | attributes
    image = op1.constant(np.array([48, 64, 1], np.float32))
    boxes_of_cells = op1.constant(anchors(3, 4).reshape(-1, 4))
    return create("opset6", "ExperimentalDetectronGenerateProposalsSingleImage", [image, boxes_of_cells, offsets, scores], attributes)


def batched_proposals(**attributes):
    attributes = {
        "min_size": 4.0, "nms_threshold": 0.4, "pre_nms_count": 30, "post_nms_count": 8, "normalized": False,
        "nms_eta": 1.0, "roi_num_type": "i32",
    } | attributes
    images = op1.constant(np.array([[48, 64, 1], [40, 60, 1]], np.float32))
    return lambda scores, offsets: create(
        "opset9", "GenerateProposals", [images, op1.constant(anchors(3, 4)), offsets, scores], attributes)


def detections(**attributes):
    attributes = {
        "score_threshold": 0.3, "nms_threshold": 0.4, "num_classes": 3, "post_nms_count": 20, "max_detections_per_image": 10,
        "class_agnostic_box_regression": False, "max_delta_log_wh": 1.5, "deltas_weights": [10.0, 10.0, 5.0, 5.0],
    } | attributes
    image = op1.constant(np.array([[48, 64, 1]], np.float32))
    return lambda x, offsets, scores: create("opset6", "ExperimentalDetectronDetectionOutput", [x, offsets, scores, image], attributes)


PYRAMID_REGIONS = np.array([[1, 2, 30, 31], [0, 0, 300, 250], [40, 40, 200, 250], [9, 9, 9, 20], [2, 0, 500, 300]], np.float32)


def features(**attributes):
    attributes = {"output_size": 3, "sampling_ratio": 2, "pyramid_scales": [8, 16], "aligned": False} | attributes
    return lambda x, *levels: create("opset6", "ExperimentalDetectronROIFeatureExtractor", [x, *levels], attributes)


def prior_grid(**attributes):
    attributes = {"flatten": True, "h": 0, "w": 0, "stride_x": 0.0, "stride_y": 0.0} | attributes
    return lambda x, *maps: create("opset6", "ExperimentalDetectronPriorGridGenerator", [x, *maps], attributes)


LEVELS = f32(1, 2, 32, 40), f32(1, 2, 16, 20)
DETECTRON = [
    case("ExperimentalDetectronGenerateProposalsSingleImage", "all kept", lambda scores, offsets: proposals(scores, offsets), f32(3, 3, 4, low=0, high=1), f32(12, 3, 4, low=-0.5, high=0.5)),
    case("ExperimentalDetectronGenerateProposalsSingleImage", "fewer than wanted", lambda scores, offsets: proposals(
        scores, offsets, nms_threshold=0.05, post_nms_count=20, pre_nms_count=50), f32(3, 3, 4, low=0, high=1), f32(12, 3, 4, low=-0.5, high=0.5)),
    case("GenerateProposals", "pixels", batched_proposals(), f32(2, 3, 3, 4, low=0, high=1), f32(2, 12, 3, 4, low=-0.5, high=0.5)),
    case("GenerateProposals", "normalized", batched_proposals(normalized=True, roi_num_type="i64"), f32(2, 3, 3, 4, low=0, high=1), f32(2, 12, 3, 4, low=-0.5, high=0.5)),
    case("ExperimentalDetectronDetectionOutput", "some missing", detections(score_threshold=0.6), left_top_boxes(1, 12, 4)[0], f32(12, 12, low=-2, high=2), f32(12, 3, low=0, high=1)),
    case("ExperimentalDetectronDetectionOutput", "the best", detections(max_detections_per_image=5, nms_threshold=0.7), left_top_boxes(1, 12, 4)[0], f32(12, 12, low=-2, high=2), f32(12, 3, low=0, high=1)),
    case("ExperimentalDetectronROIFeatureExtractor", "two levels", features(), PYRAMID_REGIONS, *LEVELS, tolerance=2e-5),
    case("ExperimentalDetectronROIFeatureExtractor", "aligned", features(aligned=True, sampling_ratio=0), PYRAMID_REGIONS, *LEVELS, tolerance=2e-5),
    case("ExperimentalDetectronPriorGridGenerator", "flat", prior_grid(), f32(3, 4), f32(1, 2, 2, 3), f32(1, 3, 32, 48)),
    case("ExperimentalDetectronPriorGridGenerator", "steps and cells", prior_grid(flatten=False, h=2, w=3, stride_x=5.0, stride_y=7.0), f32(3, 4), f32(1, 2, 2, 3), f32(1, 3, 32, 48)),
    case("ExperimentalDetectronTopKROIs", "the best", lambda x, scores: create("opset6", "ExperimentalDetectronTopKROIs", [x, scores], {"max_rois": 3}), f32(6, 4), f32(6)),
]

PRIORS = [
    case("PriorBox", name, prior_box(opset, **attributes), f32(2, 1))
    for name, opset, attributes in [
        ("opset1", "opset1", {"min_size": [8.0, 20.0], "max_size": [14.0, 30.0], "aspect_ratio": [2.0]}),
        ("opset8, flipped, clipped", "opset8", {"min_size": [8.0], "max_size": [14.0], "aspect_ratio": [2.0, 1.0], "flip": True, "clip": True}),
        ("rectangles first", "opset8", {"min_size": [8.0], "max_size": [14.0], "aspect_ratio": [2.0], "min_max_aspect_ratios_order": False}),
        ("step and offset", "opset8", {"min_size": [8.0], "aspect_ratio": [3.0], "step": 12.0, "offset": 0.25}),
        ("one variance", "opset8", {"min_size": [8.0], "variance": [0.3]}),
        ("as MXNet", "opset8", {"min_size": [0.2, 0.3, 0.5], "aspect_ratio": [2.0, 0.5], "scale_all_sizes": False, "step": -1.0}),
        ("fixed sizes", "opset8", {"fixed_size": [12.0, 20.0], "fixed_ratio": [2.0], "density": [2.0, 1.0]}),
        ("fixed sizes, other ratios", "opset8", {"fixed_size": [12.0], "aspect_ratio": [2.0], "density": [2.0]}),
    ]
]

REGION_POOLING = [
    case("ROIAlign", f"opset3 {mode}, ratio {ratio}", roi_align("opset3", mode, ratio), f32(2, 3, 6, 7), REGIONS, tolerance=2e-5)
    for mode in ["avg", "max"] for ratio in [0, 2]
] + [
    case("ROIAlign", f"opset9 {alignment}", roi_align("opset9", "avg", aligned_mode=alignment), f32(2, 3, 6, 7), REGIONS, tolerance=2e-5)
    for alignment in ["asymmetric", "half_pixel_for_nn", "half_pixel"]
] + [
    case("ROIPooling", "maximum", roi_pooling("max"), f32(2, 3, 6, 7), IMAGE_REGIONS),
    case("ROIPooling", "bilinear", roi_pooling("bilinear", 1.0), f32(2, 3, 6, 7), PARTS),
    case("PSROIPooling", "average", psroi_pooling("average"), f32(2, 8, 6, 7), IMAGE_REGIONS[[0, 1]]),
    case("PSROIPooling", "bilinear", psroi_pooling("bilinear", spatial_scale=1.0, spatial_bins_x=3, spatial_bins_y=2), f32(2, 12, 6, 7), PARTS),
    case("RegionYolo", "v2", region_yolo(do_softmax=True, mask=[]), f32(2, 40, 2, 3)),
    case("RegionYolo", "v2, width kept", region_yolo(do_softmax=True, mask=[], end_axis=2), f32(1, 40, 2, 3)),
    case("RegionYolo", "v3", region_yolo(do_softmax=False, mask=[0, 1, 2]), f32(2, 24, 2, 3)),
    case("ReorgYolo", "stride 2", lambda x: create("opset2", "ReorgYolo", [x], {"stride": [2]}), f32(2, 8, 4, 6)),
]

HEADS = [
    case("DetectionOutput", "centre and size", detection_output("CENTER_SIZE"), f32(2, 48, low=-1, high=1), f32(2, 36, low=0, high=1)),
    case("DetectionOutput", "corners, clipped", detection_output("CORNER", clip_before_nms=True, clip_after_nms=True), f32(1, 48, low=-1, high=1), f32(1, 36, low=0, high=1)),
    case("DetectionOutput", "opset1, few detections", detection_output("CENTER_SIZE", "opset1", num_classes=3, confidence_threshold=0.9), f32(2, 48, low=-1, high=1), f32(2, 36, low=0, high=1)),
    case("PriorBoxClustered", "step", lambda x: op1.add(x, create("opset1", "PriorBoxClustered", [ints(2, 3), ints(90, 120)], CLUSTERED | {"step": 16.0, "clip": True})), f32(1, 48)),
    case("PriorBoxClustered", "shares of the image", lambda x: op1.add(x, create("opset1", "PriorBoxClustered", [ints(2, 3), ints(90, 120)], CLUSTERED | {"clip": False, "step_w": 0.0, "step_h": 0.0, "step": 0.0})), f32(1, 48)),
    case("ScaledDotProductAttention", "plain", lambda q, k, v: op13.scaled_dot_product_attention(q, k, v), f32(2, 3, 4, 5), f32(2, 3, 6, 5), f32(2, 3, 6, 2)),
    case("ScaledDotProductAttention", "causal", lambda q, k, v: op13.scaled_dot_product_attention(q, k, v, causal=True), f32(1, 2, 4, 5), f32(1, 2, 4, 5), f32(1, 2, 4, 5)),
    case("ScaledDotProductAttention", "added mask and scale", lambda q, k, v, m: op13.scaled_dot_product_attention(q, k, v, m, op1.constant(np.float32(0.3))), f32(2, 3, 4, 5), f32(2, 3, 6, 5), f32(2, 3, 6, 5), f32(1, 1, 4, 6)),
    case("ScaledDotProductAttention", "mask of truth values", lambda q, k, v: op13.scaled_dot_product_attention(q, k, v, op1.constant(np.array([[True, False, True], [False, True, True]]))), f32(1, 2, 2, 5), f32(1, 2, 3, 5), f32(1, 2, 3, 5)),
]

CASES = SIEVING + MULTICLASS + DETECTRON + PRIORS + REGION_POOLING + HEADS
