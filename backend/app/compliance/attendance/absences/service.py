"""Absences: reported by the student, before or afterwards, decided by somebody else, and kept as they were sent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.compliance.attendance import checks, enrolled, policy
from app.compliance.attendance.absences import deciders, meetings, queries, reportable
from app.compliance.attendance.absences.schemas import (
    AbsenceDecision,
    AbsenceIn,
    AbsenceOut,
    AbsenceState,
    AbsenceView,
    from_row,
)
from app.compliance.attendance.closings import queries as closings
from app.compliance.attendance.corrections.requests import Evidence
from app.compliance.attendance.roster import excused
from app.compliance.attendance.schemas import EnrollmentChoice
from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, NotFound, Problem
from app.core.files import FileMissing, FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.core.views import Part
from app.db.models import AbsenceRequest
from app.rules import hours
from app.rules.meetings import Meeting
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats, scans
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "apply_due",
    "decide",
    "list_absences",
    "meetings_to_miss",
    "of_student",
    "read",
    "read_document",
    "report",
    "send_decision",
    "withdraw",
]
log = structlog.get_logger(__name__)
ROOM = "compliance.absence_requests"
NO_ABSENCE = "There is no such absence, or you don’t have access to it."
NO_ENROLLMENT = "There is no such enrollment. Choose one from the list."
OFFERED_AHEAD = timedelta(days=14)
SHOWN = 20
LATE_ROSTERS = timedelta(days=7)
"""So far back the job looks for rosters that nobody has marked."""


# The student


def meetings_to_miss(
    session: Session, subject: Subject, zone: ZoneInfo
) -> tuple[list[EnrollmentChoice], list[tuple[EnrollmentChoice, Any, Meeting]]]:
    """One's own active enrollments, and the meetings of their classes that can be reported one by one: those of the
    days in which a report is accepted, up to two weeks ahead, the next one first."""
    chosen = [one for one in enrolled.enrollments_of(session, subject.user_id) if one.status == "active"]
    today = clock.today(zone)
    first = reportable.earliest(session, zone)
    found = [
        (one, record, meeting)
        for one in chosen
        for record, meeting in meetings.held(session, one.id, first, today + OFFERED_AHEAD, zone)
    ]
    found.sort(key=lambda item: (item[2].day < today, abs(item[2].day - today), item[2].starts))
    return chosen, found


def report(
    session: Session, subject: Subject, values: AbsenceIn, zone: ZoneInfo, evidence: Evidence | None = None
) -> AbsenceOut:
    """A student reports an absence of their own, and asks with that to have it excused.

    Raises NotFound, Conflict for an enrollment that has ended and for what was reported before, Invalid for days on
    which no class meets, that are too far off, or in a closed period.
    """
    chosen = enrolled.enrollment(session, values.enrollment_id, alone=True)
    if chosen is None or not subject.is_student or chosen.user_id != subject.user_id:
        raise NotFound(NO_ENROLLMENT)
    known = queries.of_request(session, values.request)
    if known is not None:
        if known.enrollment_id != chosen.id:
            raise NotFound(NO_ENROLLMENT)
        return _own(session, known)
    if chosen.status != "active":
        raise Conflict(f"Your enrollment in {chosen.program_name} is {chosen.status}. Nothing was sent.")
    # Whoever closes these days waits, and sees this report; or has closed them, and it is refused.
    closings.hold_open(session)
    meeting = reportable.require(session, chosen, values, zone)
    other = queries.sharing(session, chosen.id, values.starts_on, values.ends_on, meeting)
    if other is not None:
        days = meetings.span(other.starts_on, other.ends_on, zone)
        raise Conflict(
            f"You have already reported an absence for this time: {days}. "
            "Nothing was sent. Withdraw that one first if it is wrong and not decided yet."
        )
    row = AbsenceRequest(
        request=values.request,
        user_id=chosen.user_id,
        enrollment_id=chosen.id,
        starts_on=values.starts_on,
        ends_on=values.ends_on,
        class_id=values.class_id,
        meeting_at=values.meeting_at,
        reason=values.reason,
        state="requested",
        requested_at=clock.now(),
    )
    if evidence is not None:
        store, content = evidence
        stored, media_type = scans.take_in(store, content, "file")
        row.evidence_sha256, row.evidence_type, row.evidence_bytes = stored.sha256, media_type, stored.size
    queries.add(session, row)
    if evidence is not None:
        claims.claim(
            session, stored, room=ROOM, row=row.id, retention=Retention.PERMANENT, media_type=media_type
        )
    _record(session, subject, Action.ABSENCE_REQUESTED, row, row.reason)
    return _own(session, row)


def withdraw(session: Session, subject: Subject, absence_id: int) -> AbsenceOut:
    """Students withdraw a report of theirs that is not decided yet. NotFound for others’, Conflict for a decided
    one."""
    row = queries.find(session, absence_id, lock=True)
    if row is None or row.user_id != subject.user_id:
        raise NotFound(NO_ABSENCE)
    if row.state != "requested":
        label = AbsenceState(row.state).badge[0].lower()
        raise Conflict(f"This absence is {label} already. Nothing was changed.")
    row.state, row.withdrawn_at = "withdrawn", clock.now()
    session.flush()
    _record(session, subject, Action.ABSENCE_WITHDRAWN, row, None)
    return _own(session, row)


# Looking


def list_absences(
    session: Session,
    subject: Actor,
    paging: Paging,
    zone: ZoneInfo,
    *,
    state: AbsenceState | None = AbsenceState.REQUESTED,
) -> Listing[AbsenceOut]:
    """Absences of the students whose hours the person sees, of one state or all with None, the longest waiting first.
    Sorts: requested, student, program, starts."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, AbsenceRequest.user_id)
    return queries.listing(session, visible, paging, state).map_many(
        lambda rows: _shown(session, subject, rows, zone)
    )


