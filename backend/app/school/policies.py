"""Dated policies: what the school goes by, from a day on, and what it went by then.

`at(session, PolicyKind.ATTENDANCE, day)` answers the version in force on a day. Whoever writes down something that
was computed with it calls `used(session, policy)`: from then on the database refuses to change or delete that
version, and a change is a new version.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar, overload

from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, internal
from app.db.models import SchoolPolicy
from app.school import policy as access
from app.school import queries
from app.school.agreement_wording import AgreementPolicy
from app.school.grading import GradingPolicy
from app.school.kinds import (
    FIRST_VERSIONS,
    SCHEMAS,
    AcademicProgressPolicy,
    AttendancePolicy,
    ComplaintsPolicy,
    ExternshipPolicy,
    LessonContentPolicy,
    PasswordPolicy,
    PolicyKind,
    ProgressPolicy,
    RetentionPolicy,
    SecondFactorPolicy,
    StoragePolicy,
    retention_faults,
)
from app.school.leaving import LeavePolicy, WithdrawalPolicy
from app.school.money import BillingPolicy, PaymentPlanPolicy, StateFeesPolicy
from app.school.policy_words import labels
from app.school.refund_rules import RefundPolicy
from app.school.remembered import forget, remembered
from app.school.values import Values
from app.web.forms import sentence

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class DatedPolicy(Generic[V]):
    """A version of a policy, its values in the shape of its kind."""

    id: int
    kind: PolicyKind
    version: int
    effective_from: date
    values: V
    approved_by: str
    note: str
    created_at: datetime
    used_at: datetime | None


@overload
def at(
    session: Session, kind: Literal[PolicyKind.ATTENDANCE], day: date
) -> DatedPolicy[AttendancePolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.PROGRESS], day: date) -> DatedPolicy[ProgressPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.PASSWORD], day: date) -> DatedPolicy[PasswordPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.SECOND_FACTOR], day: date
) -> DatedPolicy[SecondFactorPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.GRADING], day: date) -> DatedPolicy[GradingPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.RETENTION], day: date) -> DatedPolicy[RetentionPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.ACADEMIC_PROGRESS], day: date
) -> DatedPolicy[AcademicProgressPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.EXTERNSHIP], day: date
) -> DatedPolicy[ExternshipPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.STORAGE], day: date) -> DatedPolicy[StoragePolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.BILLING], day: date) -> DatedPolicy[BillingPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.STATE_FEES], day: date) -> DatedPolicy[StateFeesPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.COMPLAINTS], day: date
) -> DatedPolicy[ComplaintsPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.LESSON_CONTENT], day: date
) -> DatedPolicy[LessonContentPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.AGREEMENT], day: date) -> DatedPolicy[AgreementPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.WITHDRAWAL], day: date
) -> DatedPolicy[WithdrawalPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.PAYMENT_PLANS], day: date
) -> DatedPolicy[PaymentPlanPolicy]: ...
@overload
def at(
    session: Session, kind: Literal[PolicyKind.LEAVE_OF_ABSENCE], day: date
) -> DatedPolicy[LeavePolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.REFUND], day: date) -> DatedPolicy[RefundPolicy]: ...
@overload
def at(session: Session, kind: Literal[PolicyKind.REFUND_SETTINGS], day: date) -> DatedPolicy[Any]: ...
@overload
def at(session: Session, kind: PolicyKind, day: date) -> DatedPolicy[BaseModel]: ...


def at(session: Session, kind: PolicyKind, day: date) -> DatedPolicy[Any]:
    """The version of a kind in force on a day at the school. Raises NotFound before the first one began."""
    found = _in_force(session, kind, day)
    if found is None:
        raise NotFound(f"No {kind.label.lower()} policy was in force on {day:%Y-%m-%d}.")
    return found


def _in_force(session: Session, kind: PolicyKind, day: date) -> DatedPolicy[Any] | None:
    """Of the versions that began by a day the last, and of one day's the newest."""
    begun = (one for one in _known(session, kind) if one.effective_from <= day)
    return max(begun, key=lambda one: (one.effective_from, one.version), default=None)


def _known(session: Session, kind: PolicyKind) -> list[DatedPolicy[Any]]:
    return remembered(
        session, ("policies", kind), lambda: [_dated(row) for row in queries.policies(session, kind.value)]
    )


def unbroken_since(
    session: Session, kind: PolicyKind, day: date, holds: Callable[[Any], bool]
) -> date | None:
    """From which day on, until this one, `holds` was true of the values in force; None when it is not on the day."""
    in_force = {one.effective_from: one for one in sorted(_known(session, kind), key=lambda one: one.version)}
    since = None
    for begun in sorted((one for one in in_force if one <= day), reverse=True):
        if not holds(in_force[begun].values):
            break
        since = begun
    return since


def by_number(session: Session, kind: PolicyKind, policy_id: int) -> DatedPolicy[Any]:
    """The version that something was computed with. Raises NotFound."""
    for one in _known(session, kind):
        if one.id == policy_id:
            return one
    raise NotFound(f"There is no {kind.label.lower()} policy with the number {policy_id}.")


