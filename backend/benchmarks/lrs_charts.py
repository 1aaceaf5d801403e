"""The charts of a year of statements: read from the statements, and from what is added up, in turn.

python -m benchmarks.lrs_charts [--statements 500000] [--rounds 3]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.db.session import Database
from app.lrs.desk.browser import chart_queries, chart_rollups
from app.lrs.desk.browser.chart_queries import Drawn, Span
from app.lrs.desk.rollups import service as rollups
from app.ops.postgres import EmbeddedServer
from app.rules.hours import start_of_day
from benchmarks.lrs_school import fill, multiply, prepared, serving

ZONE = ZoneInfo("America/New_York")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aada-benchmark-") as folder:
        Path(folder).chmod(0o711)  # open to the server's own user
        with EmbeddedServer(Path(folder) / "postgres") as server:
            settings = prepared(server, "charts", Path(folder))
            with serving(settings) as (target, _pid):
                fill(target, min(options.statements, 25_000))
            multiply(server.url("charts"), options.statements, over_a_year=True)
            database = Database(settings)
            add_up(database, options.statements)
            with psycopg.connect(server.url("charts"), autocommit=True) as owner:
                owner.execute("VACUUM ANALYZE")
            compare(database, options.rounds)
            database.close()


def add_up(database: Database, number: int) -> None:
    begun, longest, done = time.perf_counter(), 0.0, False
    while not done:
        batch = time.perf_counter()
        with database.begin() as session:
            done = rollups.catch_up(session)
        longest = max(longest, time.perf_counter() - batch)
    took = time.perf_counter() - begun
    with database.begin() as session:
        size = session.scalar(
            text(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relname LIKE 'xapi_rollup_%' AND relkind = 'r'"
            )
        )
    print(
        f"added up in {took:.0f} s, {took / number * 1e6:.0f} µs a statement, the longest transaction {longest:.1f} s;"
        f" {(size or 0) / number:.0f} bytes a statement"
    )


def compare(database: Database, rounds: int) -> None:
    until = start_of_day(clock.today(ZONE) + timedelta(days=1), ZONE)
    spans: dict[str, Span] = {}
    for days in (30, 90, 365):
        since = start_of_day(clock.today(ZONE) - timedelta(days=days - 1), ZONE)
        spans[f"{days} days"] = Span(since, until, str(ZONE))
    year = spans["365 days"].since
    program = "https://school.example/programs/dental-assistant"
    spans["365 days of one verb"] = Span(
        year, until, str(ZONE), verb="http://adlnet.gov/expapi/verbs/completed"
    )
    spans["365 days of a lesson"] = Span(year, until, str(ZONE), activity="https://school.example/lessons/7")
    spans["365 days of a program"] = Span(year, until, str(ZONE), activity=program)
    for name, span in spans.items():
        before, after = [], []
        for _ in range(rounds):
            before.append(timed(database, span, chart_queries.read))
            after.append(timed(database, span, chart_rollups.read))
        was, now = statistics.median(before), statistics.median(after)
        print(
            f"{name:24}{was * 1000:9,.0f} ms -> {now * 1000:7,.0f} ms   {was / now:6.1f} times as fast",
            flush=True,
        )


def timed(database: Database, span: Span, read: Callable[[Session, Span], Drawn | None]) -> float:
    with database.begin() as session:
        begun = time.perf_counter()
        assert read(session, span)
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
