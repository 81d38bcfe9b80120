"""What octet is measured against: OpenVINO behind FastAPI, with orjson on both ways. deploy/compare-serving starts it.

One process, as `uvicorn --workers 1` does, with uvloop and httptools. The answer has the form of octet's, and the model
is compiled with the hint that serves the measurement best.
"""

import os

import numpy
import openvino
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

core = openvino.Core()
compiled = core.compile_model(
    os.environ["MODEL"], "CPU", {"PERFORMANCE_HINT": os.environ["HINT"], "INFERENCE_PRECISION_HINT": "f32"}
)
output = compiled.outputs[0]
name = output.get_any_name()
# A change of threads costs more than a small model takes.
is_small = os.environ["HINT"] == "LATENCY"
app = FastAPI()


def infer(body):
    tensor = orjson.loads(body)["inputs"][0]
    data = numpy.asarray(tensor["data"], numpy.float32).reshape(tensor["shape"])
    result = compiled.create_infer_request().infer({0: data})[output]
    answer = {
        "model_name": "model",
        "outputs": [{"name": name, "datatype": "FP32", "shape": list(result.shape), "data": result.ravel()}],
    }
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


@app.post("/infer")
async def answer(request: Request):
    body = await request.body()
    text = infer(body) if is_small else await run_in_threadpool(infer, body)
    return Response(text, media_type="application/json")


@app.get("/health/live")
async def live():
    return {"live": True}
