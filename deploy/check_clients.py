"""Every call of tritonclient.http and its asyncio twin against `octet serve`, and what perf_analyzer and clients of
TensorFlow Serving send.

Run by deploy/check-clients, which installs the clients. The models are `digits`, which octet has inside, and one that this
file writes: it answers its inputs, one of each type, as they are, so that what comes back can be compared bit by bit.
"""

import asyncio
import base64
import gzip
import http.client
import io
import json
import os
import re
import subprocess
import tempfile
import unittest
import zlib

import ml_dtypes
import numpy as np
import PIL.Image
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

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


PICTURE = {"resize": "crop", "crop_percent": 80, "colors": "bgr", "mean": [1, 2, 3], "scale": [0.5, 1, 2]}

# MARK: The server


def identity_model(types, shape=("?", 3)):
    """An IR that answers each input as it is. The type's name is the input's, too."""
    dimensions = "".join(f"<dim>{str(extent).replace('?', '-1')}</dim>" for extent in shape)
    layers, edges = [], []
    for index, name in enumerate(types):
        element = {"FP": "f", "BF": "bf", "IN": "i", "UI": "u", "BO": "boolean"}[name[:2]]
        if name != "BOOL":
            element += re.sub(r"\D", "", name)
        precision = {"i": "I", "u": "U"}.get(element[0], "") + element[1:] if name[:2] in ("IN", "UI") else name
        port = f'<port id="0" precision="{precision}">{dimensions}</port>'
        layers.append(
            f'<layer id="{2 * index}" name="{name}" type="Parameter" version="opset1">'
            f'<data shape="{",".join(map(str, shape))}" element_type="{element}"/><output>{port}</output></layer>'
            f'<layer id="{2 * index + 1}" name="copy of {name}" type="Result" version="opset1">'
            f"<input>{port}</input></layer>"
        )
        edges.append(f'<edge from-layer="{2 * index}" from-port="0" to-layer="{2 * index + 1}" to-port="0"/>')
    return f'<net name="copies" version="11"><layers>{"".join(layers)}</layers><edges>{"".join(edges)}</edges></net>'


class Server:
    """An `octet serve` on a port of its own, for as long as the tests run."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="octet-clients-")
        self.write("copies.xml", identity_model(NUMPY_TYPES))
        self.write("copies.bin", "")
        for name in NUMPY_TYPES:
            self.write(f"copy_{name}.xml", identity_model([name]))
            self.write(f"copy_{name}.bin", "")
        self.write("picture.xml", identity_model(["FP32"], (1, 3, 24, 32)))
        self.write("picture.bin", "")
        for version in (1, 2, 10):
            self.write(f"versioned/{version}/model.xml", identity_model(["INT32"], ("?", version)))
            self.write(f"versioned/{version}/model.bin", "")
        labels = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        models = [
            {"name": "digits", "path": "embedded:digits", "labels": labels},
            {"name": "copies", "path": "copies.xml"},
            {
                "name": "versioned",
                "path": "versioned",
                "versions": {"latest": 2},
                "version_labels": {"stable": 2, "canary": 10},
            },
            {"name": "picture", "path": "picture.xml", "picture": PICTURE},
            {
                "name": "drawn",
                "path": "embedded:digits",
                "labels": labels,
                "picture": {"colors": "gray", "mean": [255], "scale": [-15.9375]},
            },
        ] + [{"name": f"copy_{name}", "path": f"copy_{name}.xml"} for name in NUMPY_TYPES]
        configuration = {
            "listen": {"port": 0},
            "models": models,
            "limits": {"body_bytes": 32 << 20},
            "repository": {"changes": True},
        }
        self.write("config.json", json.dumps(configuration))
        self.process = subprocess.Popen(
            [os.environ["OCTET"], "serve", "--config", os.path.join(self.folder.name, "config.json")],
            stderr=subprocess.PIPE,
            text=True,
        )
        said = ""
        for line in self.process.stderr:
            said += line
            if match := re.search(r"listening .*port=(\d+)", line):
                self.address = f"127.0.0.1:{match[1]}"
                break
        else:
            raise RuntimeError(f"octet does not serve: {said}")

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def stop(self):
        self.process.terminate()
        # Read to the end, or a server that has much to say would wait for a reader.
        self.process.communicate(timeout=60)
        self.folder.cleanup()
        return self.process.returncode

    def request(self, method, path, body=None, headers=None):
        """One request without any client library: status, headers, body."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def setUpModule():
    global server
    server = Server()


