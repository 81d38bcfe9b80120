#!/usr/bin/env python3
"""Writes what OpenVINO computes for small models of one operator each: the golden values of OperatorGoldenTests.

    make_operator_goldens.py [OPERATOR ...]

Every case becomes an IR (its XML as text, its weights in base64) with inputs and OpenVINO's outputs, in <operator>.json
beside this script: importer and operator are tested together. Without arguments all files are written, and files of
operators that are no longer here are removed. Inputs come from seeded generators, so the same OpenVINO gives the same bytes.

Needs: openvino 2026.4, numpy.
"""

import base64
import json
import pathlib
import re
import sys
import tempfile
import zlib

import numpy as np
import openvino as ov

from operator_cases import CASES

FOLDER = pathlib.Path(__file__).parent
CORE = ov.Core()


def number(value):
    """JSON has no infinities and no NaN."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    return float(value) if np.isfinite(value) else str(float(value))


def tensor(array):
    """A tensor as the test reads it; f32 keeps the nine digits that tell all its values apart."""
    array = np.asarray(array)
    values = [number(value) for value in array.reshape(-1)]
    if array.dtype == np.float32:
        values = [float(f"{value:.9g}") if isinstance(value, float) else value for value in values]
    return {"type": ov.Type(array.dtype).get_type_name(), "shape": list(array.shape), "values": values}


def ir(model):
    """The XML, without indentation and history, and the weights of a model."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.xml"
        ov.serialize(model, str(path))
        xml = path.read_text()
        weights = path.with_suffix(".bin").read_bytes()
    xml = re.sub(r"<rt_info>.*?</rt_info>", "", xml, flags=re.DOTALL)
    return re.sub(r">\s+<", "><", xml).strip(), weights


def infer(model, arrays):
    """What the CPU kernels give, in f32."""
    results = CORE.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(arrays)
    return [results[index] for index in range(len(model.outputs))]


def evaluate(model, arrays):
    """What the reference implementation of the operator gives."""
    results = [ov.Tensor(output.get_element_type(), output.get_shape()) for output in model.outputs]
    assert model.evaluate(results, [ov.Tensor(array) for array in arrays])
    return [result.data for result in results]


def record(case):
    """One case: the model, what goes in and what OpenVINO gives."""
    generator = np.random.default_rng(zlib.crc32(f"{case.operator} {case.name}".encode()))
    arrays = [make(generator) if callable(make) else np.asarray(make) for make in case.inputs]
    parameters = [
        ov.opset1.parameter(case.shapes[index] if case.shapes else array.shape, ov.Type(array.dtype), name=f"x{index}")
        for index, array in enumerate(arrays)
    ]
    node = case.build(*parameters)
    outputs = node if isinstance(node, (list, tuple)) else node.outputs()
    # What is kept for a next inference is no output.
    sinks = [output.get_node() for output in outputs if output.get_node().get_type_name() == "Assign"]
    outputs = [output for output in outputs if output.get_node().get_type_name() != "Assign"]
    for index, output in enumerate(outputs):
        output.get_tensor().set_names({f"y{index}"})
    model = ov.Model([ov.opset1.result(output) for output in outputs], sinks, parameters, case.operator)
    # Names that OpenVINO makes up count all nodes of the process.
    for index, operator in enumerate(model.get_ordered_ops()):
        operator.set_friendly_name(f"{operator.get_type_name()}_{index}")
    results = evaluate(model, arrays) if case.reference else infer(model, arrays)
    xml, weights = ir(model)
    return {
        "name": case.name, "tolerance": case.tolerance, "xml": xml, "weights": base64.b64encode(weights).decode(),
        "inputs": [tensor(array) for array in arrays],
        "outputs": [tensor(result) for result in results],
    }


def main():
    wanted = sys.argv[1:]
    cases = {}
    for case in CASES:
        cases.setdefault(case.operator, []).append(case)
    for operator, own in sorted(cases.items()):
        if wanted and operator not in wanted:
            continue
        text = json.dumps({"operator": operator, "cases": [record(case) for case in own]}, indent=1)
        # One number a line would make every file a thousand lines long.
        text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda match: "[" + re.sub(r"\s+", " ", match[1]) + "]", text)
        (FOLDER / f"{operator}.json").write_text(text + "\n")
        print(f"{operator}: {len(own)}")
    if not wanted:
        for path in FOLDER.glob("*.json"):
            if path.stem not in cases:
                path.unlink()


main()
