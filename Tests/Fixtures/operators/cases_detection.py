"""Detection heads and attention."""

import numpy as np
import openvino.opset1 as op1
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

CASES = [
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
