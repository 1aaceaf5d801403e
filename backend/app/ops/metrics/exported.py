"""The text that a Prometheus server reads: what the processes counted, and what the database says now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import __version__
from app.db.replica import Standing
from app.db.session import Database
from app.ops.metrics import queries
from app.ops.metrics.board import BOARD, BOUNDS
from app.ops.metrics.measured import BackupTimes, Figures, measure
from app.settings import Settings

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
log = structlog.get_logger(__name__)


def text(settings: Settings, database: Database) -> bytes:
    """Everything, in Prometheus’ text format. A database that does not answer takes its part of it away alone.

    The pool may be full: that is when its figures matter, and they come from memory. What the database says is asked
    on a connection of its own.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(_everything(settings, database)))
    return generate_latest(registry) + _requests().encode()


class _Found(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _everything(settings: Settings, database: Database) -> list[Metric]:
    found = list(_counted())
    asked: list[Metric] = []
    try:
        with database.aside() as session:
            queries.require_no_wait(session)
            asked += _measured(measure(session, settings))
            asked += _tables(session)
    except SQLAlchemyError as error:
        log.warning("metrics.database_silent", reason=" ".join(str(error).split())[:300])
        asked = []
    if asked and database.replica is not None:
        # By itself, and with the connection given back: one that answers slowly takes nothing else along.
        try:
            with database.aside() as session:
                committed = database.replica.committed(session)
            asked += _standby(database.replica.standing(committed))
        except SQLAlchemyError as error:
            log.warning("metrics.database_silent", reason=" ".join(str(error).split())[:300])
    return [*found, _gauge("database_up", "Whether the database answered in time.", bool(asked)), *asked]


def _standby(found: Standing) -> Iterator[Metric]:
    yield _gauge(
        "reports_standby_usable", "Whether files of reports are read from the standby.", found.usable
    )
    if found.behind_seconds is not None:
        yield _gauge("reports_standby_behind_seconds", "How far the standby is behind.", found.behind_seconds)


def _counted() -> Iterator[Metric]:
    build = GaugeMetricFamily("aada_build_info", "The version that runs.", labels=["version"])
    build.add_metric([__version__], 1)
    yield build
    yield _counters("http_responses", "Answers by class of status.", "status", BOARD.statuses())
    pools = BOARD.pools()
    in_use = {str(one.process): one.in_use for one in pools}
    yield _gauges("database_pool_in_use", "Pooled connections in use, by process.", "process", in_use)
    limits = {str(one.process): one.most for one in pools}
    yield _gauges("database_pool_limit", "Pooled connections a process may have.", "process", limits)
    slow = CounterMetricFamily("aada_slow_statements", "Statements that took longer than a second.")
    slow.add_metric([], BOARD.slow_statements())
    yield slow
    refused = CounterMetricFamily(
        "aada_refused_statements", "Statements that the database refused to the role they came from."
    )
    refused.add_metric([], BOARD.refused_statements())
    yield refused


def _requests() -> str:
    """The requests of each route as a histogram: thousands of lines, on which the library would spend 40 ms."""
    name = "aada_http_request_duration_seconds"
    lines = [
        f"# HELP {name} Requests by method and route, until the answer was sent.",
        f"# TYPE {name} histogram",
    ]
    bounds = (*map(str, BOUNDS), "+Inf")
    for one in BOARD.routes():
        labels = f'method="{one.method}",route="{one.route.translate(_ESCAPED)}"'
        for bound, so_far in zip(bounds, accumulate(one.counts), strict=True):
            lines.append(f'{name}_bucket{{{labels},le="{bound}"}} {so_far}')
        lines += [f"{name}_count{{{labels}}} {one.count}", f"{name}_sum{{{labels}}} {one.seconds}"]
    return "\n".join([*lines, ""])


def _measured(figures: Figures) -> Iterator[Metric]:
    server, queue = figures.server, figures.queue
    yield _gauge("database_size_bytes", "The size of the database on disk.", server.size_bytes)
    yield _gauge("database_connections", "Processes of the server, its own included.", server.connections)
    yield _gauge("database_connections_limit", "Connections the server allows.", server.connection_limit)
    yield _gauge("locks_waiting", "Locks that are waited for.", server.waiting)
    yield _gauge("lock_wait_longest_seconds", "How long the longest of them has been.", server.lock_seconds)
    yield _gauge(
        "statement_longest_seconds", "How long the longest statement runs.", server.statement_seconds
    )
    deadlocks = CounterMetricFamily("aada_deadlocks", "Deadlocks that the server broke.")
    deadlocks.add_metric([], server.deadlocks)
    yield deadlocks
    blocks = {"memory": server.blks_hit, "disk": server.blks_read}
    yield _counters("database_blocks", "Blocks read, by where they were found.", "found_in", blocks)
    behind = {one.slot_name: one.behind_bytes or 0 for one in figures.slots}
    yield _gauges("wal_behind_bytes", "Write-ahead log that a receiver has not.", "slot", behind)
    active = {one.slot_name: one.active for one in figures.slots}
    yield _gauges("wal_receiver_active", "Whether a slot’s receiver is connected.", "slot", active)
    yield _gauge(
        "stream_synchronous", "Whether each commit waits for the second place.", figures.second.synchronous
    )
    yield _gauge(
        "stream_away",
        "Whether there is a second place and its receiver is not connected.",
        figures.second.receiving is False,
    )
    yield _gauge(
        "stream_commits_waiting",
        "Commits that have waited for it longer than a second.",
        figures.second.waiting,
    )
    states = {"waiting": queue.waiting, "doing": queue.doing, "failed": queue.failed}
    yield _gauges("jobs", "Background jobs by state.", "state", states)
    yield _gauge(
        "jobs_oldest_waiting_seconds", "How long the oldest job that is due waits.", queue.oldest_seconds
    )
    yield from _backups(figures.backups)


def _backups(times: BackupTimes) -> Iterator[Metric]:
    """An age is left out while there is nothing to have one: an alert asks for its absence."""
    yield _gauge("backups_expected", "Whether this installation backs itself up.", times.expected)
    yield _gauge("backup_copy_expected", "Whether a second copy goes to a bucket.", times.copy_expected)
    for name, sentence, age in (
        ("backup_age_seconds", "The age of the newest sound backup.", times.newest),
        ("wal_lag_seconds", "How long ago the archive had the whole write-ahead log.", times.received),
        ("restore_drill_age_seconds", "How long ago a restore was tried.", times.drill),
        ("backup_copy_age_seconds", "How long ago the bucket had a copy of all of it.", times.copied),
    ):
        if age is not None:
            yield _gauge(name, sentence, age)
    if times.drill is not None:
        yield _gauge("restore_drill_failed", "Whether the last restore drill failed.", times.drill_failed)


def _tables(session: Session) -> Iterator[Metric]:
    tables = queries.tables(session)
    sizes = {one.table_name: one.size_bytes for one in tables}
    yield _gauges("table_size_bytes", "Tables with their indexes, at the last VACUUM.", "table", sizes)
    live = {one.table_name: one.n_live_tup for one in tables}
    yield _gauges("table_rows", "Rows of tables, as the server estimates them.", "table", live)
    dead = {one.table_name: one.n_dead_tup for one in tables}
    yield _gauges("table_dead_rows", "Rows that VACUUM has yet to remove.", "table", dead)
    for name, kind in (("seq_scan", "sequential"), ("idx_scan", "index")):
        scans = {one.table_name: getattr(one, name) for one in tables}
        yield _counters(f"table_{kind}_scans", f"Scans of tables: {kind}.", "table", scans)
    unused = queries.unused_indexes(session)
    yield _gauge("indexes_unused", "Indexes without a scan since the statistics began.", unused.indexes)
    yield _gauge("indexes_unused_size_bytes", "Their size.", unused.size_bytes)
    statements = queries.statements(session)
    labels = ["id", "statement"]
    seconds = CounterMetricFamily(
        "aada_statement_seconds", "Time by statement: the ten with most.", labels=labels
    )
    calls = CounterMetricFamily(
        "aada_statement_calls", "Calls by statement: the ten with most time.", labels=labels
    )
    for one in statements:
        seconds.add_metric([one.id, one.statement], one.seconds)
        calls.add_metric([one.id, one.statement], one.calls)
    yield from (seconds, calls) if statements else ()


def _gauge(name: str, sentence: str, value: float) -> Metric:
    return GaugeMetricFamily(f"aada_{name}", sentence, value=float(value))


def _gauges(name: str, sentence: str, label: str, values: Mapping[str, float]) -> Metric:
    metric = GaugeMetricFamily(f"aada_{name}", sentence, labels=[label])
    for of, value in values.items():
        metric.add_metric([of], float(value))
    return metric


def _counters(name: str, sentence: str, label: str, values: Mapping[str, int]) -> Metric:
    metric = CounterMetricFamily(f"aada_{name}", sentence, labels=[label])
    for of, value in values.items():
        metric.add_metric([of], float(value))
    return metric
