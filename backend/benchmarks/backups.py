"""What backups cost and bring: making one, restoring an instant from the folder and from a bucket alone, an idle hour.

    ../.venv/bin/python -m benchmarks.backups [--gigabytes 0.4,1.4] [--endpoint URL --key ID --secret SECRET]

For each size, a cluster with that much data (pages of random and of repeated text, half and half) on this disk. The
ratios are against PostgreSQL's own `pg_basebackup` in the same run, and against the same work without a backup beside
it. Without --endpoint the bucket is left out; any S3-compatible store will do, and what it takes to answer counts.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
from pydantic import SecretStr

from app.core import clock
from app.ops.backup import keeper, plan, receiver, restore, take, wal
from app.ops.backup.offsite import copy, fetch, keys
from app.ops.backup.offsite.bucket import bucket_of
from app.ops.backup.place import BackupPlace, place_of
from app.ops.backup.tools import Source, gently, source_of
from app.ops.postgres import EmbeddedServer
from app.rules.backups import BackupKind
from app.setting_values import normalize_database_url
from app.settings import Settings

ROW = "repeat(md5(i::text), 20) || (SELECT string_agg(md5((i * 40 + n)::text), '') FROM generate_series(1, 20) n)"
ROW_BYTES = 1_330
WRITERS = 4
ROUNDS = 3
COMMITS = """
import sys, threading, time
import psycopg

enough, taken = threading.Event(), []

def commits():
    with psycopg.connect(sys.argv[1], autocommit=True) as connection:
        while not enough.is_set():
            begun = time.perf_counter()
            connection.execute("INSERT INTO work (text) VALUES (repeat('x', 200))")
            taken.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.005)

threads = [threading.Thread(target=commits) for _ in range(int(sys.argv[2]))]
for one in threads:
    one.start()
print("begun", flush=True)
sys.stdin.readline()
enough.set()
for one in threads:
    one.join()
