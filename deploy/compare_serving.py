"""Measures octet and OpenVINO behind FastAPI on the same requests. deploy/compare-serving starts it and says how."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy
import openvino

LUA = """
local file = io.open(os.getenv("BODY"), "rb")
wrk.body = file:read("*a")
file:close()
wrk.method = "POST"
wrk.headers["Content-Type"] = os.getenv("TYPE")
wrk.headers["Inference-Header-Content-Length"] = os.getenv("HEADER")
"""


def main():
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "post.lua").write_text(LUA)
        measurements = Measurements(options, folder)
        measurements.json(options.digits, "digits", "LATENCY", 15)
        if options.model:
            measurements.json(options.model, "large", "THROUGHPUT", 1.5)
            measurements.binary(options.model)
        print("\nClients and servers share the processors of this machine.")
        sys.exit(1 if measurements.failures else 0)


def parse():
    parser = argparse.ArgumentParser(prog="deploy/compare-serving")
    parser.add_argument("--octet", required=True)
    parser.add_argument("--digits", required=True)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("model", nargs="?")
    return parser.parse_args()


class Measurements:
    def __init__(self, options, folder):
        self.options, self.folder, self.failures = options, folder, 0

    def json(self, model, name, hint, wanted):
        """The same JSON body to both servers, in turn."""
        body = self.body(model, is_binary=False)
        rounds = []
        for _ in range(self.options.rounds):
            with FastAPI(model, hint) as server:
                other = self.wrk(server.url, body)
            with Octet(self.options.octet, model, hint, self.folder) as server:
                own = self.wrk(server.url, body)
            rounds.append((own / other, own, other))
        ratio, own, other = statistics.median_low(rounds)
        self.report(
            f"{name}, JSON of {body.stat().st_size} bytes: octet {own:.0f} per second, FastAPI {other:.0f}", ratio, wanted
        )

    def binary(self, model):
        """Binary tensors over HTTP, beside the same inferences without HTTP."""
        body = self.body(model, is_binary=True)
        rounds = []
        for _ in range(self.options.rounds):
            command = [self.options.octet, "benchmark", model, "--hint", "throughput", "--json", "--seconds"]
            result = subprocess.run(command + [str(self.options.seconds)], check=True, capture_output=True)
            alone = json.loads(result.stdout)["throughput_per_second"]
            with Octet(self.options.octet, model, "THROUGHPUT", self.folder) as server:
                served = self.wrk(server.url, body, header=self.header_length)
            rounds.append((served / alone, served, alone))
        ratio, served, alone = statistics.median_low(rounds)
        self.report(f"large, binary: served {served:.1f} per second, octet benchmark {alone:.1f}", ratio, 0.95)

    def report(self, text, ratio, wanted):
        self.failures += ratio < wanted
        print(f"{'holds' if ratio >= wanted else 'FAILS'}  {text}; {ratio:.2f}, at least {wanted}", flush=True)

    def body(self, model, is_binary):
        port = openvino.Core().read_model(model).inputs[0]
        shape = [1 if extent.is_dynamic else extent.get_length() for extent in port.partial_shape]
        data = numpy.random.default_rng(1).random(shape, numpy.float32)
        tensor = {"name": port.get_any_name(), "shape": shape, "datatype": "FP32"}
        if is_binary:
            tensor["parameters"] = {"binary_data_size": data.nbytes}
            text = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
            self.header_length = len(text)
            text += data.tobytes()
        else:
            # As clients write float32 that they hold as doubles.
            text = json.dumps({"inputs": [tensor | {"data": data.ravel().tolist()}]}).encode()
        path = self.folder / "body"
        path.write_bytes(text)
        return path

    def wrk(self, url, body, header=None):
        kind = "application/json" if header is None else "application/octet-stream"
        environment = os.environ | {"BODY": str(body), "TYPE": kind} | ({"HEADER": str(header)} if header else {})
        command = ["wrk", "--threads", "1", "--connections", "8", "--script", str(self.folder / "post.lua"), "--duration"]
        subprocess.run(command + ["1", url + "/infer"], env=environment, check=True, capture_output=True)
        result = subprocess.run(
            command + [str(self.options.seconds), url + "/infer"], env=environment, check=True, capture_output=True, text=True
        )
        if "Non-2xx" in result.stdout or "Socket errors" in result.stdout:
            raise SystemExit(f"requests have failed:\n{result.stdout}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout)[1])


class Process:
    port = 18080
    url = f"http://127.0.0.1:{port}"

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url + "/health/live").read()
                return
            except OSError:
                time.sleep(0.1)
                if self.process.poll() is not None:
                    raise SystemExit(self.process.stderr.read().decode())
        raise SystemExit(f"{command[0]} does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


class FastAPI(Process):
    def __init__(self, model, hint):
        arguments = ["--port", str(self.port), "--log-level", "warning", "--no-access-log"]
        super().__init__(
            [sys.executable, "-m", "uvicorn", "fastapi_openvino:app"] + arguments,
            cwd=Path(__file__).parent,
            env=os.environ | {"MODEL": str(Path(model).resolve()), "HINT": hint, "PYTHONDONTWRITEBYTECODE": "1"},
        )


class Octet(Process):
    def __init__(self, octet, model, hint, folder):
        configuration = {
            "listen": {"port": self.port},
            "models": [{"name": "model", "path": str(Path(model).resolve()), "hint": hint.lower()}],
        }
        (folder / "octet.json").write_text(json.dumps(configuration))
        super().__init__([octet, "serve", "--config", str(folder / "octet.json")])


if __name__ == "__main__":
    main()
