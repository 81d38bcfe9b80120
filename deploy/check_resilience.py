"""Shows what overload, reloads and hostile clients do to octet. deploy/check-resilience starts it and says how."""

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROWS = 2000
CAPACITY = 16


def main():
    options = parse()
    checks = {"overload": overload, "reload": reload, "hostile": hostile}
    wanted = options.checks or list(checks)
    failures = []
    for name in wanted:
        print(f"\n{name}")
        checks[name](options, lambda claim, holds, figure: report(failures, claim, holds, figure))
    sys.exit(1 if failures else 0)


def parse():
    parser = argparse.ArgumentParser(prog="deploy/check-resilience")
    parser.add_argument("--octet", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--reloads", type=int, default=100)
    parser.add_argument("checks", nargs="*", choices=["overload", "reload", "hostile", []])
    return parser.parse_args()


def report(failures, claim, holds, figure):
    print(f"  {'holds' if holds else 'FAILS'}  {claim}: {figure}")
    if not holds:
        failures.append(claim)


# The server


class Server:
    """octet serve with the embedded model, on a port of its own."""

    def __init__(self, options, model, **sections):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
        configuration = {"listen": {"port": 0}, "models": [{"name": "digits", "path": "embedded:digits", **model}]}
        json.dump(configuration | sections, self.file)
        self.file.flush()
        self.process = subprocess.Popen(
            [options.octet, "serve", "--config", self.file.name], stderr=subprocess.PIPE, text=True
        )
        line = self.wait_for("listening")
        self.port = int(line.rsplit("port=", 1)[1].split()[0])

    def wait_for(self, word):
        for line in self.process.stderr:
            if word in line:
                return line
        raise SystemExit("octet has ended; start it by hand to see why")

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def request(rows):
    """An inference of zeros, with binary tensors both ways."""
    data = bytes(rows * 64 * 4)
    inputs = [
        {
            "name": "image",
            "shape": [rows, 1, 8, 8],
            "datatype": "FP32",
            "parameters": {"binary_data_size": len(data)},
        }
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    lines = [
        "POST /infer HTTP/1.1",
        "Host: octet",
        f"Inference-Header-Content-Length: {len(head)}",
        f"Content-Length: {len(head) + len(data)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + head + data


# Clients


class Connection:
    """One request after the other, over a connection that is kept."""

    def __init__(self, port):
        self.port = port
        self.reader = None

    async def ask(self, message):
        """The status, and the seconds from the last byte of the request to the whole answer."""
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        self.writer.write(message)
        await self.writer.drain()
        start = time.perf_counter()
        head = await self.reader.readuntil(b"\r\n\r\n")
        arrived = time.perf_counter() - start
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await self.reader.readexactly(length)
        return int(head.split()[1]), arrived


async def closed_loop(port, message, connections, seconds):
    """As many requests as are answered one after the other on each connection."""
    end = time.perf_counter() + seconds
    results = []

    async def client():
        connection = Connection(port)
        while time.perf_counter() < end:
            results.append(await connection.ask(message))

    await asyncio.gather(*(client() for _ in range(connections)))
    return results


async def open_loop(port, message, rate, seconds):
    """`rate` requests per second, whether the last ones have been answered or not."""
    free, tasks, results = [], set(), []

    async def one():
        connection = free.pop() if free else Connection(port)
        results.append(await connection.ask(message))
        free.append(connection)

    start = time.perf_counter()
    for index in range(int(rate * seconds)):
        delay = start + index / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        task = asyncio.create_task(one())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    elapsed = time.perf_counter() - start
    await asyncio.gather(*tasks)
    return results, elapsed


def probe(port, path, pause, stop, results):
    """Asks for a page again and again, from a process of its own, and keeps how long that took."""
    try:
        # What is measured is when the server has answered, not when this process gets its turn among the other clients.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass
    connection = socket.create_connection(("127.0.0.1", port))
    times = []
    while not stop.is_set():
        start = time.perf_counter()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: octet\r\n\r\n".encode())
        answer = connection.recv(1 << 20)
        times.append(time.perf_counter() - start)
        assert answer.startswith(b"HTTP/1.1 200"), answer[:100]
        time.sleep(pause)
    results.put(times)


class Probe:
    def __init__(self, port, path="/health/live", pause=0.02):
        self.stop = multiprocessing.Event()
        self.results = multiprocessing.Queue()
        self.process = multiprocessing.Process(target=probe, args=(port, path, pause, self.stop, self.results))
        self.process.start()

    def end(self):
        self.stop.set()
        return self.results.get(timeout=20)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds):
    return f"{seconds * 1000:.2f} ms"


# The checks


def overload(options, check):
    """Three times as many requests as the server can answer."""
    model = {"threads": 1, "streams": 1, "queue": {"capacity": CAPACITY}, "batching": {"maximum": 1}}
    message = request(ROWS)
    with Server(options, model) as server:
        asyncio.run(closed_loop(server.port, message, 4, 1))
        calm = asyncio.run(closed_loop(server.port, message, 1, 2))
        service = percentile([seconds for _, seconds in calm], 0.99)
        peak = len(asyncio.run(closed_loop(server.port, message, 4, 5))) / 5
        print(f"  peak {peak:.0f} requests per second, service time {milliseconds(service)}, p99")
        # What the allocator keeps for bodies of this size is no growth.
        asyncio.run(open_loop(server.port, message, 3 * peak, options.seconds / 4))
        before = server.resident()
        live = Probe(server.port)
        results, elapsed = asyncio.run(open_loop(server.port, message, 3 * peak, options.seconds))
        lives = live.end()
        after = server.resident()
    accepted = [seconds for status, seconds in results if status == 200]
    refused = [seconds for status, seconds in results if status == 503]
    goodput = len(accepted) / elapsed
    # Those before it in the queue, the one that runs, and its own inference.
    bound = (CAPACITY + 2) * service
    offered = len(results) / elapsed
    print(f"  offered {offered:.0f} requests per second, {len(refused)} of {len(results)} refused")
    check("all are answered, with 200 or 503", len(accepted) + len(refused) == len(results), f"{len(results)}")
    check("goodput is within 10 % of the peak", goodput >= 0.9 * peak, f"{goodput:.0f} per second")
    check("refusals take under 5 ms, median", statistics.median(refused) < 0.005, milliseconds(statistics.median(refused)))
    print(f"         refusals p99 {milliseconds(percentile(refused, 0.99))}, which the client's own work is part of")
    check("/health/live answers within 10 ms, always", max(lives) < 0.01, milliseconds(max(lives)))
    print(f"         /health/live median {milliseconds(statistics.median(lives))}, p99 {milliseconds(percentile(lives, 0.99))}")
    check("p99 of the accepted is at most queue × service time", percentile(accepted, 0.99) <= bound,
          f"{milliseconds(percentile(accepted, 0.99))}, bound {milliseconds(bound)}")
    check("memory is flat", after <= before * 1.05, f"{before:.0f} MiB, then {after:.0f} MiB")


def reload(options, check):
    """SIGHUP, again and again, while requests come in: with time between the reloads, and one right after the other."""
    message, rate = request(1), 500
    with Server(options, {}) as server:

        async def reloads(count, pause):
            for _ in range(count):
                server.process.send_signal(signal.SIGHUP)
                await asyncio.to_thread(server.wait_for, "reloaded")
                await asyncio.sleep(pause)

        async def load(count, pause):
            """The answers that come while reloads go on."""
            results, reloading = [], asyncio.create_task(reloads(count, pause))
            while not reloading.done():
                results += (await open_loop(server.port, message, rate, 0.5))[0]
            await reloading
            return results

        # The first of everything takes memory that stays: stacks of threads, the allocator's arenas.
        asyncio.run(load(20, 0.1))
        time.sleep(1)
        before = server.resident()
        for pause, manner in ((0.1, "paced"), (0, "back to back")):
            calm, _ = asyncio.run(open_loop(server.port, message, rate, 5))
            start = time.perf_counter()
            results = asyncio.run(load(options.reloads, pause))
            elapsed = time.perf_counter() - start
            print(f"  {options.reloads} reloads {manner} in {elapsed:.1f} s, {len(results)} requests meanwhile")
            failed = [status for status, _ in results if status != 200]
            calm_p99, p99 = (percentile([seconds for _, seconds in each], 0.99) for each in (calm, results))
            check(f"no request fails, {manner}", not failed, f"{len(failed)} of {len(results)}")
            check(f"p99 is at most twice the calm one, {manner}", p99 <= 2 * calm_p99,
                  f"{milliseconds(calm_p99)} calm, {milliseconds(p99)}")
        time.sleep(1)
        after = server.resident()
    check("memory is back within 5 %", after <= before * 1.05, f"{before:.1f} MiB, then {after:.1f} MiB")


def vanish(port):
    """A client that sends half of a body and waits for its end."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(request(ROWS)[:100_000])
    time.sleep(60)


def hostile(options, check):
    """Clients that vanish, say nothing, or send a byte a second."""
    message = request(1)
    with Server(options, {}) as server:
        asyncio.run(closed_loop(server.port, message, 2, 1))
        calm, _ = asyncio.run(open_loop(server.port, message, 200, 5))
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
        slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
        clients = [multiprocessing.Process(target=vanish, args=(server.port,)) for _ in range(20)]
        for client in clients:
            client.start()

        async def during():
            task = asyncio.create_task(open_loop(server.port, message, 200, 12))
            for second in range(12):
                for connection in slow:
                    try:
                        connection.send(message[second : second + 1])
                    except OSError:
                        pass
                if second < 10:
                    for client in clients[2 * second : 2 * second + 2]:
                        os.kill(client.pid, signal.SIGKILL)
                for connection in silent[10 * second : 10 * second + 10]:
                    # The end without a goodbye: a reset.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()
                await asyncio.sleep(1)
            return (await task)[0]

        results = asyncio.run(during())
        for connection in slow + silent:
            connection.close()
    failed = [status for status, _ in results if status != 200]
    calm_p99, p99 = (percentile([seconds for _, seconds in each], 0.99) for each in (calm, results))
    check("no request of others fails", not failed, f"{len(failed)} of {len(results)}")
    check("nobody else notices: p99 at most 2 ms more", p99 <= calm_p99 + 0.002,
          f"{milliseconds(calm_p99)} calm, {milliseconds(p99)}")


if __name__ == "__main__":
    main()