print(*taken)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", default="0.4,1.4")
    parser.add_argument("--endpoint")
    parser.add_argument("--key", default="")
    parser.add_argument("--secret", default="")
    options = parser.parse_args()
    for size in options.gigabytes.split(","):
        with tempfile.TemporaryDirectory(prefix="aada-backups-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            with cluster(folder, options) as settings:
                measure(folder, settings, float(size))


@contextmanager
def cluster(folder: Path, options: argparse.Namespace) -> Iterator[Settings]:
    server = EmbeddedServer(folder / "data" / "postgres")
    try:
        server.start()
        server.ensure_database()
        bucket = {}
        if options.endpoint:
            bucket = {
                "backup_s3_bucket": f"benchmark-{uuid.uuid4().hex[:12]}",
                "backup_s3_endpoint_url": options.endpoint,
                "backup_s3_region": "us-east-1",
                "backup_s3_access_key_id": SecretStr(options.key),
                "backup_s3_secret_access_key": SecretStr(options.secret),
                "backup_s3_recipient": keys.new(folder / "key.txt"),
            }
        yield Settings(
            _env_file=None,
            secret_key="a key for the benchmark and nothing else",
            data_dir=folder / "data",
            database_url=normalize_database_url(server.url()),
            **bucket,
        )
    finally:
        server.shut_down(force=True)


def measure(folder: Path, settings: Settings, gigabytes: float) -> None:
    place, source = place_of(settings), source_of(settings)
    place.prepare()
    with source.connect(settings.owner_database_url.database) as connection:
        connection.execute("CREATE TABLE filling (id bigint PRIMARY KEY, text text)")
        connection.execute("ALTER TABLE filling ALTER text SET STORAGE PLAIN")
        rows = int(gigabytes * 1024**3 / ROW_BYTES)
        connection.execute(f"INSERT INTO filling SELECT i, {ROW} FROM generate_series(1, {rows}) i")
        connection.execute(
            "CREATE TABLE work (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), text text)"
        )
        connection.commit()
        connection.execute("CHECKPOINT")
        size = connection.execute("SELECT sum(pg_database_size(oid)) FROM pg_database").fetchone()
    print(f"\n{int(str(size and size[0])) / 1024**3:.2f} GB of database", flush=True)

    theirs = took(lambda: own_basebackup(source, folder / "theirs"))
    ours = took(lambda: take.take(place, source, BackupKind.FULL))
    show("full backup, checked", ours, f"{ours / theirs:.2f} × pg_basebackup alone ({theirs:.1f} s)")

    alone, beside = list[float](), list[float]()

    def as_scheduled() -> None:
        gently(lambda: take.take(place, source, BackupKind.FULL, calmly=True))

    for _ in range(ROUNDS):  # in turn: what else the machine does falls on both
        alone.append(latencies(settings, lambda: time.sleep(8)))
        beside.append(latencies(settings, as_scheduled))
    without, with_it = statistics.median(alone), statistics.median(beside)
    print(
        f"  a commit beside a backup     p95 {with_it:6.1f} ms   {with_it / without:.2f} × without ({without:.1f} ms)"
    )

    with source.connect() as connection:  # what was written so far belongs to no idle hour
        connection.execute("SELECT pg_switch_wal()")
    receiver.catch_up(place, source)
    before = sum(one.size_bytes for one in wal.files(place) if one.complete)
    time.sleep(2)
    quiet, _, _ = keeper.make(place, source, settings)
    after = sum(one.size_bytes for one in wal.files(place) if one.complete)
    print(
        f"  an idle hour                 {(quiet.size_bytes + after - before) / 1024**2:6.2f} MB with its log"
    )

    for number in range(3):
        write(settings, 2_000)
        if number < 2:
            keeper.make(place, source, settings)
    time.sleep(0.1)
    at = clock.now()
    time.sleep(0.1)
    write(settings, 10)
    receiver.catch_up(place, source)
    wanted = plan.make(place, at, settings)
    into = folder / "restored"
    seconds = took(lambda: restore.restore(place, wanted, into, settings, lambda _line: None))
    show(f"restore, {len(wanted.chain)} backups and log", seconds, f"{seconds / gigabytes:.1f} s for a GB")
    if settings.backup_s3_bucket is not None:
        from_the_bucket(folder, settings, at, gigabytes)


def from_the_bucket(folder: Path, settings: Settings, at: datetime, gigabytes: float) -> None:
    bucket = bucket_of(settings)
    offsite = copy.of(settings, place_of(settings))
    assert bucket is not None
    assert offsite is not None
    bucket._client.create_bucket(Bucket=bucket.name)
    seconds = took(lambda: print(f"  {offsite.turn().size_bytes / 1024**2:,.0f} MB sent", flush=True))
    show("copy to the bucket", seconds, "")
    key, fetched = keys.Key.read(folder / "key.txt"), folder / "fetched"

    def unattended() -> None:
        fetch.fetch(bucket, key, fetched, at, settings, say=lambda _line: None)
        place = BackupPlace(fetched)
        restore.restore(place, plan.make(place, at, settings), folder / "again", settings, lambda _line: None)

    seconds = took(unattended)
    show("restore from the bucket alone", seconds, f"{seconds / gigabytes:.1f} s for a GB")


def latencies(settings: Settings, beside: Callable[[], object]) -> float:
    """The 95th percentile of commits, in milliseconds, while `beside` runs.

    They are another process's, as those of pages are: here they would wait for this one's Python.
    """
    url = str(settings.database_url).replace("+psycopg", "")
    with subprocess.Popen(
        [sys.executable, "-c", COMMITS, url, str(WRITERS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        beside()
        shown, _ = process.communicate("enough\n")
    return statistics.quantiles(map(float, shown.split()), n=20)[-1]


def write(settings: Settings, count: int) -> None:
    with psycopg.connect(str(settings.database_url).replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO work (text) SELECT repeat('x', 200) FROM generate_series(1, %s)", (count,)
        )


def own_basebackup(source: Source, folder: Path) -> None:
    folder.mkdir()
    arguments: list[str | Path] = [
        f"--dbname={source.conninfo}",
        f"--pgdata={folder}",
        "--format=tar",
        "--compress=server-zstd:3",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
    ]
    source.run("pg_basebackup", arguments, "pg_basebackup")


def took(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def show(what: str, seconds: float, more: str) -> None:
    print(f"  {what:28} {seconds:6.1f} s    {more}", flush=True)


if __name__ == "__main__":
    main()
