"""Reviews of satisfactory academic progress: at each checkpoint, with a letter to the student, and appeals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import service as attendance
from app.compliance.grades import policy
from app.compliance.grades.reviews import queries
from app.compliance.grades.standing import service as standing
from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import Enrollment, ProgressAppeal, ProgressReview
from app.enrollment import service as enrollment
from app.rules import grades_progress as rules
from app.rules.grades_progress import Measured, Standard, State
from app.rules.leaves import days_before
from app.school import service as school
from app.school.service import AcademicProgressPolicy, PolicyKind
from app.settings import Settings, get_settings
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging

NO_REVIEW = "There is no such review, or you don’t have access to it."


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review as its student sees it. `appeal_until` is the last day to appeal; None where none is possible."""

    row: Any
    appeal_until: date | None


def list_reviews(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    state: str | None = None,
    at_risk: bool = False,
    appeals: bool = False,
) -> Listing[Any]:
    """The latest review of each active enrollment. Sorts: student, program, state, pace, gpa, day."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return queries.listing(session, paging, visible, state=state, at_risk=at_risk, appeals=appeals)


@views.opens(Part.GRADES, student=lambda found, _given: found.row.user_id, record=lambda found: found.row.id)
def read_review(session: Session, subject: Subject, review_id: int, zone: ZoneInfo) -> ReviewView:
    """One review. Raises NotFound for other people's."""
    return _view(session, _readable(session, subject, review_id), clock.today(zone))


def reviews_of(
    session: Session, subject: Subject, user_id: int, enrollment_ids: Sequence[int], zone: ZoneInfo
) -> dict[int, list[ReviewView]]:
    """A student's reviews by enrollment, the newest first. Raises NotFound for another's."""
    policy.require_read(session, subject, user_id)
    found: dict[int, list[ReviewView]] = {}
    for row in queries.of_enrollments(session, enrollment_ids):
        if row.user_id == user_id:
            found.setdefault(row.enrollment_id, []).append(_view(session, row, clock.today(zone)))
    return found


def run(session: Session, subject: Actor, zone: ZoneInfo) -> list[ProgressReview]:
    """Review every active enrollment that has reached a checkpoint since its last review. Again, nothing is due.

    Every night the system does it; the registrar can, at any time. Hours are those of the days that are over: a class
    that meets today was scheduled, and nobody can have attended it yet. A leave of absence counts in no measure.
    """
    policy.require_approve(subject)
    today = clock.today(zone)
    yesterday = today - timedelta(days=1)
    in_force = school.policies.at(session, PolicyKind.ACADEMIC_PROGRESS, today)
    standard = _standard(in_force.values)
    rows = queries.active(session, policy.visible(session, subject, Enrollment.user_id))
    numbers = [row.id for row in rows]
    attended = attendance.minutes_of(session, numbers, yesterday)
    transferred = attendance.transferred_of(session, numbers, yesterday)
    away = enrollment.leave_days(session, numbers)
    scheduled = classes.scheduled_minutes(session, numbers, yesterday, zone, away)
    gpas = standing.gpas(session, numbers, today)
    before: dict[int, tuple[int, State]] = {}
    for former in queries.of_enrollments(session, numbers):
        before.setdefault(former.enrollment_id, (former.checkpoint_pct, State(former.state)))
    written = []
    for row in rows:
        measured = Measured(
            attended_minutes=attended.get(row.id, 0),
            scheduled_minutes=scheduled.get(row.id, 0),
            required_minutes=row.clock_hours * 60 if row.clock_hours else None,
            elapsed_days=max(0, (today - row.enrolled_at).days - days_before(away.get(row.id, ()), today)),
            program_days=row.duration_weeks * 7 if row.duration_weeks else None,
            gpa=gpas[row.id].value,
            transferred_minutes=transferred.get(row.id, 0),
        )
        reached, last = rules.checkpoint(measured, standard), before.get(row.id)
        if reached and reached > (last[0] if last else 0):
            state = last[1] if last else None
            written.append(
                _write(session, subject, row, measured, standard, reached, state, in_force.id, today)
            )
    if written:
        school.policies.used(session, in_force)
    return written


