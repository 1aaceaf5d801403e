"""Statements in monthly partitions (deploy/partitions.sql): what millions of them change, beside a nearly empty store.

    python -m benchmarks.lrs_partitions [--sizes 1000000,5000000] [--rounds 5] [--seconds 3] [--keep DIRECTORY]

Each store is a database of one durable server, served by a program of its own, and the statements lie in the last 24
months. Batches of 50 are stored, and the newest 25 of an agent are asked for, in turn with the small store, which has
no partitions. Printed are the medians over the rounds, and the ratios. A million statements take 1.5 GB and some
minutes.
"""

import argparse
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

import psycopg

from app.db.session import libpq_url
from app.ops.postgres import EmbeddedServer
from benchmarks.lrs_clients import Meter, Target, load
from benchmarks.lrs_school import durable, fill, posts, prepared, random_ids, reads, serving, spread

MONTHS = 24
_SEEDS = 20_000
_SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "partitions.sql"
_TABLES = {
    "xapi_statements": "id",
    "xapi_statement_actors": "statement_id",
    "xapi_statement_activities": "statement_id",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1000000,5000000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        server, folder = stack.enter_context(durable(options.keep))
        small = _open(stack, server, folder, "small", _SEEDS, partitioned=False)
        for size in map(int, options.sizes.split(",")):
            with ExitStack() as one:
                store = _open(one, server, folder, f"months_{size}", size, partitioned=True)
                _compare(server, size, (small, store), options)


def _open(
    stack: ExitStack, server: EmbeddedServer, folder: Path, name: str, wanted: int, *, partitioned: bool
) -> tuple[Target, int, list[str]]:
    settings = prepared(server, name, folder)
    url = server.url(name)
    with psycopg.connect(url, autocommit=True) as connection:
        is_new = connection.execute("SELECT NOT EXISTS (SELECT FROM xapi_statements)").fetchone() == (True,)
    if is_new and partitioned:
        _partition(server, libpq_url(settings.owner_database_url))
    target, pid = stack.enter_context(serving(settings))
    if is_new:
        fill(target, min(wanted, _SEEDS))
        spread(url, wanted, MONTHS)
    return target, pid, random_ids(url, 400)


def _partition(server: EmbeddedServer, url: str) -> None:
    """The months that have passed as well: the tables are empty."""
    functions = _SCRIPT.read_text().split("CALL begin_partitions", 1)[0]
    since = f"(date_trunc('month', current_date) - interval '{MONTHS} months')::date"
    calls = "".join(f"CALL begin_partitions('{table}', '{key}', {since});" for table, key in _TABLES.items())
    done = subprocess.run(
        [server.programs.tool("psql"), "-X", "-q", url],
        input=f"{functions}{calls}SELECT count(*) FROM partitions_ahead({MONTHS + 2}, {since});",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)


def _compare(
    server: EmbeddedServer,
    size: int,
    stores: tuple[tuple[Target, int, list[str]], tuple[Target, int, list[str]]],
    options: argparse.Namespace,
) -> None:
    rates: tuple[list[float], list[float]] = ([], [])
    slow: tuple[list[float], list[float]] = ([], [])
    for turn in range(options.rounds):
        for place, (target, pid, ids) in enumerate(stores):
            meter = Meter(pid, server.status().pid or 0)
            agent = reads(target, ids)["GET limit=25&agent"]
            # The other store has just filled the database's memory.
            load(meter, target, agent, options.clients, options.seconds / 4)
            asked = load(meter, target, agent, options.clients, options.seconds)
            stored = load(
                meter,
                target,
                lambda number, to=target, at=turn: posts(to, 50, 100 * at + number),  # type: ignore[misc]
                options.clients,
                options.seconds,
            )
            assert not asked.failed
            assert not stored.failed
            slow[place].append(asked.p95)
            rates[place].append(stored.rate * 50)
    (rate, other_rate), (p95, other_p95) = map(statistics.median, rates), map(statistics.median, slow)
    print(
        f"{size:,} statements: stored {other_rate:,.0f} a second ({other_rate / rate:.2f} × the small store’s"
        f" {rate:,.0f}); agent query p95 {other_p95:.1f} ms ({other_p95 / p95:.2f} × {p95:.1f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
