"""What is wrong now, and what to do about it: the same bounds as deploy/prometheus/alerts.yml."""

from __future__ import annotations

from dataclasses import dataclass

from app.ops.metrics.board import BOARD, PoolUse, RouteTimes
from app.ops.metrics.measured import Figures

LONGEST_WAIT_SECONDS = 30
LONGEST_STATEMENT_SECONDS = 60
OLDEST_JOB_SECONDS = 600
MOST_BEHIND_BYTES = 1 << 30
_FEWEST_REQUESTS = 200
_SLOW_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Advice:
    """A warning: its heading, what is so, and what to do."""

    title: str
    says: str
    do: str


def of(figures: Figures) -> list[Advice]:
    """The warnings of this moment; none when all is well."""
    return _of(figures, BOARD.pools(), BOARD.routes())


def _of(figures: Figures, pools: list[PoolUse], routes: list[RouteTimes]) -> list[Advice]:
    server, queue, found = figures.server, figures.queue, []
    if server.lock_seconds > LONGEST_WAIT_SECONDS:
        found.append(
            Advice(
                "Changes wait for each other",
                f"{server.waiting:,} wait for a lock, the longest for {server.lock_seconds:.0f} seconds.",
                "Ask whoever looks after the server to look at pg_stat_activity (aada db psql) and to end the"
                " transaction that is open longest, usually a program of somebody’s own.",
            )
        )
    if server.statement_seconds > LONGEST_STATEMENT_SECONDS:
        found.append(
            Advice(
                "A query has been running for long",
                f"It began {server.statement_seconds / 60:.0f} minutes ago.",
                "A large report or an import may take so long. If pages are slow, ask whoever looks after the server to"
                " end it (pg_cancel_backend in aada db psql).",
            )
        )
    if queue.oldest_seconds > OLDEST_JOB_SECONDS:
        found.append(
            Advice(
                "Background jobs are not being worked off",
                f"{queue.waiting:,} wait, the oldest for {queue.oldest_seconds / 60:.0f} minutes. Emails and documents"
                " are late; nothing is lost.",
                "See on the server that aada serve runs without --no-jobs, or that aada worker does, and look for"
                " “jobs” in its log.",
            )
        )
    if figures.behind_bytes > MOST_BEHIND_BYTES:
        found.append(
            Advice(
                "The write-ahead log is not being received",
                f"{figures.behind_bytes / (1 << 30):.1f} GB are waiting, and take room on the database’s disk.",
                "Run aada doctor on the server, and see that the disk of BACKUP_DIR is there and has room.",
            )
        )
    if figures.second.receiving is False:
        held_up = figures.second.is_held_up
        found.append(
            Advice(
                "Every change waits for the second place" if held_up else "The second place does not receive",
                "Its receiver is not connected. "
                + (
                    "Nobody can save anything until it is."
                    if held_up
                    else "A lost site would lose what it has not."
                ),
                "Start aada backup stream there again, or let the site go on without it (aada backup stream --release):"
                " docs/runbooks/stream.md.",
            )
        )
    full = [one for one in pools if one.in_use * 10 >= one.most * 9]
    if full:
        found.append(
            Advice(
                "Nearly all of a process’s database connections are in use",
                f"{full[0].in_use} of {full[0].most}. Requests will wait for each other.",
                "If this stays, raise POOL_SIZE in .env and restart the system.",
            )
        )
    asked, slow = sum(one.count for one in routes), sum(one.slow for one in routes)
    if asked >= _FEWEST_REQUESTS and slow > asked * _SLOW_SHARE:
        worst = max(routes, key=lambda one: one.slow)
        found.append(
            Advice(
                "Many requests take longer than a second",
                f"{slow:,} of {asked:,} since the system was started, most of them {worst.method} {worst.route}.",
                "Look below for what else is unusual. If nothing is, the server may be too small, or busy with another"
                " program.",
            )
        )
    return found
