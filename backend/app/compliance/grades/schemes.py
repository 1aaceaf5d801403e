"""The grading scheme of a day, as the room needs it."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from app.rules.grades import Scheme
from app.school import service as school
from app.school.service import GradingPolicy, PolicyKind

Dated = school.policies.DatedPolicy[GradingPolicy]


def on(session: Session, day: date) -> Dated:
    """The version in force on a day."""
    return school.policies.at(session, PolicyKind.GRADING, day)


def scheme_on(session: Session, day: date) -> Scheme:
    """The scheme in force on a day."""
    return on(session, day).values.scheme()


def of_policy(session: Session, policy_id: int) -> Scheme:
    """The scheme that a grade was given by."""
    values: GradingPolicy = school.policies.by_number(session, PolicyKind.GRADING, policy_id).values
    return values.scheme()


def of_policies(session: Session, policy_ids: Iterable[int]) -> dict[int, Scheme]:
    """The schemes that many grades were given by, each looked up once."""
    return {number: of_policy(session, number) for number in set(policy_ids)}
