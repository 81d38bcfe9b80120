"""What is sent."""

import ml_dtypes
import numpy as np
import tritonclient.http as triton

NUMPY_TYPES = {
    "FP64": np.float64,
    "FP32": np.float32,
    "FP16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "INT64": np.int64,
    "INT32": np.int32,
    "INT16": np.int16,
    "INT8": np.int8,
    "UINT64": np.uint64,
    "UINT32": np.uint32,
    "UINT16": np.uint16,
    "UINT8": np.uint8,
    "BOOL": np.bool_,
}
TYPES_WITHOUT_JSON = {"FP16", "BF16"}
CODINGS = (None, "gzip", "deflate")

DIGIT = np.array(
    [
        [0, 4, 16, 15, 2, 0, 0, 0],
        [0, 11, 15, 15, 7, 0, 0, 0],
        [0, 9, 10, 6, 14, 0, 0, 0],
        [0, 0, 0, 7, 15, 0, 0, 0],
        [0, 0, 0, 13, 10, 0, 0, 0],
        [0, 0, 1, 16, 7, 2, 2, 0],
        [0, 1, 12, 16, 15, 16, 15, 0],
        [0, 4, 16, 16, 16, 12, 11, 0],
    ],
    dtype=np.float32,
).reshape(1, 1, 8, 8)


def digit(binary=True, rows=1):
    tensor = triton.InferInput("image", [rows, 1, 8, 8], "FP32")
    tensor.set_data_from_numpy(np.repeat(DIGIT, rows, axis=0), binary_data=binary)
    return tensor


def wanted(binary, **options):
    return triton.InferRequestedOutput("probabilities", binary_data=binary, **options)


def extremes(name):
    """Two rows of values at the ends of a type's range."""
    numpy_type = NUMPY_TYPES[name]
    if name == "BOOL":
        return np.array([[True, False, True], [False, False, True]])
    if np.issubdtype(numpy_type, np.integer):
        limits = np.iinfo(numpy_type)
        return np.array([[limits.min, limits.max, 0], [1, 2, limits.max - 1]], dtype=numpy_type)
    limits = ml_dtypes.finfo(numpy_type)
    return np.array(
        [[limits.min, limits.max, 0.1], [limits.smallest_normal, -0.0, 1 / 3]], dtype=numpy_type
    )
