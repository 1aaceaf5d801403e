"""Corrections: asked for by one person, looked at with what they would change, decided by another."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import checks, enrolled, policy
from app.compliance.attendance import queries as records
from app.compliance.attendance.closings import queries as closings
from app.compliance.attendance.corrections import queries
from app.compliance.attendance.corrections.requests import (
    enrollment_choices,
    record,
    request_change,
    request_hours,
    request_transfer,
    require_possible,
    require_transferable,
)
from app.compliance.attendance.corrections.schemas import (
    KINDS,
    CorrectionOut,
    CorrectionView,
    DecisionIn,
    Effect,
    State,
    from_row,
)
from app.compliance.attendance.schemas import EnrollmentChoice
from app.compliance.attendance.totals import queries as totals
from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.files import FileMissing, FileStore
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import Attendance, AttendanceCorrection
from app.rules import hours
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "count_waiting",
    "decide",
    "enrollment_choices",
    "list_corrections",
    "of_record",
    "of_student",
    "read",
    "read_document",
    "request_change",
    "request_hours",
    "request_transfer",
    "send_decision",
]
NO_REQUEST = "There is no such request, or you don’t have access to it."
SHOWN = 20


# Looking


def list_corrections(
    session: Session, subject: Actor, paging: Paging, *, state: State | None = None, undecided: bool = False
) -> Listing[CorrectionOut]:
    """Requests of the students whose hours the person sees, the longest waiting first. Sorts: asked, student, program,
    kind."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, AttendanceCorrection.user_id)
    return queries.listing(session, visible, paging, state=state, undecided=undecided).map(from_row)


def count_waiting(session: Session, subject: Subject) -> int:
    """How many requests wait for this person: not their own, nor those they asked for. None for who decides none."""
    if not policy.may_correct(subject):
        return 0
    visible = policy.visible(session, subject, AttendanceCorrection.user_id)
    return queries.count_waiting(session, visible, subject.user_id, of_everybody=policy.may_list_all(subject))


@views.opens(Part.ATTENDANCE, student=lambda found, _given: found.correction.user_id)
def read(session: Session, subject: Subject, correction_id: int, zone: ZoneInfo) -> CorrectionView:
    """A request, what it would change, and whether this person may decide it. Raises NotFound."""
    row = _readable(session, subject, correction_id)
    found = from_row(queries.shown(session, correction_id))
    waiting = row.decided_at is None
    others = queries.of_record(session, row.attendance_id) if row.attendance_id is not None else []
    return CorrectionView(
        found,
        _effect(session, row, found, zone) if waiting else None,
        _is_closed(session, row),
        _why_not(session, subject, row) if waiting else None,
        [from_row(one) for one in others if one[0].id != correction_id],
    )


def of_record(session: Session, subject: Subject, record_id: int) -> list[CorrectionOut]:
    """Every request for a record, oldest first. Raises NotFound for other people's."""
    entry = records.find(session, record_id)
    if entry is None or not policy.may_read(session, subject, entry.user_id):
        raise NotFound(policy.NO_RECORD)
    return [from_row(row) for row in queries.of_record(session, record_id)]


@views.opens(Part.ATTENDANCE, student="user_id")
def of_student(session: Session, subject: Subject, user_id: int) -> list[CorrectionOut]:
    """A student's newest requests. Raises NotFound for other people's."""
    policy.require_read(session, subject, user_id)
    return [from_row(row) for row in queries.of_student(session, user_id, SHOWN)]


