"""What a lost primary costs: a cluster of three under Patroni loses its leader, again and again, while four commit.

Rows that were acknowledged and are not there afterwards, the longest time without an acknowledgement, and what a person
at the pages was answered meanwhile. Of each kill also the pieces: until another server was elected, until it took
writes, and until the first was acknowledged, which waits for a standby.

    cd backend && ../.venv/bin/python -m benchmarks.failover [--kills 20] [--switchovers 3] [--ttl 10 --loop-wait 2]
"""

import argparse
import statistics
import time
from pathlib import Path

import psycopg
from starlette.testclient import TestClient

from app.db.session import Database
from tests.client import event_loop
from tests.fast_disk import fast_folder
from tests.ops.cluster import PASSWORD, Cluster, Node, cluster
from tests.ops.load import Visitor, Writers
from tests.ops.test_cluster import settings_of, student_of


def main() -> None:
    """Stand the cluster up, take its leader away, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--switchovers", type=int, default=3)
    parser.add_argument("--ttl", type=int, help="In the place of the one in deploy/patroni.")
    parser.add_argument("--loop-wait", type=int)
    asked = parser.parse_args()
    dcs = {name: value for name in ("ttl", "loop_wait") if (value := getattr(asked, name)) is not None}
    with fast_folder() as folder, cluster(folder, dcs=dcs) as made, event_loop():
        made.wait()
        made.be_strict()
        _measure(made, folder, asked.kills, asked.switchovers)


def _measure(made: Cluster, folder: Path, kills: int, switchovers: int) -> None:
    settings = settings_of(made, folder)
    database = Database(settings)
    writers = Writers(made.libpq("aada_lms"))
    visitor = Visitor(student_of(settings, database), _look)
    writers.start()
    visitor.start()
    gaps: dict[str, list[float]] = {"kill -9": [], "switchover": []}
    for number in range(kills + switchovers):
        leader = made.wait()
        time.sleep(3)
        begun = time.monotonic()
        pieces = ""
        if number < kills:
            made.kill(leader)
            pieces = _pieces(made, leader, begun)
        else:
            made.switch()
        made.wait(streaming=1)
        time.sleep(2)
        what = "kill -9" if number < kills else "switchover"
        gaps[what].append(writers.longest_gap(begun))
        print(f"{what} {number + 1}: {gaps[what][-1]:.1f} s without an acknowledgement{pieces}", flush=True)
        if number < kills:
            made.start(leader)
    made.wait()
    visitor.stop()
    writers.stop()
    print(f"{len(writers.acknowledged):,} rows acknowledged, {writers.lost():,} of them lost")
    for what, found in gaps.items():
        if found:
            print(
                f"{what}: longest gap {max(found):.1f} s, median {statistics.median(found):.1f} s, of {len(found)}"
            )
    print(f"pages: {dict(visitor.answers)}; 503 without Retry-After: {visitor.without_retry}")
    database.close()


def _pieces(made: Cluster, lost: Node, begun: float) -> str:
    """Seconds until another server was elected, and until it was open for writing."""
    elected = opened = None
    while opened is None and time.monotonic() - begun < 60:
        for node in made.nodes:
            if node is lost:
                continue
            if elected is None and node.role() == "primary":
                elected = time.monotonic() - begun
            if elected is not None and _takes_writes(node):
                opened = time.monotonic() - begun
        time.sleep(0.05)
    return f" (elected after {elected or 0:.1f} s, open after {opened or 0:.1f} s)"


def _takes_writes(node: Node) -> bool:
    try:
        with psycopg.connect(
            host="127.0.0.1",
            port=node.port,
            user="postgres",
            password=PASSWORD,
            dbname="postgres",
            connect_timeout=2,
        ) as connection:
            return connection.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,)
    except psycopg.Error:
        return False


def _look(browser: TestClient) -> tuple[int, str | None]:
    answer = browser.get("/")
    return answer.status_code, answer.headers.get("Retry-After")


if __name__ == "__main__":
    main()
