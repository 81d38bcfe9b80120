"""Measures octet and OpenVINO in turn on the same models. deploy/compare-openvino starts it and says how.

A drift of the machine's speed falls on both, since they take turns: the figure of a model is the median, over the
rounds, of how much faster octet was in that round. Latencies are medians of one round, measured inside either library.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

# What oneDNN calls the instruction sets.
ONEDNN_NAMES = {"sse42": "SSE41", "avx2": "AVX2", "avx512": "AVX512_CORE", "avx512vnni": "AVX512_CORE_VNNI"}
IDLE_LOAD = 0.5


def main():
    options = parse()
    if options.measure_openvino:
        return print(json.dumps(measure_openvino(options, options.models[0])))
    warn_unless_idle()
    if options.isa:
        os.environ["OCTET_MAX_ISA"] = options.isa
        os.environ["ONEDNN_MAX_CPU_ISA"] = ONEDNN_NAMES[options.isa]
    print("inferences per second" if options.throughput else "median latency in milliseconds")
    print(f"{'model':32} {'octet':>10} {'OpenVINO':>10}  {'ratio':>5}  rounds")
    ratios, isa, failures = [], "", 0
    for model in find_models(options.models):
        try:
            rounds = [compare(options, model) for _ in range(options.rounds)]
        except subprocess.CalledProcessError as error:
            failures += 1
            print(f"{name_of(model):32} not measured: {(error.stderr.strip().splitlines() or ['no message'])[-1]}")
            continue
        isa = rounds[0]["isa"]
        ratio = statistics.median(round["ratio"] for round in rounds)
        ratios.append(ratio)
        shown = min(rounds, key=lambda round: abs(round["ratio"] - ratio))
        every = " ".join(f"{round['ratio']:.2f}" for round in rounds)
        print(f"{name_of(model):32} {shown['octet']:10.3f} {shown['openvino']:10.3f}  {ratio:5.2f}  {every}")
        sys.stdout.flush()
    if ratios:
        mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
        print(
            f"\ngeometric mean {mean:.2f}, lowest {min(ratios):.2f}, of {len(ratios)} models; above 1 octet is faster"
        )
        print(f"{processor()}, {options.threads} threads each; octet ran on {isa}, OpenVINO is {openvino_version()}")
    sys.exit(1 if failures or not ratios else 0)


def parse():
    parser = argparse.ArgumentParser(prog="deploy/compare-openvino")
    parser.add_argument("--octet")
    parser.add_argument("--isa", choices=list(ONEDNN_NAMES))
    parser.add_argument("--throughput", action="store_true")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure-openvino", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    if options.threads < 1 or options.rounds < 1 or not 0 < options.seconds <= 3600:
        parser.error("--threads and --rounds take 1 and more, --seconds more than 0 and up to 3600")
    return options


def warn_unless_idle():
    load = os.getloadavg()[0]
    if load > IDLE_LOAD:
        print(f"warning: the machine is not idle (load average {load:.1f}); the figures will be off", file=sys.stderr)


# What is measured


def find_models(places):
    """Every IR below the folders, and the files as they are."""
    for place in map(Path, places):
        if not place.is_dir():
            yield place
            continue
        yield from (path for path in sorted(place.rglob("*.xml")) if path.with_suffix(".bin").exists())


def name_of(model):
    """A file called model says nothing; its folder's name does."""
    return model.parent.name if model.stem == "model" else model.stem


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


def openvino_version():
    import openvino

    return openvino.__version__.partition("-")[0]


# Measuring


def compare(options, model):
    octet = run_octet(options, model)
    openvino = run_openvino(options, model)
    if options.throughput:
        values = octet["throughput_per_second"], openvino["throughput_per_second"]
        ratio = values[0] / values[1]
    else:
        values = octet["latency_ms"]["median"], openvino["latency_ms"]["median"]
        ratio = values[1] / values[0]
    return {"octet": values[0], "openvino": values[1], "ratio": ratio, "isa": octet["isa"]}


def run_octet(options, model):
    hint = "throughput" if options.throughput else "latency"
    return run(
        [
            options.octet,
            "benchmark",
            str(model),
            "--hint",
            hint,
            "--threads",
            str(options.threads),
            "--seconds",
            str(options.seconds),
            "--json",
        ]
    )


def run_openvino(options, model):
    """In a process of its own, so that none of its threads is left when octet's turn comes."""
    return run(
        [
            sys.executable,
            __file__,
            "--measure-openvino",
            "--threads",
            str(options.threads),
            "--seconds",
            str(options.seconds),
            *(["--throughput"] if options.throughput else []),
            "--",
            str(model),
        ]
    )


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_openvino(options, path):
    import openvino

    model = openvino.Core().read_model(path)
    # The extents that octet takes where a model leaves them open.
    model.reshape({port: [max(1, extent.get_min_length()) for extent in port.partial_shape] for port in model.inputs})
    hint = "THROUGHPUT" if options.throughput else "LATENCY"
    settings = {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": options.threads}
    compiled = openvino.compile_model(model, "CPU", settings)
    return (measure_throughput if options.throughput else measure_latency)(compiled, options.seconds)


def measure_latency(compiled, seconds):
    request = compiled.create_infer_request()
    fill(request, compiled)
    for _ in range(5):
        request.infer()
    latencies = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        request.infer()
        latencies.append(request.latency)  # without what Python adds
    return {"latency_ms": {"median": statistics.median(latencies)}}


def measure_throughput(compiled, seconds):
    """Requests of OpenVINO's own queue. Starting one costs Python some 20 µs, which very small models feel."""
    import openvino

    queue = openvino.AsyncInferQueue(compiled)
    for request in queue:
        fill(request, compiled)
    for _ in range(2 * len(queue)):
        queue.start_async()
    queue.wait_all()
    count = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        queue.start_async()
        count += 1
    queue.wait_all()
    return {"throughput_per_second": count / (time.perf_counter() - start)}


def fill(request, compiled):
    """Random numbers of mean 0 and variance 1; ones for integers, which may be indices."""
    import numpy
    import openvino

    random = numpy.random.default_rng(0)
    for port in compiled.inputs:
        kind = port.get_element_type()
        shape = list(port.shape)
        values = random.normal(size=shape) if kind.is_real() else numpy.ones(shape)
        request.set_tensor(port, openvino.Tensor(values.astype(kind.to_dtype())))


if __name__ == "__main__":
    main()
