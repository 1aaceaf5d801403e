"""Clients for the record store's benchmark: ready-made requests over kept-alive connections, in processes of
their own, and the processor time that program and database spend meanwhile."""

import multiprocessing
import os
import random
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Target:
    """Where the store answers, and the Authorization that opens it."""

    port: int
    authorization: str

    def get(self, path: str) -> bytes:
        return self._head("GET", path) + b"\r\n"

    def post(self, body: bytes) -> bytes:
        head = self._head("POST", "/statements")
        return head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def _head(self, method: str, path: str) -> bytes:
        return (
            f"{method} /xapi{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {self.authorization}\r\n"
            "X-Experience-API-Version: 2.0.0\r\n"
        ).encode()


class Line:
    """One kept-alive connection, spoken to with ready-made bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        self.socket.sendall(request)
        data = self.socket.recv(262_144)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.socket.recv(262_144)
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        total = end + 4 + length
        while len(data) < total:
            data += self.socket.recv(262_144)
        return int(data[9:12]), data[end + 4 :]


def _client(target: Target, requests: list[bytes], seconds: float, barrier: Barrier, results: Any) -> None:
    line = Line(target.port)
    random.shuffle(requests)
    times, failed, index = [], 0, 0
    line.ask(requests[0])
    barrier.wait()
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        status, _ = line.ask(requests[index % len(requests)])
        times.append(time.perf_counter() - begin)
        failed += status != 200
        index += 1
    results.put((times, failed))


@dataclass(frozen=True)
class Measured:
    """Requests a second, latencies in milliseconds, failures."""

    rate: float
    p50: float
    p95: float
    failed: int
    program_us: float = 0.0
    """Processor time of the program for each request, in microseconds."""
    database_us: float = 0.0


def _ticks(pid: int) -> int:
    with suppress(FileNotFoundError):  # a process of the database's that has ended meanwhile
        return _used(pid)
    return 0


def _used(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15])


def _family(pid: int) -> int:
    """Processor time of a process and its children, the ended ones too."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _ticks(pid) + sum(_ticks(int(child)) for child in children)


def processor_seconds(pid: int) -> float:
    """Processor time of one process so far."""
    return _ticks(pid) / os.sysconf("SC_CLK_TCK")


@dataclass
class Meter:
    """Processor time used by the program and by the database since it was last read, in seconds."""

    program: int
    database: int
    last: tuple[int, int] = (0, 0)

    def read(self) -> tuple[float, float]:
        now = (_family(self.program), _family(self.database))
        before, self.last = self.last, now
        tick = os.sysconf("SC_CLK_TCK")
        return (now[0] - before[0]) / tick, (now[1] - before[1]) / tick


def load(
    meter: Meter, target: Target, make: Callable[[int], list[bytes]], clients: int, seconds: float
) -> Measured:
    """`clients` processes asking one request after another for `seconds`."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(clients), context.Queue()
    workers = [
        context.Process(target=_client, args=(target, make(number), seconds, barrier, results))
        for number in range(clients)
    ]
    for worker in workers:
        worker.start()
    meter.read()
    gathered = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    times = sorted(taken for found, _ in gathered for taken in found)
    program, database = (used * 1e6 / len(times) for used in meter.read())
    cut = statistics.quantiles(times, n=100)
    failed = sum(failed for _, failed in gathered)
    return Measured(len(times) / seconds, cut[49] * 1000, cut[94] * 1000, failed, program, database)
