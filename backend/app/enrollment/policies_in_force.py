"""The policies of today, as the end of an enrollment needs them."""

from sqlalchemy.orm import Session

from app.core import clock
from app.school import service as school
from app.school.service import LeavePolicy, PolicyKind, ProgressPolicy, WithdrawalPolicy


def progress(session: Session) -> school.policies.DatedPolicy[ProgressPolicy]:
    """The version in force at the school today."""
    return school.policies.at(session, PolicyKind.PROGRESS, clock.today(school.facts(session).zone))


def completion_threshold_pct(session: Session) -> int:
    """From how much progress on an enrollment may be completed."""
    return progress(session).values.completion_threshold_pct


def withdrawal(session: Session) -> school.policies.DatedPolicy[WithdrawalPolicy]:
    """The version in force at the school today."""
    return school.policies.at(session, PolicyKind.WITHDRAWAL, clock.today(school.facts(session).zone))


def leave(session: Session) -> school.policies.DatedPolicy[LeavePolicy]:
    """The version in force at the school today."""
    return school.policies.at(session, PolicyKind.LEAVE_OF_ABSENCE, clock.today(school.facts(session).zone))
