"""The history of the figures: measured every ten minutes, kept for a while, drawn for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock, retention
from app.db.models import MetricSample
from app.ops import monitoring
from app.ops.metrics import queries
from app.ops.metrics.measured import measure
from app.settings import Settings

_SHOWN = timedelta(days=14)
_STEP = "6 hours"
_GROWTH_SHOWN = timedelta(days=30)
_MEGABYTE = 1024 * 1024
_DRAWN = (
    ("database_bytes", "Database size", "MB", _MEGABYTE),
    ("connections", "Connections to the database, at most", "", 1),
    ("statement_seconds", "Longest query", "s", 1),
    ("lock_seconds", "Longest wait for a lock", "s", 1),
    ("jobs_waiting", "Background jobs waiting, at most", "", 1),
    ("jobs_failed", "Background jobs that failed", "", 1),
    ("wal_behind_bytes", "Write-ahead log not yet received", "MB", _MEGABYTE),
    ("backup_age_seconds", "Age of the newest backup, at most", "h", 3600),
)
_TABLE = "table_bytes"

_old = retention.Rows(MetricSample.__table__, lambda before: MetricSample.at < before)
retention.register(
    retention.Kind(
        "metrics",
        "Figures of the system",
        "How large and how busy the database was, for the charts of the Operations page.",
        90,
        30,
        "Shows whether something is unusual, or has been growing.",
        _old.due,
        _old.purge,
        ("metric_samples",),
    )
)


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure over time."""

    name: str
    title: str
    unit: str
    labels: list[str]
    values: list[float]


def sample(session: Session, settings: Settings) -> None:
    """Measure, and keep what was found; the tables’ sizes once a day."""
    figures, now = measure(session, settings), clock.now()
    server = figures.server
    values: dict[tuple[str, str], float] = {
        ("database_bytes", ""): server.size_bytes,
        ("connections", ""): server.connections,
        ("statement_seconds", ""): server.statement_seconds,
        ("lock_seconds", ""): server.lock_seconds,
        ("jobs_waiting", ""): figures.queue.waiting,
        ("jobs_failed", ""): figures.queue.failed,
        ("wal_behind_bytes", ""): figures.behind_bytes,
    }
    if figures.backups.newest is not None:
        values["backup_age_seconds", ""] = figures.backups.newest
    last = queries.last_at(session, _TABLE)
    if last is None or now - last >= timedelta(days=1):
        values |= {(_TABLE, one.tablename): one.size_bytes for one in monitoring.table_sizes(session)}
    queries.keep(session, now, values)


def charts(session: Session, zone: ZoneInfo) -> list[Chart]:
    """The last two weeks, a point for each six hours; figures that were never measured are left out."""
    found: dict[str, dict[Any, float]] = {}
    for row in queries.history(session, clock.now() - _SHOWN, _STEP):
        found.setdefault(row.name, {})[row.start] = row.value
    drawn = []
    for name, title, unit, factor in _DRAWN:
        points = found.get(name, {})
        if points:
            labels = [f"{clock.local(at, zone):%b %-d, %-I %p}" for at in points]
            drawn.append(
                Chart(name, title, unit, labels, [round(value / factor, 2) for value in points.values()])
            )
    return drawn


def growth(session: Session) -> list[tuple[str, int, int]]:
    """The ten tables that grew most in thirty days: name, bytes then, bytes now."""
    since = clock.now() - _GROWTH_SHOWN
    return [(row.label, int(row.first), int(row.last)) for row in queries.growth(session, _TABLE, since, 10)]
