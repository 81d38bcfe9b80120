"""All cases of make_operator_goldens.py, by family of operators."""

import cases_color
import cases_compute
import cases_control_flow
import cases_detection
import cases_elementwise
import cases_fourier
import cases_movement
import cases_normalization
import cases_rotated

FAMILIES = [
    cases_color, cases_compute, cases_control_flow, cases_detection, cases_elementwise, cases_fourier, cases_movement,
    cases_normalization, cases_rotated,
]
CASES = [case for family in FAMILIES for case in family.CASES]