def tearDownModule():
    status = server.stop()
    assert status == 0, f"octet ended with {status}"


# MARK: What is sent


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


# MARK: The blocking client


class BlockingClient(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(server.address, concurrency=4)
        self.addCleanup(self.client.close)

    def assertRefused(self, status, pattern, call, *arguments, **options):
        with self.assertRaises(InferenceServerException) as context:
            call(*arguments, **options)
        self.assertEqual(context.exception.status(), str(status))
        self.assertRegex(context.exception.message(), pattern)

    def assertIsTheDigit(self, result, rows=1, name="probabilities"):
        values = result.as_numpy(name)
        self.assertEqual((values.shape, values.dtype), ((rows, 10), np.float32))
        np.testing.assert_array_equal(values.argmax(axis=1), [2] * rows)
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-5)

    # Health and metadata

    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("digits"))
        self.assertTrue(self.client.is_model_ready("digits", "1"))
        self.assertFalse(self.client.is_model_ready("digits", "7"))
        self.assertFalse(self.client.is_model_ready("unknown"))
        self.assertFalse(self.client.is_model_ready("a b/c"))

    def test_server_metadata(self):
        metadata = self.client.get_server_metadata()
        self.assertEqual(metadata["name"], "octet")
        for extension in ("binary_tensor_data", "classification", "model_configuration", "statistics"):
            self.assertIn(extension, metadata["extensions"])
        self.assertNotIn("system_shared_memory", metadata["extensions"])

    def test_model_metadata(self):
        for metadata in (self.client.get_model_metadata("digits"), self.client.get_model_metadata("digits", "1")):
            self.assertEqual((metadata["name"], metadata["versions"]), ("digits", ["1"]))
            self.assertEqual(metadata["inputs"], [{"name": "image", "datatype": "FP32", "shape": [-1, 1, 8, 8]}])
            self.assertEqual(metadata["outputs"][0]["name"], "probabilities")
        types = {port["name"]: port["datatype"] for port in self.client.get_model_metadata("copies")["inputs"]}
        self.assertEqual(types, {name: name for name in NUMPY_TYPES})
        self.assertRefused(404, "no model 'unknown'", self.client.get_model_metadata, "unknown")
        self.assertRefused(404, "no version 2", self.client.get_model_metadata, "digits", "2")

    def test_model_configuration(self):
        configuration = self.client.get_model_config("digits")
        self.assertEqual(configuration["max_batch_size"], 8)
        self.assertEqual(configuration["input"][0]["data_type"], "TYPE_FP32")
        self.assertEqual(configuration["input"][0]["dims"], [1, 8, 8])
        self.assertEqual(configuration["output"][0]["dims"], [10])
        self.assertRefused(404, "no model", self.client.get_model_config, "unknown", "1")

    def test_statistics_grow_with_requests(self):
        def success(statistics):
            return statistics["model_stats"][0]["inference_stats"]["success"]["count"]

        before = success(self.client.get_inference_statistics("digits"))
        self.client.infer("digits", [digit(rows=3)])
        after = self.client.get_inference_statistics("digits", "1")
        self.assertEqual(success(after), before + 1)
        batches = {batch["batch_size"]: batch for batch in after["model_stats"][0]["batch_stats"]}
        self.assertGreater(batches[3]["compute_infer"]["ns"], 0)
        names = [model["name"] for model in self.client.get_inference_statistics()["model_stats"]]
        self.assertIn("copies", names)

    def test_repository_index(self):
        index = self.client.get_model_repository_index()
        self.assertIn({"name": "digits", "version": "1", "state": "READY", "reason": ""}, index)

    def test_versions(self):
        self.assertEqual(self.client.get_model_metadata("versioned")["versions"], ["2", "10"])
        for version, width in (("2", 2), ("10", 10), ("", 10)):
            tensor = triton.InferInput("INT32", [1, width], "INT32")
            tensor.set_data_from_numpy(np.arange(width, dtype=np.int32).reshape(1, width))
            result = self.client.infer("versioned", [tensor], model_version=version)
            self.assertEqual(result.get_response()["model_version"], version or "10")
            self.assertEqual(result.as_numpy("INT32").tolist(), [list(range(width))])
        self.assertFalse(self.client.is_model_ready("versioned", "1"))
        states = [(model["version"], model["state"]) for model in self.client.get_model_repository_index()
                  if model["name"] == "versioned"]
        self.assertEqual(states, [("2", "READY"), ("10", "READY")])

    def test_models_come_and_go(self):
        name = "copy_INT8"
        tensor = triton.InferInput("INT8", [1, 3], "INT8")
        tensor.set_data_from_numpy(np.array([[1, 2, 3]], np.int8))
        self.client.unload_model(name)
        self.assertFalse(self.client.is_model_ready(name))
        self.assertTrue(self.client.is_server_ready())
        self.assertRefused(503, "not loaded", self.client.infer, name, [tensor])
        states = {model["name"]: model["state"] for model in self.client.get_model_repository_index()}
        self.assertEqual((states[name], states["digits"]), ("UNAVAILABLE", "READY"))
        self.client.load_model(name)
        self.assertTrue(self.client.is_model_ready(name))
        np.testing.assert_array_equal(self.client.infer(name, [tensor]).as_numpy("INT8"), [[1, 2, 3]])
        self.assertRefused(404, "no model", self.client.load_model, "unknown")
        self.assertRefused(404, "no model", self.client.unload_model, "unknown")
        self.assertRefused(400, "own files", self.client.load_model, name, config="{}")
        self.assertRefused(400, "own files", self.client.load_model, name, config="{}", files={"file:1/a": b"a"})

    def test_settings_are_shown_and_cannot_be_changed(self):
        self.assertEqual(self.client.get_trace_settings()["trace_level"], ["OFF"])
        self.assertEqual(self.client.get_trace_settings("digits")["trace_level"], ["OFF"])
        self.assertEqual(self.client.update_trace_settings(settings={"trace_rate": None})["trace_level"], ["OFF"])
        self.assertRefused(
            400, "tracing is not supported", self.client.update_trace_settings, "digits", {"trace_level": ["TIMESTAMPS"]}
        )
        settings = self.client.get_log_settings()
        self.assertEqual(settings["log_error"], True)
        self.assertEqual(self.client.update_log_settings({"log_error": True}), settings)
        self.assertRefused(400, "log.level", self.client.update_log_settings, {"log_verbose_level": 9})

    def test_shared_memory_is_not_there(self):
        self.assertEqual(self.client.get_system_shared_memory_status(), [])
        self.assertEqual(self.client.get_cuda_shared_memory_status(), [])
        self.client.unregister_system_shared_memory()
        self.client.unregister_cuda_shared_memory()
        self.assertRefused(
            400, "shared memory", self.client.register_system_shared_memory, "region", "/key", 64
        )
        self.assertRefused(
            400, "shared memory", self.client.register_cuda_shared_memory, "region", b"handle", 0, 64
        )
        tensor = triton.InferInput("image", [1, 1, 8, 8], "FP32")
        tensor.set_shared_memory("region", 256)
        self.assertRefused(400, "shared memory", self.client.infer, "digits", [tensor])
        output = triton.InferRequestedOutput("probabilities")
        output.set_shared_memory("region", 40)
        self.assertRefused(400, "shared memory", self.client.infer, "digits", [digit()], outputs=[output])

    # Inference

    def test_every_way_to_send_and_to_receive(self):
        reference = self.client.infer("digits", [digit()]).as_numpy("probabilities")
        for binary_input in (True, False):
            for outputs in (None, [wanted(True)], [wanted(False)]):
                for request in CODINGS:
                    for response in CODINGS:
                        with self.subTest(binary=binary_input, outputs=outputs, request=request, response=response):
                            result = self.client.infer(
                                "digits",
                                [digit(binary_input)],
                                outputs=outputs,
                                request_compression_algorithm=request,
                                response_compression_algorithm=response,
                            )
                            self.assertIsTheDigit(result)
                            # A float of JSON reads back as the same float.
                            np.testing.assert_array_equal(result.as_numpy("probabilities"), reference)

    def test_versions_identifiers_and_parameters(self):
        result = self.client.infer(
            "digits",
            [digit()],
            model_version="1",
            request_id="seven of nine",
            priority=1,
            timeout=5_000_000,
            parameters={"note": "text", "number": 7, "real": 0.5, "yes": True},
            headers={"X-Note": "any"},
            query_params={"key": "value"},
        )
        self.assertIsTheDigit(result)
        response = result.get_response()
        self.assertEqual((response["id"], response["model_name"]), ("seven of nine", "digits"))
        self.assertEqual(response["model_version"], "1")
        self.assertEqual(result.get_output("probabilities")["parameters"]["binary_data_size"], 40)

    def test_asynchronous_requests(self):
        requests = [
            self.client.async_infer("digits", [digit(rows=1 + index % 4)], request_id=str(index))
            for index in range(32)
        ]
        for index, request in enumerate(requests):
            result = request.get_result()
            self.assertEqual(result.get_response()["id"], str(index))
            self.assertIsTheDigit(result, rows=1 + index % 4)
        with self.assertRaises(InferenceServerException):
            self.client.async_infer("unknown", [digit()]).get_result()

    def test_bodies_made_and_read_apart_from_the_client(self):
        body, length = triton.InferenceServerClient.generate_request_body([digit()], outputs=[wanted(True)])
        status, headers, answer = server.request(
            "POST", "/v2/models/digits/infer", body, {"Inference-Header-Content-Length": str(length)}
        )
        self.assertEqual((status, headers["Content-Type"]), (200, "application/octet-stream"))
        result = triton.InferenceServerClient.parse_response_body(
            answer, header_length=int(headers["Inference-Header-Content-Length"])
        )
        self.assertIsTheDigit(result)

    def test_every_type_comes_back_bit_by_bit(self):
        for request, response in ((None, None), ("gzip", "deflate"), ("deflate", "gzip")):
            for binary in (True, False):
                inputs = []
                for name in NUMPY_TYPES:
                    tensor = triton.InferInput(name, [2, 3], name)
                    in_binary = binary or name in TYPES_WITHOUT_JSON
                    tensor.set_data_from_numpy(extremes(name), binary_data=in_binary)
                    inputs.append(tensor)
                outputs = [
                    triton.InferRequestedOutput(name, binary_data=binary or name in TYPES_WITHOUT_JSON)
                    for name in NUMPY_TYPES
                ]
                result = self.client.infer(
                    "copies",
                    inputs,
                    outputs=outputs,
                    request_compression_algorithm=request,
                    response_compression_algorithm=response,
                )
                for name in NUMPY_TYPES:
                    with self.subTest(type=name, binary=binary, coding=request):
                        self.assertEqual(result.as_numpy(name).tobytes(), extremes(name).tobytes())

    def test_what_is_not_a_number(self):
        values = np.array([[np.nan, np.inf, -np.inf]])
        for name in ("FP32", "FP64"):
            tensor = triton.InferInput(name, [1, 3], name)
            tensor.set_data_from_numpy(values.astype(NUMPY_TYPES[name]), binary_data=False)
            exact = self.client.infer(f"copy_{name}", [tensor]).as_numpy(name)
            np.testing.assert_array_equal(exact, values)
            output = triton.InferRequestedOutput(name, binary_data=False)
            # JSON has no word for these; the client reads null as NaN.
            text = self.client.infer(f"copy_{name}", [tensor], outputs=[output]).as_numpy(name)
            self.assertTrue(np.isnan(text).all())

    def test_tensors_without_elements(self):
        tensor = triton.InferInput("FP32", [0, 3], "FP32")
        tensor.set_data_from_numpy(np.zeros((0, 3), np.float32))
        for outputs in (None, [triton.InferRequestedOutput("FP32", binary_data=False)]):
            result = self.client.infer("copy_FP32", [tensor], outputs=outputs)
            self.assertEqual(result.get_output("FP32")["shape"], [0, 3])

    def test_outputs_come_in_the_order_that_was_asked_for(self):
        inputs = []
        for name in NUMPY_TYPES:
            tensor = triton.InferInput(name, [2, 3], name)
            tensor.set_data_from_numpy(extremes(name))
            inputs.append(tensor)
        names = ["UINT8", "FP64", "INT32"]
        outputs = [triton.InferRequestedOutput(name, binary_data=name != "FP64") for name in names]
        result = self.client.infer("copies", list(reversed(inputs)), outputs=outputs)
        self.assertEqual([output["name"] for output in result.get_response()["outputs"]], names)
        for name in names:
            np.testing.assert_array_equal(result.as_numpy(name), extremes(name))

    def test_classification(self):
        for binary in (True, False):
            result = self.client.infer("digits", [digit(rows=2)], outputs=[wanted(binary, class_count=3)])
            self.assertEqual(result.get_output("probabilities")["datatype"], "BYTES")
            classes = result.as_numpy("probabilities")
            self.assertEqual(classes.shape, (2, 3))
            texts = [text.decode() if isinstance(text, bytes) else text for text in classes.flatten()]
            value, place, label = texts[0].split(":")
            self.assertEqual((place, label), ("2", "two"))
            self.assertGreater(float(value), 0.9)
            self.assertEqual(texts[:3], texts[3:])
            values = [float(text.split(":")[0]) for text in texts[:3]]
            self.assertEqual(values, sorted(values, reverse=True))

    # What is refused

    def test_requests_that_the_model_does_not_take(self):
        def image(shape, datatype="FP32", numpy_type=np.float32, name="image"):
            tensor = triton.InferInput(name, shape, datatype)
            tensor.set_data_from_numpy(np.zeros(shape, numpy_type))
            return tensor

        infer = self.client.infer
        self.assertRefused(404, "no model 'unknown'", infer, "unknown", [digit()])
        self.assertRefused(404, "no version 9", infer, "digits", [digit()], model_version="9")
        self.assertRefused(404, "not a version", infer, "digits", [digit()], model_version="latest")
        self.assertRefused(400, "takes shape", infer, "digits", [image([1, 1, 8, 9])])
        self.assertRefused(400, "takes FP32", infer, "digits", [image([1, 1, 8, 8], "FP64", np.float64)])
        self.assertRefused(400, "no input 'picture'", infer, "digits", [image([1, 1, 8, 8], name="picture")])
        self.assertRefused(400, "twice", infer, "digits", [digit(), digit()])
        self.assertRefused(400, "'FP64' is missing", infer, "copies", [image([2, 3], name="FP32")])
        self.assertRefused(
            400, "no output 'nothing'", infer, "digits", [digit()], outputs=[triton.InferRequestedOutput("nothing")]
        )
        self.assertRefused(400, "twice", infer, "digits", [digit()], outputs=[wanted(True), wanted(False)])
        half = image([1, 3], "FP16", np.float16, "FP16")
        self.assertRefused(
            400, "binary", infer, "copy_FP16", [half], outputs=[triton.InferRequestedOutput("FP16", binary_data=False)]
        )
        text = triton.InferInput("image", [1], "BYTES")
        text.set_data_from_numpy(np.array([b"text"], dtype=np.object_))
        self.assertRefused(400, "BYTES", infer, "digits", [text])
        self.assertRefused(
            400, "state", infer, "digits", [digit()], sequence_id=5, sequence_start=True, sequence_end=False
        )
        self.assertIsTheDigit(infer("digits", [digit()], sequence_id=0))


