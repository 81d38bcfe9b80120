"""Clients of TensorFlow Serving."""

import base64
import json

import numpy as np

from .server import server
from .tensors import DIGIT
from .wire import WireCase


class TensorFlowServing(WireCase):
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
