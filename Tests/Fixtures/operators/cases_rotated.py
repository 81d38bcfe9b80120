"""Turned boxes, regions of them, and regions whose bins move."""

import numpy as np
import openvino.opset1 as op1

from case import case, create, f32


def turned(images, count, seed=5):
    """Boxes of centre, size and angle that often overlap."""
    generator = np.random.default_rng(seed)
    centre, size = generator.uniform(0, 12, (images, count, 2)), generator.uniform(2, 8, (images, count, 2))
    return np.concatenate([centre, size, generator.uniform(-4, 4, (images, count, 1))], 2).astype(np.float32)


def suppression(limit=4, **attributes):
    attributes = {"sort_result_descending": True, "output_type": "i64", "clockwise": True} | attributes
    limits = [op1.constant(value) for value in (np.int64(limit), np.float32(0.3), np.float32(0.15))]
    return lambda boxes, scores: create("opset13", "NMSRotated", [boxes, scores, *limits], attributes)


def align(ratio=2, **attributes):
    attributes = {"pooled_h": 2, "pooled_w": 3, "sampling_ratio": ratio, "spatial_scale": 0.5, "clockwise_mode": True} | attributes
    images = op1.constant(np.array([0, 1, 1, 0]))
    return lambda x, regions: create("opset15", "ROIAlignRotated", [x, regions, images], attributes)


def moved(**attributes):
    attributes = {
        "output_dim": 4, "spatial_scale": 0.5, "group_size": 2, "mode": "bilinear_deformable", "spatial_bins_x": 3,
        "spatial_bins_y": 2, "trans_std": 0.3, "part_size": 2,
    } | attributes
    return lambda *x: create("opset1", "DeformablePSROIPooling", x, attributes)


MAP = f32(2, 3, 7, 8)
TURNED_REGIONS = np.array([[6, 5, 6, 4, 0.4], [4, 6, 9, 3, 2], [12, 10, 8, 6, -1.1], [7, 7, 30, 2, 0.7]], np.float32)
REGIONS = np.array([[0, 1, 1, 9, 9], [1, 2.4, 3.6, 8, 10], [1, 9, 8, 14, 13], [0, 5, 5, 5, 5]], np.float32)

CASES = [
    case("NMSRotated", name, suppression(**attributes), turned(2, 10), f32(2, 2, 10, low=0, high=1))
    for name, attributes in [
        ("best first", {}), ("counterclockwise", {"clockwise": False}), ("as they come", {"sort_result_descending": False, "output_type": "i32"}),
        ("all", {"limit": 100}),
    ]
] + [
    case("ROIAlignRotated", name, align(**attributes), MAP, TURNED_REGIONS, tolerance=2e-5)
    for name, attributes in [("clockwise", {}), ("counterclockwise", {"clockwise_mode": False}), ("a sample for each pixel", {"ratio": 0})]
] + [
    case("DeformablePSROIPooling", "one class", moved(), f32(2, 16, 6, 7), REGIONS, f32(4, 2, 2, 2, low=-1, high=1)),
    case("DeformablePSROIPooling", "two classes", moved(), f32(2, 16, 6, 7), REGIONS, f32(4, 4, 2, 2, low=-1, high=1)),
    case("DeformablePSROIPooling", "without offsets", moved(spatial_scale=0.4), f32(2, 16, 6, 7), REGIONS),
    case("DeformablePSROIPooling", "more parts than bins", moved(part_size=3), f32(2, 16, 6, 7), REGIONS, f32(4, 2, 3, 3, low=-1, high=1)),
]
