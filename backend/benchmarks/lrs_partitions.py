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
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg

from app.db.session import libpq_url
from app.ops.postgres import EmbeddedServer
from benchmarks.lrs_clients import Meter, Target, load
from benchmarks.lrs_school import fill, posts, prepared, random_ids, reads, serving

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
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-benchmark-"))
        )
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # open to the server's own user
        server = stack.enter_context(EmbeddedServer(folder / "postgres"))
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
        _spread(url, wanted)
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


def _spread(url: str, wanted: int) -> None:
    """Copy what is stored under keys of other times, until so many are there."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*), min(id) FROM xapi_statements").fetchone()
        have, low = row or (1, 0)
        copies = wanted // int(str(have))
        step = MONTHS * 30 * 86_400_000_000 // max(copies, 1)
        for copy in range(1, copies):
            with connection.transaction():
                connection.execute(
                    """
                    INSERT INTO xapi_statements (id, user_id, verb, object_id, result, context, timestamp, stored,
                        packed, octets, actor_id, version, registration, credential_id)
                    SELECT id - %(shift)s, user_id, verb, object_id, result, context,
                        timestamp - %(shift)s * interval '1 microsecond', stored, packed, octets, actor_id, version,
                        registration, credential_id FROM xapi_statements WHERE id >= %(low)s
                    """,
                    {"shift": step * copy, "low": low},
                )
                for noun, plural in (("actor", "actors"), ("activity", "activities")):
                    connection.execute(
                        f"INSERT INTO xapi_statement_{plural} SELECT {noun}_id, direct, statement_id - %(shift)s,"
                        f" subject_id - %(shift)s, usage FROM xapi_statement_{plural} WHERE statement_id >= %(low)s",
                        {"shift": step * copy, "low": low},
                    )
            print(f"\r{int(str(have)) * (copy + 1):,} statements", end="", flush=True)
        print()
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


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
