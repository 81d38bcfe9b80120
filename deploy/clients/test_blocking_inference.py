"""tritonclient.http: inference."""

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from .blocking import BlockingCase
from .server import server
from .tensors import CODINGS, NUMPY_TYPES, TYPES_WITHOUT_JSON, digit, extremes, wanted


class BlockingInference(BlockingCase):
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

    def test_sequences_are_requests_like_others(self):
        for sequence in (0, 5, 2**64 - 1, "five"):
            result = self.client.infer(
                "digits", [digit()], sequence_id=sequence, sequence_start=True, sequence_end=False
            )
            self.assertIsTheDigit(result)