def _write(
    session: Session,
    subject: Actor,
    row: Any,
    measured: Measured,
    standard: Standard,
    reached: int,
    before: State | None,
    policy_id: int,
    today: date,
) -> ProgressReview:
    result = rules.review(measured, standard, before)
    made = ProgressReview(
        enrollment_id=row.id,
        checkpoint_pct=reached,
        reviewed_on=today,
        policy_id=policy_id,
        state=result.state.value,
        attended_minutes=measured.attended_minutes,
        scheduled_minutes=measured.scheduled_minutes,
        elapsed_days=measured.elapsed_days,
        pace_pct=result.pace_pct,
        gpa=measured.gpa,
        explanation=result.explanation,
        reviewed_by=subject.user_id,
    )
    queries.add(session, made)
    history.record(
        session,
        subject,
        Action.PROGRESS_REVIEWED,
        made.id,
        student_id=row.user_id,
        enrollment_id=row.id,
        checkpoint_pct=reached,
        state=[before.value if before else None, made.state],
    )
    return made


# Appeals


def appeal(session: Session, subject: Subject, review_id: int, reason: str, zone: ZoneInfo) -> ProgressAppeal:
    """The student appeals against a review that was not met, within the days of the policy.

    Raises NotFound for another's review, Forbidden for anybody but the student, Conflict where none is possible.
    """
    row = _readable(session, subject, review_id)
    if row.user_id != subject.user_id:
        raise Forbidden("The student appeals, from their own page of grades.")
    if row.appeal_id is not None:
        raise Conflict("You have appealed against this review already.")
    until = _view(session, row, clock.today(zone)).appeal_until
    if until is None:
        raise Conflict(
            "There is nothing to appeal against, or the time to appeal is over. Talk to the school office."
        )
    made = ProgressAppeal(review_id=review_id, reason=reason, asked_by=subject.user_id)
    queries.add(session, made)
    history.record(
        session,
        subject,
        Action.PROGRESS_APPEALED,
        made.id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        review_id=review_id,
    )
    return made


def decide_appeal(
    session: Session, subject: Subject, review_id: int, appeal_id: int, *, granted: bool, note: str | None
) -> ProgressAppeal:
    """Grant or deny the appeal against a review. Raises Forbidden for one's own, Conflict for one that is decided."""
    policy.require_approve(subject)
    found = queries.appeal(session, appeal_id)
    if found is None or found.review_id != review_id:
        raise NotFound("There is no such appeal.")
    row = _readable(session, subject, found.review_id)
    policy.require_approve(subject, row.user_id)
    if found.decided_at is not None:
        raise Conflict(f"This appeal was {found.outcome} already. Nothing was saved.")
    if not note:
        sentence = "Enter a note for the student: the reason for the decision."
        raise Invalid(sentence, errors=[FieldError("note", sentence)])
    found.decided_by, found.decided_at, found.note = subject.user_id, clock.now(), note
    found.outcome = "granted" if granted else "denied"
    session.flush()
    history.record(
        session,
        subject,
        Action.PROGRESS_APPEAL_DECIDED,
        found.id,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        reason=note,
        review_id=row.id,
        outcome=found.outcome,
    )
    return found


# Letters


@internal("follows from an entry of the history, which says that a review was done or an appeal decided")
def send_letter(session: Session, review_id: int, *, decided: bool = False) -> None:
    """Mail the student what a review found, unless all is well; or how their appeal was decided."""
    row = queries.one(session, review_id)
    if row is None or (row.state == State.GOOD and not decided):
        return
    settings: Settings = session.info.get("settings") or get_settings()
    known = school.facts(session)
    until = _view(session, row, clock.today(known.zone)).appeal_until
    mail.send(
        session,
        row.email,
        "academic_progress",
        school=known.legal_name,
        name=row.full_name,
        program=row.program,
        state=row.state,
        checkpoint=row.checkpoint_pct,
        explanation=row.explanation,
        decided=row.outcome if decided else None,
        note=row.note,
        until=formats.day(until, known.zone) if until else None,
        page=f"{settings.app_origin}/grades",
    )


def _readable(session: Session, subject: Subject, review_id: int) -> Any:
    row = queries.one(session, review_id)
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(NO_REVIEW)
    return row


def _view(session: Session, row: Any, today: date) -> ReviewView:
    values: AcademicProgressPolicy = school.policies.by_number(
        session, PolicyKind.ACADEMIC_PROGRESS, row.policy_id
    ).values
    until = row.reviewed_on + timedelta(days=values.appeal_days)
    possible = row.state == State.NOT_MET and row.appeal_id is None and today <= until
    return ReviewView(row, until if possible else None)


def _standard(values: AcademicProgressPolicy) -> Standard:
    return Standard(
        measured_in=values.checkpoints_measured_in,
        every_pct=values.checkpoints_every_pct,
        minimum_pace_pct=values.minimum_pace_pct,
        maximum_time_frame_pct=values.maximum_time_frame_pct,
        minimum_gpa=Decimal(values.minimum_gpa_hundredths).scaleb(-2),
    )
