"""What the checks share that write their requests themselves."""

import json
import unittest

from .tensors import DIGIT


class WireCase(unittest.TestCase):
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
