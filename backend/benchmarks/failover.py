"""What a lost primary costs: a cluster of three under Patroni loses its leader, again and again, while four commit.

Rows that were acknowledged and are not there afterwards, the longest time without an acknowledgement, and what a person
at the pages was answered meanwhile.

    cd backend && ../.venv/bin/python -m benchmarks.failover [--kills 20] [--switchovers 3]
"""

import argparse
import statistics
import time
from pathlib import Path

from starlette.testclient import TestClient

from app.db.session import Database
from tests.client import event_loop
from tests.fast_disk import fast_folder
from tests.ops.cluster import Cluster, cluster
from tests.ops.load import Visitor, Writers
from tests.ops.test_cluster import settings_of, student_of


def main() -> None:
    """Stand the cluster up, take its leader away, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--switchovers", type=int, default=3)
    asked = parser.parse_args()
    with fast_folder() as folder, cluster(folder) as made, event_loop():
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
        if number < kills:
            made.kill(leader)
        else:
            made.switch()
        made.wait(streaming=1)
        time.sleep(2)
        what = "kill -9" if number < kills else "switchover"
        gaps[what].append(writers.longest_gap(begun))
        print(f"{what} {number + 1}: {gaps[what][-1]:.1f} s without an acknowledgement", flush=True)
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


def _look(browser: TestClient) -> tuple[int, str | None]:
    answer = browser.get("/")
    return answer.status_code, answer.headers.get("Retry-After")


if __name__ == "__main__":
    main()
