"""The server that is asked, and its models."""

import http.client
import json
import os
import re
import subprocess
import tempfile

from .tensors import NUMPY_TYPES

PICTURE = {"resize": "crop", "crop_percent": 80, "colors": "bgr", "mean": [1, 2, 3], "scale": [0.5, 1, 2]}


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
    """An `octet serve` on a port of its own, for as long as the checks run."""

    def start(self):
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


server = Server()