# MARK: The asyncio client


class AsyncioClient(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = triton_aio.InferenceServerClient(server.address)
        self.addAsyncCleanup(self.client.close)

    async def assertRefused(self, status, pattern, call):
        with self.assertRaises(InferenceServerException) as context:
            await call
        self.assertEqual(context.exception.status(), str(status))
        self.assertRegex(context.exception.message(), pattern)

    async def test_every_call_about_the_server_and_its_models(self):
        client = self.client
        self.assertTrue(await client.is_server_live())
        self.assertTrue(await client.is_server_ready())
        self.assertTrue(await client.is_model_ready("digits", "1"))
        self.assertFalse(await client.is_model_ready("unknown"))
        self.assertEqual((await client.get_server_metadata())["name"], "octet")
        self.assertEqual((await client.get_model_metadata("digits"))["name"], "digits")
        self.assertEqual((await client.get_model_config("digits"))["max_batch_size"], 8)
        self.assertEqual((await client.get_model_repository_index())[0]["name"], "digits")
        self.assertEqual((await client.get_inference_statistics("digits"))["model_stats"][0]["name"], "digits")
        self.assertEqual((await client.get_trace_settings())["trace_level"], ["OFF"])
        self.assertEqual((await client.get_log_settings())["log_error"], True)
        self.assertEqual(await client.get_system_shared_memory_status(), [])
        self.assertEqual(await client.get_cuda_shared_memory_status(), [])
        await client.unregister_system_shared_memory()
        await client.unregister_cuda_shared_memory()
        await client.unload_model("copy_UINT8")
        self.assertFalse(await client.is_model_ready("copy_UINT8"))
        await client.load_model("copy_UINT8")
        self.assertTrue(await client.is_model_ready("copy_UINT8"))
        await self.assertRefused(404, "no model", client.get_model_metadata("unknown"))
        await self.assertRefused(400, "tracing", client.update_trace_settings(settings={"trace_count": 5}))
        await self.assertRefused(400, "log.level", client.update_log_settings({"log_file": "/tmp/log"}))
        await self.assertRefused(400, "shared memory", client.register_system_shared_memory("r", "/k", 64))

    async def test_every_way_to_send_and_to_receive(self):
        for binary in (True, False):
            for request in CODINGS:
                for response in CODINGS:
                    result = await self.client.infer(
                        "digits",
                        [digit(binary)],
                        outputs=[wanted(binary)],
                        request_compression_algorithm=request,
                        response_compression_algorithm=response,
                    )
                    self.assertEqual(result.as_numpy("probabilities").argmax(), 2)

    async def test_many_at_once(self):
        results = await asyncio.gather(*(self.client.infer("digits", [digit(rows=1 + n % 3)]) for n in range(64)))
        for n, result in enumerate(results):
            self.assertEqual(result.as_numpy("probabilities").argmax(axis=1).tolist(), [2] * (1 + n % 3))

    async def test_refusals(self):
        await self.assertRefused(404, "no model", self.client.infer("unknown", [digit()]))
        await self.assertRefused(
            400, "no output", self.client.infer("digits", [digit()], outputs=[triton.InferRequestedOutput("none")])
        )


# MARK: What no client of ours sends


class Wire(unittest.TestCase):
    """perf_analyzer's requests, curl's, and broken ones."""

    JSON = json.dumps(
        {"inputs": [{"name": "image", "shape": [1, 1, 8, 8], "datatype": "FP32", "data": DIGIT.flatten().tolist()}]}
    ).encode()

    def assertError(self, status, answer, pattern="."):
        self.assertEqual(answer[0], status, answer[2])
        self.assertEqual(answer[1]["Content-Type"], "application/json")
        self.assertIsNone(answer[1]["Content-Encoding"])
        error = json.loads(answer[2])
        self.assertEqual(list(error), ["error"])
        self.assertRegex(error["error"], pattern)

    def test_perf_analyzer(self):
        for path in ("/v2", "/v2/models/digits", "/v2/models/digits/config", "/v2/models/digits/stats", "/v2/models/stats"):
            status, headers, body = server.request("GET", path)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            json.loads(body)
        # It says where JSON ends even if nothing follows.
        headers = {"Inference-Header-Content-Length": str(len(self.JSON)), "Content-Type": "application/json"}
        status, answer_headers, body = server.request("POST", "/v2/models/digits/infer", self.JSON, headers)
        self.assertEqual((status, answer_headers["Inference-Header-Content-Length"]), (200, None))
        self.assertEqual(len(json.loads(body)["outputs"][0]["data"]), 10)

    def test_tensorflow_serving(self):
        status, _, body = server.request("GET", "/v1/models/digits")
        self.assertEqual((status, json.loads(body)["model_version_status"][0]["state"]), (200, "AVAILABLE"))
        status, _, body = server.request("GET", "/v1/models/digits/versions/1/metadata")
        definition = json.loads(body)["metadata"]["signature_def"]["signature_def"]["serving_default"]
        self.assertEqual(definition["inputs"]["image"]["dtype"], "DT_FLOAT")
        image = DIGIT[0].tolist()
        encoded = {"b64": base64.b64encode(DIGIT.tobytes()).decode()}
        for request, member, rows in (
            ({"instances": [image, image]}, "predictions", 2),
            ({"instances": [{"image": image}]}, "predictions", 1),
            ({"instances": [encoded, {"image": encoded}]}, "predictions", 2),
            ({"inputs": [image]}, "outputs", 1),
            ({"inputs": {"image": [image, image, image]}, "signature_name": "serving_default"}, "outputs", 3),
        ):
            for path in ("/v1/models/digits:predict", "/v1/models/digits/versions/1:predict"):
                status, _, body = server.request("POST", path, json.dumps(request))
                self.assertEqual(status, 200, body)
                values = np.array(json.loads(body)[member])
                self.assertEqual(values.shape, (rows, 10))
                self.assertEqual(values.argmax(axis=1).tolist(), [2] * rows)
        status, _, body = server.request("GET", "/v1/models/versioned")
        self.assertEqual([state["version"] for state in json.loads(body)["model_version_status"]], ["10", "2"])
        for label, version, width in (("stable", "2", 2), ("canary", "10", 10)):
            status, _, body = server.request("GET", f"/v1/models/versioned/labels/{label}")
            self.assertEqual([state["version"] for state in json.loads(body)["model_version_status"]], [version])
            path = f"/v1/models/versioned/labels/{label}:predict"
            status, _, body = server.request("POST", path, json.dumps({"instances": [[7] * width]}))
            self.assertEqual((status, json.loads(body)), (200, {"predictions": [[7] * width]}))
        self.assertError(404, server.request("GET", "/v1/models/versioned/labels/old"), "label")
        self.assertError(404, server.request("POST", "/v1/models/unknown:predict", "{}"), "no model")
        self.assertError(400, server.request("POST", "/v1/models/digits:predict", "{}"), "instances or inputs")

    def test_a_body_that_is_nothing_but_a_tensor(self):
        for rows in (1, 2):
            body = np.repeat(DIGIT, rows, axis=0).tobytes()
            headers = {"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"}
            status, headers, answer = server.request("POST", "/v2/models/digits/infer", body, headers)
            self.assertEqual(status, 200, answer)
            tensor = np.frombuffer(answer[int(headers["Inference-Header-Content-Length"]) :], np.float32)
            self.assertEqual(tensor.reshape(rows, 10).argmax(axis=1).tolist(), [2] * rows)

    def test_binary_outputs_by_default_hold_for_listed_outputs(self):
        request = json.loads(self.JSON)
        request["outputs"] = [{"name": "probabilities"}]
        request["parameters"] = {"binary_data_output": True}
        status, headers, answer = server.request("POST", "/v2/models/digits/infer", json.dumps(request))
        self.assertEqual((status, headers["Content-Type"]), (200, "application/octet-stream"))
        request["outputs"][0]["parameters"] = {"binary_data": False}
        status, headers, answer = server.request("POST", "/v2/models/digits/infer", json.dumps(request))
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))

    def test_pictures_become_what_pillow_makes_of_them(self):
        row, column = np.mgrid[0:150, 0:210]
        pixels = np.stack([column, row, (row * column) % 251], -1).astype(np.uint8)
        for kind in ("PNG", "JPEG"):
            file = io.BytesIO()
            PIL.Image.fromarray(pixels).save(file, kind)
            status, _, body = server.request("POST", "/v2/models/picture/infer", file.getvalue())
            self.assertEqual(status, 200, body)
            tensor = np.array(json.loads(body)["outputs"][0]["data"], np.float32).reshape(3, 24, 32)
            # 32 × 24 goes 6.25 times into the 150 rows; 80 % of that from the middle.
            width, height = 32 * 5, 24 * 5
            box = ((210 - width) / 2, (150 - height) / 2, (210 + width) / 2, (150 + height) / 2)
            small = PIL.Image.open(file).convert("RGB").resize((32, 24), PIL.Image.Resampling.BILINEAR, box=box)
            planes = np.array(small, np.float64).transpose(2, 0, 1)[::-1]
            mean, scale = (np.array(PICTURE[key]).reshape(3, 1, 1) for key in ("mean", "scale"))
            np.testing.assert_array_equal(tensor, ((planes - mean) / scale).astype(np.float32))

    def test_a_picture_of_a_digit(self):
        paper = np.full((80, 80), 255, np.uint8)
        ink = np.kron(DIGIT.reshape(8, 8), np.ones((10, 10)))
        file = io.BytesIO()
        PIL.Image.fromarray((paper - ink * 15.9375).astype(np.uint8)).save(file, "PNG")
        status, _, body = server.request("POST", "/v2/models/drawn/infer", file.getvalue(), {"Content-Type": "image/png"})
        self.assertEqual(status, 200, body)
        best = json.loads(body)["predictions"][0]
        self.assertEqual((best["label"], best["index"]), ("two", 2))
        self.assertGreater(best["score"], 0.9)
        self.assertError(400, server.request("POST", "/v2/models/drawn/infer", file.getvalue()[:99]), "decoded")
        self.assertError(400, server.request("POST", "/v2/models/copies/infer", file.getvalue()), "takes tensors")

    def test_broken_bodies(self):
        def infer(body, **headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            return server.request("POST", "/v2/models/digits/infer", body, headers)

        length = "Inference-Header-Content-Length"
        self.assertError(400, infer(b"{"), "JSON")
        self.assertError(400, infer(b""), "JSON")
        self.assertError(400, infer(b"[]"), "not a JSON object")
        self.assertError(400, infer(b"[" * 100_000))
        self.assertError(400, infer(b'{"a":' * 100_000))
        self.assertError(400, infer(self.JSON, **{length: "x"}), "whole number")
        self.assertError(400, infer(self.JSON, **{length: "-1"}), "whole number")
        self.assertError(400, infer(self.JSON, **{length: "99999"}), "only")
        self.assertError(400, infer(self.JSON + b"1234", **{length: str(len(self.JSON))}), "4 bytes more")
        self.assertError(400, infer(DIGIT.tobytes()[:-1], **{length: "0"}), "none")
        self.assertError(400, infer(b"no gzip", Content_Encoding="gzip"), "not gzip")
        self.assertError(400, infer(gzip.compress(self.JSON)[:-9], Content_Encoding="gzip"), "too early")
        self.assertError(400, infer(zlib.compress(self.JSON) + b"more", Content_Encoding="deflate"), "goes on")
        self.assertError(415, infer(self.JSON, Content_Encoding="br"), "gzip or deflate")
        self.assertError(415, infer(self.JSON, Content_Type="text/html"), "application/json")
        bomb = gzip.compress(b" " * (40 << 20))
        self.assertError(413, infer(bomb, Content_Encoding="gzip"), "decompressed")
        self.assertError(413, infer(b" " * ((32 << 20) + 1)), "larger")

    def test_paths_and_methods(self):
        self.assertError(404, server.request("GET", "/v2/nothing"))
        self.assertError(404, server.request("GET", "/v2/models/a%2Fb"))
        status, headers, _ = answer = server.request("GET", "/v2/models/digits/infer")
        self.assertError(405, answer)
        self.assertEqual(headers["Allow"], "POST")


if __name__ == "__main__":
    unittest.main()