@internal("a part of a statement; who runs it asks")
def refund_days(day: ColumnElement[date]) -> ColumnElement[Any]:
    """The days that a refund has by the refund policy in force on a day, as a part of a statement."""
    return queries.refund_days(day)


def used(session: Session, policy: DatedPolicy[Any]) -> None:
    """Note that something that is written down was computed with this version: it can never change."""
    if policy.used_at is None:
        queries.mark_used(session, policy.id, clock.now())


def versions(session: Session, subject: Actor, kind: PolicyKind) -> list[DatedPolicy[Any]]:
    """Every version of a kind, the newest first."""
    access.require_read(subject)
    return [_dated(row) for row in queries.policies(session, kind.value)]


def add(
    session: Session,
    subject: Actor,
    kind: PolicyKind,
    *,
    effective_from: date,
    values: Mapping[str, object],
    approved_by: str,
    note: str = "",
    today: date,
) -> DatedPolicy[Any]:
    """A new version. What it leaves out is as in the version it follows.

    Raises Invalid for values that its kind does not allow, and Conflict for a day that something may have been
    computed for already: with a version in use, the next one begins tomorrow or later. The same values from the same
    day, as a form that is sent twice has them, are a Conflict too.
    """
    access.require_change(subject)
    forget(session)
    version = queries.next_version(session, kind.value)
    before = _in_force(session, kind, effective_from)
    if (
        before is not None
        and before.used_at is not None
        and effective_from <= today
        and _why_not_from(before.values, effective_from)
        is None  # a version that has lapsed is used for no later day
    ):
        words = "Something was written down by the version in force on that day, and keeps it. Choose a later day."
        raise Conflict(words, errors=[FieldError("effective_from", words)])
    checked = _checked(kind, {**(_taken_over(before.values) if before else {}), **values})
    if (why := _why_not_from(checked, effective_from)) is not None:
        raise Invalid(f"{why} Nothing was added.", errors=[FieldError("effective_from", why)])
    if before is not None and before.effective_from == effective_from and before.values == checked:
        words = f"Version {before.version} has the same values from that day on. Nothing was added."
        raise Conflict(words, errors=[FieldError("effective_from", words)])
    row = queries.add(
        session,
        SchoolPolicy(
            kind=kind.value,
            version=version,
            effective_from=effective_from,
            values=checked.model_dump(mode="json"),
            approved_by=approved_by,
            note=note,
        ),
    )
    session.refresh(row)
    history.record(
        session,
        subject,
        Action.SCHOOL_POLICY_ADDED,
        row.id,
        reason=note or None,
        kind=kind.value,
        version=version,
        effective_from=effective_from,
        approved_by=approved_by,
        values=row.values,
    )
    return _dated(row)


def withdraw(session: Session, subject: Actor, kind: PolicyKind, version: int) -> None:
    """Take back a version that nothing was computed with. Raises NotFound, and Conflict for one in use."""
    access.require_change(subject)
    row = next((one for one in queries.policies(session, kind.value) if one.version == version), None)
    if row is None:
        raise NotFound(f"There is no version {version} of the {kind.label.lower()} policy.")
    if version <= FIRST_VERSIONS.get(kind, 1):
        raise Conflict(
            "What the system began with stays, as the first version of any policy does. Add a new version."
        )
    queries.remove(session, row)
    history.record(session, subject, Action.SCHOOL_POLICY_WITHDRAWN, row.id, kind=kind.value, version=version)


def _checked(kind: PolicyKind, values: Mapping[str, object]) -> BaseModel:
    if kind is PolicyKind.RETENTION and (faults := retention_faults(values)):
        titles = labels()
        raise Invalid(
            " ".join(f"{titles[name][0] if name in titles else name}: {words}" for name, words in faults),
            errors=[FieldError(name, words) for name, words in faults],
        )
    try:
        return SCHEMAS[kind].model_validate(values)
    except ValidationError as error:
        errors = [
            FieldError(str(item["loc"][0]) if item["loc"] else "", _words(item))
            for item in error.errors(include_url=False)
        ]
        said = " ".join(f"{one.field}: {one.message}" if one.field else one.message for one in errors)
        raise Invalid(said, errors=errors) from None


def _taken_over(values: BaseModel) -> dict[str, Any]:
    return values.taken_over() if isinstance(values, Values) else values.model_dump(mode="json")


def _why_not_from(values: BaseModel, day: date) -> str | None:
    return values.why_not_from(day) if isinstance(values, Values) else None


def _words(item: Any) -> str:
    return "This policy has no such value." if item["type"] == "extra_forbidden" else sentence(item)


def _dated(row: SchoolPolicy) -> DatedPolicy[Any]:
    kind = PolicyKind(row.kind)
    return DatedPolicy(
        id=row.id,
        kind=kind,
        version=row.version,
        effective_from=row.effective_from,
        values=SCHEMAS[kind].model_validate(row.values),
        approved_by=row.approved_by,
        note=row.note,
        created_at=row.created_at,
        used_at=row.used_at,
    )
