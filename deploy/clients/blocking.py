"""What the checks of tritonclient.http share."""

import unittest

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from .server import server


class BlockingCase(unittest.TestCase):
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
