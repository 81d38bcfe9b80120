"""All cases of make_operator_goldens.py, by family of operators."""

import cases_compute
import cases_detection
import cases_elementwise
import cases_movement
import cases_normalization

CASES = (
    cases_compute.CASES + cases_detection.CASES + cases_elementwise.CASES + cases_movement.CASES + cases_normalization.CASES
)
