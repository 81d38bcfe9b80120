"""The requests of perf_analyzer, bodies without any client library, and broken ones."""

import gzip
import http.client
import json
import socket
import zlib

import numpy as np

from .server import server
from .tensors import DIGIT
from .wire import WireCase


class Wire(WireCase):
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

    def test_requests_that_do_not_wait_for_answers(self):
        """HTTP pipelining: the answers come in the order of the requests."""
        lengths = (1, 2, 3)
        with socket.create_connection(server.address.split(":")) as connection:
            for rows in lengths:
                body = json.dumps(
                    {"inputs": [{"name": "image", "shape": [rows, 1, 8, 8], "datatype": "FP32", "data": [0] * 64 * rows}]}
                )
                head = f"POST /infer HTTP/1.1\r\nHost: octet\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall((head + body).encode())
            answers = connection.makefile("rb")
            for rows in lengths:
                self.assertEqual(answers.readline(), b"HTTP/1.1 200 OK\r\n")
                length = int(http.client.parse_headers(answers)["Content-Length"])
                self.assertEqual(json.loads(answers.read(length))["outputs"][0]["shape"], [rows, 10])

    def test_clients_that_leave_before_their_answer(self):
        body = np.zeros((20_000, 64), np.float32).tobytes()
        head = f"POST /infer HTTP/1.1\r\nHost: o\r\nInference-Header-Content-Length: 0\r\nContent-Length: {len(body)}\r\n\r\n"
        for _ in range(10):
            with socket.create_connection(server.address.split(":")) as connection:
                connection.sendall(head.encode() + body)
                connection.recv(1000)
        self.assertEqual(server.request("POST", "/infer", self.JSON)[0], 200)

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
