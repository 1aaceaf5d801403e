"""The record store's speed, beside what PostgreSQL itself can do on the same machine in the same run.

    python -m benchmarks.lrs [--seconds 5] [--stored 20000] [--clients 8]

Starts a durable embedded server in a temporary directory (fsync on, every commit flushed), the program in a
process of its own, and clients in processes of their own; client, program and database share the machine.
`benchmarks.lrs_growth` tells what a hundred times as many statements change.
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

import psycopg

from app.ops.postgres import EmbeddedServer
from benchmarks.lrs_clients import Measured, Meter, load
from benchmarks.lrs_limits import limits
from benchmarks.lrs_school import fill, posts, prepared, random_ids, reads, serving, statement


def memory(pid: int) -> float:
    """Resident memory of a process in MB."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS"):
            return int(row.split()[1]) / 1024
    return 0.0


def show(name: str, found: Measured, per: int, unit: str, limit: float | None = None) -> None:
    ratio = f"   {found.rate * per / limit:5.2f} × the database's own" if limit else ""
    print(
        f"{name:34}{found.rate * per:9,.0f} {unit}   p50 {found.p50:6.1f} ms   p95 {found.p95:6.1f} ms"
        f"   {found.failed} failed   processor {found.program_us / per:5.0f} + {found.database_us / per:4.0f} µs{ratio}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--stored", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    # The directory below /tmp must be open to the server's own user.
    with tempfile.TemporaryDirectory(prefix="aada-benchmark-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedServer(Path(folder) / "postgres") as server:
            run(server, Path(folder), options.seconds, options.stored, options.clients)


def run(server: EmbeddedServer, folder: Path, seconds: float, stored: int, clients: int) -> None:
    settings = prepared(server, "aada_lms", folder)
    url = server.url("aada_lms")
    print(f"{os.cpu_count()} cores; client, program and database share them; durable commits\n")
    bare = limits(url, statement(1), min(seconds, 3))
    for what, rate in bare.items():
        print(f"PostgreSQL alone: {what:42}{rate:9,.0f} /s")
    copy, insert, key = bare.values()
    with serving(settings) as (target, pid):
        fill(target, stored)
        meter = Meter(pid, server.status().pid or 0)
        print(f"\n{stored:,} statements stored; {clients} clients\n")
        for size, limit in ((1, insert), (50, copy)):
            for number in (1, clients):
                found = load(meter, target, partial(posts, target, size), number, seconds)
                name = f"POST {size}" + (", 1 client" if number == 1 else "")
                show(name, found, size, "st/s ", limit)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        for name, make in reads(target, random_ids(url)).items():
            found = load(meter, target, make, clients, seconds)
            show(name, found, 1, "req/s", key if name.endswith("statementId") else None)
        print(f"\nmemory of the program: {memory(pid):.0f} MB")


if __name__ == "__main__":
    main()
