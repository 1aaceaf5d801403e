"""The staff's lists of enrollments: the class, who is ready to graduate, which withdrawals wait."""

from typing import Any

from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.enrollment import policies_in_force, policy
from app.enrollment.lists import queries
from app.web.listing import Listing
from app.web.paging import Paging


def class_list(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Active enrollments, newest first. Sorts: student, program, enrolled, progress."""
    policy.require_list(subject)
    return queries.active_listing(session, paging, policy.visible(session, subject))


def ready_to_graduate(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Active enrollments that may be completed, with no transcript yet. Sorts: student, program, enrolled."""
    policy.require_list(subject)
    return queries.eligible_for_graduation_listing(
        session,
        paging,
        policy.visible(session, subject),
        policies_in_force.completion_threshold_pct(session),
    )


def pending_withdrawals(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Withdrawals that wait for the administration. Sorts: student, program, requested, progress."""
    policy.require_read_withdrawals(subject)
    return queries.pending_withdrawals_listing(session, paging, policy.visible(session, subject))
