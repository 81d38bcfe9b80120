"""Pictures, as curl and browsers send them."""

import io
import json

import numpy as np
import PIL.Image

from .server import PICTURE, server
from .tensors import DIGIT
from .wire import WireCase


class Pictures(WireCase):
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