@views.opens(Part.ATTENDANCE, student=lambda found, _given: found.absence.user_id)
def read(session: Session, subject: Subject, absence_id: int, zone: ZoneInfo) -> AbsenceView:
    """An absence, the meetings it covers with what their rosters say, and whether this person decides it."""
    row = _readable(session, subject, absence_id)
    (shown,) = _shown(session, subject, [queries.shown(session, row.id)], zone)
    return AbsenceView(
        shown,
        meetings.missed(session, row, zone),
        _why_not(session, subject, row, zone) if row.state == "requested" else None,
        row.state == "requested" and row.user_id == subject.user_id,
    )


@views.opens(Part.ATTENDANCE, student="user_id")
def of_student(session: Session, subject: Subject, user_id: int, zone: ZoneInfo) -> list[AbsenceOut]:
    """A student's newest reports. Raises NotFound for other people's."""
    policy.require_read(session, subject, user_id)
    return _shown(session, subject, queries.of_student(session, user_id, SHOWN), zone)


def read_document(
    session: Session, subject: Subject, store: FileStore, absence_id: int, zone: ZoneInfo
) -> tuple[bytes, str]:
    """The bytes and media type of the document that came with a report. Raises NotFound, for those too who may not
    read why the student is absent."""
    row = _readable(session, subject, absence_id)
    if row.id not in deciders.reading(session, subject, [row], zone):
        raise NotFound(NO_ABSENCE)
    if row.evidence_sha256 is None or row.evidence_type is None:
        raise NotFound("No document came with this absence.")
    try:
        content = store.read_bytes(row.evidence_sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    if subject.user_id != row.user_id:
        _record(session, subject, Action.ABSENCE_DOCUMENT_OPENED, row, None)
    return content, row.evidence_type


# Deciding


def decide(
    session: Session, subject: Subject, absence_id: int, values: AbsenceDecision, zone: ZoneInfo
) -> AbsenceOut:
    """Excuse an absence, or not; the rosters of its meetings follow, those to come when they open.

    Raises NotFound; Forbidden for one's own, for duties that do not reach, and for instructors where it covers a class
    that they do not teach; Conflict for one that is decided or
    withdrawn, and to excuse days of a closed period, which the database refuses; Invalid without a note where it is
    not excused.
    """
    _readable(session, subject, absence_id)
    policy.require_excuse(subject)
    known = queries.find(session, absence_id)
    chosen = None if known is None else enrolled.enrollment(session, known.enrollment_id, alone=True)
    row = queries.find(session, absence_id, lock=True)
    if row is None or chosen is None:
        raise NotFound(NO_ABSENCE)
    refusal = _why_not(session, subject, row, zone)
    if refusal is not None:
        raise Forbidden(f"{refusal} Nothing was saved.")
    if row.state != "requested":
        label = AbsenceState(row.state).badge[0].lower()
        raise Conflict(f"This absence is {label} already. Nothing was saved.")
    if values.decision == "not_excused" and not values.note:
        raise checks.wrong("note", "Enter a note: why the absence is not excused. The student reads it.")
    row.state, row.note = values.decision, values.note
    row.decided_at, row.decided_by = clock.now(), subject.user_id
    session.flush()
    is_excused = values.decision == "excused"
    _record(
        session,
        subject,
        Action.ABSENCE_EXCUSED if is_excused else Action.ABSENCE_NOT_EXCUSED,
        row,
        values.note,
    )
    if is_excused:
        held = meetings.covered(session, row, zone)
        excused.excuse(session, subject, chosen, held, zone, note=_note(row), by=subject.user_id)
    return from_row(queries.shown(session, absence_id), with_reason=True)


@internal("the job that marks the rosters of meetings that begin")
def apply_due(session: Session, zone: ZoneInfo) -> int:
    """Mark meetings excused that an excused absence covers and that nobody has marked, but those of closed periods; one
    that is refused leaves the others alone. Gives how many were marked."""
    today = clock.today(zone)
    closed = closings.closed_before(session)
    done = 0
    for number in queries.excused_between(session, today - LATE_ROSTERS, today):
        row = queries.find(session, number)
        if row is None:
            continue
        first, last = max(row.starts_on, today - LATE_ROSTERS), min(row.ends_on, today)
        since, until = hours.day_bounds(first, last, zone)
        marked = queries.marks_between(session, row.enrollment_id, since, until)
        held = [
            (record, meeting)
            for record, meeting in meetings.covered(session, row, zone)
            if first <= meeting.day <= last
            and (record.id, meeting.starts) not in marked
            and (closed is None or meeting.starts >= closed)
        ]
        for one in held:
            try:
                with session.begin_nested():
                    chosen = enrolled.enrollment(session, row.enrollment_id, alone=True)
                    if chosen is not None and not chosen.deleted:
                        done += excused.excuse(
                            session, SYSTEM, chosen, [one], zone,
                            note=_note(row), by=row.decided_by, unmarked_only=True,
                        )  # fmt: skip
            except (Problem, DBAPIError) as error:
                log.warning(
                    "excused_absence_not_marked",
                    absence=number,
                    meeting=one[1].starts.isoformat(),
                    reason=str(error),
                )
    return done


@internal("the notices, after a decision is committed")
def send_decision(session: Session, absence_id: int) -> None:
    """Mail the student how an absence was decided."""
    row = queries.shown(session, absence_id)
    person = None if row is None else queries.recipient(session, row[0].user_id)
    if row is None or person is None or row[0].decided_at is None:
        return
    found = from_row(row, with_reason=False)
    known = school.facts(session)
    settings: Settings = session.info.get("settings") or get_settings()
    mail.send(
        session,
        person[0],
        "absence_decided",
        school=known.legal_name,
        name=person[1],
        program=found.program,
        excused=found.state is AbsenceState.EXCUSED,
        days=meetings.span(found.starts_on, found.ends_on, known.zone),
        meeting=None
        if found.meeting_at is None
        else f"{found.class_code}, {formats.local_time(found.meeting_at, known.zone)}",
        note=found.note,
        page=f"{settings.app_origin}/attendance/absences/{found.id}",
    )


# Helpers


def _readable(session: Session, subject: Subject, absence_id: int) -> AbsenceRequest:
    row = queries.find(session, absence_id)
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(NO_ABSENCE)
    return row


def _shown(session: Session, subject: Actor, rows: Sequence[Any], zone: ZoneInfo) -> list[AbsenceOut]:
    """Rows of `queries` as this person sees them."""
    reads = deciders.reading(session, subject, [row[0] for row in rows], zone)
    return [from_row(row, with_reason=row[0].id in reads) for row in rows]


def _own(session: Session, row: AbsenceRequest) -> AbsenceOut:
    """An absence as its student sees it."""
    return from_row(queries.shown(session, row.id), with_reason=True)


def _why_not(session: Session, subject: Subject, row: AbsenceRequest, zone: ZoneInfo) -> str | None:
    """Why this person does not decide the absence; None if they do."""
    if row.user_id == subject.user_id:
        return "This is your own absence, so someone else decides."
    if not policy.may_excuse(subject):
        return "Your duties do not include excusing absences."
    if row.id not in deciders.deciding(session, subject, [row], zone):
        return "This absence covers class meetings of other instructors, so the office decides."
    return None


def _note(row: AbsenceRequest) -> str:
    return f"Reported absence {row.id}, excused"


def _record(
    session: Session, subject: Actor, action: Action, row: AbsenceRequest, reason: str | None
) -> None:
    history.record(
        session,
        subject,
        action,
        row.id,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        class_id=row.class_id,
        meeting_at=row.meeting_at,
    )
