"""Refunds: what a case gives back, and what a student would get back who leaves today or next week."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.compliance.attendance import service as attendance
from app.core import clock
from app.core.errors import BadRequest, Conflict, FieldError, Invalid
from app.core.money import format_cents
from app.core.permissions import Subject, internal
from app.db.models.enrollment import EnrollmentStatus
from app.enrollment import service as enrollment
from app.finance.agreements import service as agreements
from app.finance.refunds import door, policy
from app.rules.refunds import Case, CaseError, Payment, Result, Segment
from app.rules.refunds_curve import after, curve
from app.web import formats

__all__ = [
    "Estimate",
    "WhatIf",
    "ask_to_leave",
    "estimate",
    "own_what_ifs",
    "preview",
    "register_account",
    "what_if",
]

Account = Callable[[Session, int, Case], tuple[Case, Sequence[str]] | None]
"""Gives the case of an enrollment with its agreement, charges and payments, and sentences about what it rests on; None
when there are none."""
_accounts: list[Account] = []
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What leaving would refund. `assumed` says what the figures rest on where the school's books do not say."""

    enrollment_id: int
    user_id: int
    full_name: str
    program: str
    now: Result
    done_minutes: int
    next_week: Result
    next_week_minutes: int
    total_minutes: int
    points: list[tuple[int, int]]
    assumed: str | None

    @property
    def labels(self) -> list[str]:
        """The points' hours, for a chart."""
        return [f"{minutes // 60:,} h" for minutes, _ in self.points]

    @property
    def dollars(self) -> list[int]:
        """The points' refunds in whole dollars, for a chart."""
        return [cents // 100 for _, cents in self.points]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What students see before they ask to leave. `what_if` is None where nothing can be computed."""

    enrollment: Row[Any]
    what_if: WhatIf | None

    @property
    def shown(self) -> str:
        """Names the figure on the page that a request is sent from."""
        return str(self.what_if.now.amount_cents) if self.what_if else ""


@internal("a registration of another room")
def register_account(account: Account) -> None:
    """Let the room that keeps students' accounts say what was charged and paid. The first that knows answers."""
    _accounts.append(account)


def preview(_session: Session, subject: Subject, text: str) -> Result:
    """The refund of a case file. Keeps nothing. Raises BadRequest for what is no JSON and Invalid, with the paths."""
    policy.require_preview(subject)
    try:
        given = door.parse(text)
    except door.CaseRefused as refused:
        raise BadRequest(refused.faults[0].sentence, errors=_errors(refused)) from None
    try:
        return door.preview(given)
    except door.CaseRefused as refused:
        raise Invalid(f"The case cannot be computed. {refused}", errors=_errors(refused)) from None


def what_if(session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo) -> WhatIf:
    """What leaving now or in a week would refund, and the curve over the program.

    Raises NotFound for other people's, and Conflict where there is nothing to compute: the enrollment has ended, or the
    program has no hours or no tuition.
    """
    row = enrollment.read_enrollment(session, subject, enrollment_id)
    policy.require_what_if(subject, row.user_id)
    if row.status is not EnrollmentStatus.ACTIVE:
        raise Conflict(f"This enrollment is {row.status.value}: there is nothing left to leave.")
    hours = next(
        one
        for one in attendance.totals(session, subject, row.user_id, zone).enrollments
        if one.enrollment_id == enrollment_id
    )
    tuition = academics.tuition_cents(session, row.program_id)
    if not hours.required_minutes or not tuition:
        raise Conflict(
            f"{row.program_name} has no clock hours or no tuition in the catalog, so no refund can be computed."
        )
    moment = clock.now()
    agreed = agreements.in_force(session, enrollment_id)
    signed = min(agreed.window_from if agreed else datetime.combine(row.enrolled_at, time(), zone), moment)
    refund = agreed.refund if agreed else agreements.refund_on(session, signed.astimezone(zone).date()).agreed
    case = Case(
        policy=refund.rule,
        total_minutes=hours.required_minutes,
        segments=(Segment(row.program_name, hours.required_minutes, tuition),),
        payments=(Payment(tuition, row.enrolled_at, "program"),),
        signed_at=signed,
        attended_minutes=hours.done_minutes,
        withdrawn_at=moment,
        kind="student",
        settings=refund.settings_in(zone),
        starts_on=agreed.starts_on if agreed else row.enrolled_at,
        weeks=agreed.weeks if agreed else academics.duration_weeks(session, row.program_id),
    )
    try:
        known = next((found for one in _accounts if (found := one(session, enrollment_id, case))), None)
        case, sentences = known or (case, [ASSUMED])
        return _what_if(row, case, hours.minutes_per_week, assumed=" ".join(sentences) or None)
    except CaseError as error:
        raise Conflict(f"No refund can be computed. {error.sentence}") from None
    except door.CaseRefused as refused:
        raise Conflict(f"No refund can be computed. {refused}") from None


def own_what_ifs(session: Session, subject: Subject, zone: ZoneInfo) -> list[WhatIf]:
    """The same for each program that the student is in and that has hours and a tuition."""
    found = []
    for one in attendance.totals(session, subject, subject.user_id, zone).enrollments:
        if one.status == EnrollmentStatus.ACTIVE:
            with suppress(Conflict):
                found.append(what_if(session, subject, one.enrollment_id, zone))
    return found


def estimate(session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo) -> Estimate:
    """What leaving would refund, for the student who thinks of it. Raises NotFound for everybody else."""
    row = enrollment.read_enrollment(session, subject, enrollment_id)
    enrollment.require_own(subject, row.user_id)
    try:
        return Estimate(row, what_if(session, subject, enrollment_id, zone))
    except Conflict:
        return Estimate(row, None)


def ask_to_leave(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    *,
    request: UUID,
    reason: str,
    shown: str,
    agreed: bool,
    zone: ZoneInfo,
) -> None:
    """The student's request to leave, with the sentence that they agreed to. `shown` is the estimate they have read.

    Raises NotFound for everybody else, and Conflict unless they agreed, for an estimate that has changed since, and as
    `enrollment.request_withdrawal` does.
    """
    found = estimate(session, subject, enrollment_id, zone)
    if not agreed:
        raise Conflict("Confirm that you have read what leaving would refund. Nothing was sent.")
    if shown != found.shown:
        raise Conflict(
            "The estimate has changed since you opened the page. Nothing was sent. Read it again, then send your "
            "request."
        )
    today = formats.day(clock.today(zone), zone)
    said = f"I ask to withdraw from {found.enrollment.program_name}. "
    if found.what_if:
        said += f"On {today} leaving was estimated to refund {format_cents(found.what_if.now.amount_cents)}."
    else:
        said += f"On {today} no refund could be estimated."
    enrollment.request_withdrawal(
        session, subject, enrollment_id, request=request, reason=reason, acknowledged=said, zone=zone
    )


ASSUMED = (
    "These figures do not read the student’s account. They are computed as if the tuition in the catalog were paid in "
    "full; without a signed agreement, as if it were signed on the day of enrollment. Fees and items are left out."
)


def _what_if(row: Row[Any], case: Case, minutes_per_week: int, *, assumed: str | None) -> WhatIf:
    done = case.attended_minutes
    later = min(case.total_minutes, done + minutes_per_week)
    in_a_week = replace(case, withdrawn_at=case.withdrawn_at + WEEK)
    return WhatIf(
        enrollment_id=row.id,
        user_id=row.user_id,
        full_name=row.full_name,
        program=row.program_name,
        now=after(case, done),
        done_minutes=done,
        next_week=after(in_a_week, later),
        next_week_minutes=later,
        total_minutes=case.total_minutes,
        points=curve(case),
        assumed=assumed,
    )


def _errors(refused: door.CaseRefused) -> list[FieldError]:
    return [FieldError(one.path, one.sentence) for one in refused.faults]
