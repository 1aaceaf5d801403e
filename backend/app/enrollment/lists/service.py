"""The staff's lists of enrollments: the class, who is ready to graduate, which withdrawals wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Actor
from app.enrollment import policies_in_force, policy
from app.enrollment.graduation import checklist
from app.enrollment.lists import queries
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


def pending_withdrawals(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Withdrawals that wait for the administration. Sorts: student, program, requested, progress."""
    policy.require_read_withdrawals(subject)
    return queries.pending_withdrawals_listing(session, paging, policy.visible(session, subject))
