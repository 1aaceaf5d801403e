"""What a hundred times as many statements change: each GET on a large store beside the same one on a small store.

    python -m benchmarks.lrs_growth [--small 50000] [--large 5000000] [--rounds 5] [--seconds 2] [--keep DIRECTORY]

Both stores are databases of one durable server, each served by a program of its own. They are measured in turn, so
that whatever else the machine does falls on both; printed are the medians over the rounds and the ratio of the p95.
Filling takes minutes and 15 GB: `--keep` leaves both stores in a directory for the next run.
"""

import argparse
import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from app.ops.postgres import EmbeddedServer
from benchmarks.lrs_clients import Meter, Target, load
from benchmarks.lrs_school import durable, fill, multiply, prepared, random_ids, reads, serving

Queries = dict[str, Callable[[int], list[bytes]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=50_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        server, folder = stack.enter_context(durable(options.keep))
        stores = [
            _open(stack, server, folder, name, options.small, wanted)
            for name, wanted in (("small", options.small), ("large", options.large))
        ]
        _compare(server, stores, options.rounds, options.seconds, options.clients)


def _open(
    stack: ExitStack, server: EmbeddedServer, folder: Path, name: str, through_the_door: int, wanted: int
) -> tuple[Target, int, Queries]:
    settings = prepared(server, name, folder)
    target, pid = stack.enter_context(serving(settings))
    url = server.url(name)
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM xapi_statements").fetchone()
        if row is None or row[0] < wanted:
            connection.execute("TRUNCATE xapi_statements, xapi_statement_actors, xapi_statement_activities")
            fill(target, min(through_the_door, wanted))
            multiply(url, wanted)
    return target, pid, reads(target, random_ids(url))


def _compare(
    server: EmbeddedServer,
    stores: list[tuple[Target, int, Queries]],
    rounds: int,
    seconds: float,
    clients: int,
) -> None:
    for name in stores[0][2]:
        found: list[list[tuple[float, float, float]]] = [[], []]
        for _ in range(rounds):
            for (target, pid, queries), results in zip(stores, found, strict=True):
                meter = Meter(pid, server.status().pid or 0)
                # The other store has just filled the database's memory.
                load(meter, target, queries[name], clients, seconds / 4)
                one = load(meter, target, queries[name], clients, seconds)
                assert not one.failed
                results.append((one.p50, one.p95, one.database_us))
        (small50, small95, small_us), (large50, large95, large_us) = (
            [statistics.median(column) for column in zip(*results, strict=True)] for results in found
        )
        print(
            f"{name:34}p50 {small50:5.1f} -> {large50:5.1f} ms   p95 {small95:5.1f} -> {large95:5.1f} ms"
            f"   database {small_us:4.0f} -> {large_us:4.0f} µs   p95 is {large95 / small95:.2f} × the small store's",
            flush=True,
        )


if __name__ == "__main__":
    main()
