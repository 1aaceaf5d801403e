"""The staff's lists of enrollments: the class, who is ready to graduate, which withdrawals wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Actor
from app.enrollment import policies_in_force, policy
from app.enrollment.graduation import checklist
from app.enrollment.lists import queries
from app.rules import withdrawals
from app.rules.graduation import missing
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Graduate:
    """A student of the list of those ready to graduate."""

    enrollment_id: int
    user_id: int
    full_name: str
    program: str
    enrolled_at: date
    missing: str


@dataclass(frozen=True, slots=True)
class PendingWithdrawal:
    """A withdrawal that waits; `days_left` of the `refund_days`, fewer than none when it is late."""

    id: int
    enrollment_id: int
    user_id: int
    full_name: str
    program: str
    kind: str
    requested_at: datetime
    withdrawn_at: datetime
    progress_pct_at_withdrawal: int | None
    reason: str | None
    refund_days: int
    """45, or 40 where VA paid a part."""
    due_on: date
    days_left: int
    tone: str
    """From the warnings when 15, 5 and no days are left: empty, warn or bad."""


def class_list(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Active enrollments, newest first. Sorts: student, program, enrolled, progress."""
    policy.require_list(subject)
    return queries.active_listing(session, paging, policy.visible(session, subject))


def ready_to_graduate(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Active enrollments that may be completed, with no transcript yet. Sorts: student, program, enrolled.

    The rows have `missing` besides: what else the student needs, in a few words; empty for nothing.
    """
    policy.require_list(subject)
    zone = school.facts(session).zone
    today = clock.today(zone)

    def explained(rows: Sequence[Any]) -> list[Graduate]:
        known = checklist.of_enrollments(session, [row.enrollment_id for row in rows], today, zone)
        return [
            Graduate(
                row.enrollment_id,
                row.user_id,
                row.full_name,
                row.program,
                row.enrolled_at,
                ", ".join(one.title for one in missing(known[row.enrollment_id])),
            )
            for row in rows
        ]

    return queries.eligible_for_graduation_listing(
        session,
        paging,
        policy.visible(session, subject),
        policies_in_force.completion_threshold_pct(session),
    ).map_many(explained)


def pending_withdrawals(session: Session, subject: Actor, paging: Paging) -> Listing[PendingWithdrawal]:
    """Withdrawals that wait for the administration, oldest first. Sorts: student, program, requested, progress, due."""
    policy.require_read_withdrawals(subject)
    zone = school.facts(session).zone
    today = clock.today(zone)
    return queries.pending_withdrawals_listing(session, paging, policy.visible(session, subject)).map(
        lambda row: _pending(row, zone, today)
    )


def _pending(row: Any, zone: ZoneInfo, today: date) -> PendingWithdrawal:
    withdrawn_on = clock.local(row.withdrawn_at, zone).date()
    due_on = withdrawals.due_on(withdrawn_on, row.refund_days)
    known = {name: getattr(row, name) for name in _COLUMNS}
    tone = withdrawals.tone((today - withdrawn_on).days, row.refund_days)
    return PendingWithdrawal(**known, due_on=due_on, days_left=(due_on - today).days, tone=tone)


_COLUMNS = (
    "id",
    "enrollment_id",
    "user_id",
    "full_name",
    "program",
    "kind",
    "requested_at",
    "withdrawn_at",
    "progress_pct_at_withdrawal",
    "reason",
    "refund_days",
)