def read_document(
    session: Session, subject: Subject, store: FileStore, correction_id: int
) -> tuple[bytes, str]:
    """The bytes and media type of a request's document. Raises NotFound."""
    row = _readable(session, subject, correction_id)
    if row.evidence_sha256 is None or row.evidence_type is None:
        raise NotFound("This request has no document.")
    try:
        content = store.read_bytes(row.evidence_sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    if subject.user_id != row.user_id:
        record(session, subject, Action.ATTENDANCE_CORRECTION_DOCUMENT_OPENED, row, None)
    return content, row.evidence_type


# Deciding


def decide(
    session: Session, subject: Subject, correction_id: int, values: DecisionIn, zone: ZoneInfo
) -> CorrectionOut:
    """Approve or decline a request. In a closed period the first approval waits for a second person's.

    Raises NotFound; Forbidden for who asked, the student, and duties that do not reach; Conflict for one that is
    decided, for a record that changed since, and for an overlap; Invalid for hours that cannot count (any more).
    """
    _readable(session, subject, correction_id)
    policy.require_correct(subject)
    known = queries.find(session, correction_id)
    # The enrollment before the request and its record: the order of whoever changes hours.
    chosen = None if known is None else enrolled.enrollment(session, known.enrollment_id, alone=True)
    row = queries.find(session, correction_id, lock=True)
    if row is None or chosen is None:
        raise NotFound(NO_REQUEST)
    if row.decided_at is not None:
        raise Conflict(f"This request was {row.outcome} already. Nothing was saved.")
    refusal = _why_not(session, subject, row)
    if refusal is not None:
        raise Forbidden(f"{refusal} Nothing was saved.")
    if values.decision == "decline":
        if not values.note:
            sentence = "Enter a note for the person who asked: why it is declined."
            raise Invalid(sentence, errors=[FieldError("note", sentence)])
        _close(session, subject, row, "declined", values.note)
    else:
        entry = _require_still_possible(session, chosen, row, zone)
        if _is_closed(session, row) and row.endorsed_at is None:
            row.endorsed_by, row.endorsed_at = subject.user_id, clock.now()
            session.flush()
            record(session, subject, Action.ATTENDANCE_CORRECTION_ENDORSED, row, values.note)
        else:
            _close(session, subject, row, "approved", values.note)
            _apply(session, subject, row, entry, zone)
    return from_row(queries.shown(session, correction_id))


def _close(
    session: Session, subject: Subject, row: AttendanceCorrection, outcome: str, note: str | None
) -> None:
    row.decided_by, row.decided_at, row.outcome, row.note = subject.user_id, clock.now(), outcome, note
    session.flush()
    approved = outcome == "approved"
    action = Action.ATTENDANCE_CORRECTION_APPROVED if approved else Action.ATTENDANCE_CORRECTION_DECLINED
    record(session, subject, action, row, note)


def _apply(
    session: Session, subject: Subject, row: AttendanceCorrection, entry: Attendance | None, zone: ZoneInfo
) -> None:
    """Write the hours. The database allows it in a closed period, because the approval is written already."""
    if row.kind == "transfer":
        return
    assert row.clock_in is not None  # noqa: S101 -- the table's shape
    before = None if entry is None else checks.times(entry)
    what = KINDS[row.kind] if row.kind == "make_up" else "Entered" if entry is None else "Corrected"
    note = checks.note(what, subject, row.reason, zone)
    if entry is None:
        entry = Attendance(
            user_id=row.user_id,
            enrollment_id=row.enrollment_id,
            clock_in=row.clock_in,
            clock_out=row.clock_out,
            source="make_up" if row.kind == "make_up" else "staff",
            notes=note,
        )
        queries.add(session, entry)
        row.attendance_id = entry.id
        action = Action.ATTENDANCE_ENTERED
    else:
        entry.clock_in, entry.clock_out, entry.missing_clock_out = row.clock_in, row.clock_out, False
        entry.source = "make_up" if entry.source == "make_up" else "staff"
        entry.notes = f"{entry.notes}\n{note}" if entry.notes else note
        action = Action.ATTENDANCE_CORRECTED
    session.flush()
    session.refresh(entry)
    changed: dict[str, Any] = {"after": checks.times(entry)}
    if before is not None:
        changed["before"] = before
    history.record(
        session,
        subject,
        action,
        entry.id,
        student_id=entry.user_id,
        enrollment_id=entry.enrollment_id,
        reason=row.reason,
        **changed,
    )


def _require_still_possible(
    session: Session, chosen: EnrollmentChoice, row: AttendanceCorrection, zone: ZoneInfo
) -> Attendance | None:
    """The record to change, unchanged since it was asked for; None for hours that no record has yet."""
    if row.kind == "transfer":
        require_transferable(session, chosen, row.minutes or 0)
        return None
    entry, was = None, None
    if row.kind == "change":
        entry = records.find(session, row.attendance_id or 0, lock=True)
        if entry is None:
            raise NotFound(policy.NO_RECORD)
        if (entry.clock_in, entry.clock_out) != (row.old_clock_in, row.old_clock_out):
            now = f"{formats.local_time(entry.clock_in, zone)} to {formats.local_time(entry.clock_out, zone)}"
            raise Conflict(
                f"The record has changed since this was requested; it is {now} now. Nothing was saved: decline this "
                "request, and ask again if the record is still wrong."
            )
        was = hours.TimeEntry(entry.clock_in, entry.clock_out or entry.clock_in)
    assert row.clock_in is not None  # noqa: S101 -- the table's shape
    assert row.clock_out is not None  # noqa: S101
    require_possible(
        session, chosen, row.clock_in, row.clock_out, zone,
        instead_of=was, record_id=None if entry is None else entry.id,
    )  # fmt: skip
    return entry


# Helpers


def _readable(session: Session, subject: Subject, correction_id: int) -> AttendanceCorrection:
    row = queries.find(session, correction_id)
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(NO_REQUEST)
    return row


def _why_not(session: Session, subject: Subject, row: AttendanceCorrection) -> str | None:
    """Why this person does not decide the request; None if they do."""
    if row.user_id == subject.user_id:
        return "These are your own hours, so someone else decides."
    if row.asked_by == subject.user_id:
        return "You asked for this correction, so someone else decides it."
    if not policy.may_correct(subject):
        return "Your duties do not include deciding corrections of hours."
    if row.kind == "transfer" and not policy.may_list_all(subject):
        return "Hours from another school are decided by the registrar."
    if _is_closed(session, row):
        if not policy.may_list_all(subject):
            return "These hours are in a closed period; the registrar’s office decides."
        if row.endorsed_by == subject.user_id:
            return (
                "You have approved this correction. The period is closed, so a second person approves it too."
            )
    return None


def _is_closed(session: Session, row: AttendanceCorrection) -> bool:
    """Whether it is about hours of a closed period."""
    before = closings.closed_before(session)
    touched = [one for one in (row.old_clock_in, row.clock_in) if one is not None]
    return before is not None and any(one < before for one in touched)


def _effect(session: Session, row: AttendanceCorrection, found: CorrectionOut, zone: ZoneInfo) -> Effect:
    """What an approval would change, in whole minutes of the records as they are."""
    chosen = enrolled.enrollment(session, row.enrollment_id)
    required = None if chosen is None or chosen.clock_hours is None else chosen.clock_hours * 60
    sums = totals.of_enrollments(session, [row.enrollment_id], clock.today(zone) + timedelta(days=1))
    done = sums.attended.get(row.enrollment_id, 0) + sums.transferred.get(row.enrollment_id, 0)
    if found.asked is None:
        return Effect(done, done + found.minutes, [], required)
    entry = records.find(session, row.attendance_id) if row.attendance_id is not None else None
    was: dict[date, int] = {}
    if entry is not None and entry.clock_out is not None:
        was = hours.minutes_by_day(hours.TimeEntry(entry.clock_in, entry.clock_out), zone)
    new = hours.minutes_by_day(found.asked, zone)
    touched = sorted(set(was) | set(new))
    by_day: dict[date, int] = {}
    if touched:
        by_day = totals.of_student(session, row.user_id, touched[0], touched[-1])
    change = sum(new.values()) - sum(was.values())
    days = [
        (day, by_day.get(day, 0), by_day.get(day, 0) - was.get(day, 0) + new.get(day, 0)) for day in touched
    ]
    return Effect(done, done + change, days, required)


@internal("the notices, after a decision is committed")
def send_decision(session: Session, correction_id: int) -> None:
    """Mail the student, and who asked for them, how a request was decided."""
    row = queries.shown(session, correction_id)
    if row is None or row[0].outcome is None:
        return
    found = from_row(row)
    known = school.facts(session)
    settings: Settings = session.info.get("settings") or get_settings()
    for user_id, email, name in queries.people(session, {found.user_id, found.asked_by_id} - {None}):
        mail.send(
            session,
            email,
            "hours_correction_decided",
            school=known.legal_name,
            name=name,
            own=user_id == found.user_id,
            student=found.student,
            what=found.title.lower(),
            program=found.program,
            approved=found.state is State.APPROVED,
            asked=_said(found, known.zone),
            note=found.note,
            page=settings.app_origin
            + ("/hours" if user_id == found.user_id else f"/attendance/corrections/{found.id}"),
        )


def _said(found: CorrectionOut, zone: ZoneInfo) -> str:
    if found.asked is None:
        return f"{formats.duration_minutes(abs(found.minutes))} from {found.origin}"
    return f"{formats.local_time(found.clock_in, zone)} to {formats.local_time(found.clock_out, zone)}"
