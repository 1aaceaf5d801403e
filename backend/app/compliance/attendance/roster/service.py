"""Rosters: looked at, marked one tap at a time or all at once, and turned into hours when the meeting is over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import checks, enrolled, policies_in_force, policy
from app.compliance.attendance.absences import queries as absences
from app.compliance.attendance.closings import queries as closings
from app.compliance.attendance.roster import queries
from app.compliance.attendance.roster.schemas import Clocked, MarkForm, RosterLine, RosterView
from app.compliance.attendance.roster.settling import ROSTER, settle
from app.compliance.attendance.schemas import PUNCHED, EnrollmentChoice
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound, Problem
from app.core.permissions import SYSTEM, Subject, internal
from app.db.models import Attendance, ClassAttendance
from app.enrollment import service as enrollment
from app.rules.meetings import Meeting
from app.rules.roster import Mark
from app.web import formats

log = structlog.get_logger(__name__)
OPENS_BEFORE = timedelta(minutes=30)
SHOWN_DAYS = 21
"""How far back the meetings of a class can be chosen from the list; older ones have their own address."""
GIVES_UP_AFTER = timedelta(days=60)
"""A mark that made no hours by then never will: the longest time that a roster stays open."""
SETTLED_WITHIN = timedelta(minutes=15)
"""The job comes every five minutes."""
NO_MEETING = "The class has no meeting at that time; its schedule may have changed. Open the roster again."
NO_STUDENT = "This student was not in the class that day. Nothing was saved; open the roster again."


def read(
    session: Session, subject: Subject, class_id: int, zone: ZoneInfo, starts: datetime | None = None
) -> RosterView:
    """The roster of one meeting; unless `starts` says which, of the latest that is open. NotFound for other people's
    classes and for a time at which the class does not meet."""
    policy.require_list(subject)
    record = classes.read(session, subject, class_id, zone).record
    teaches = classes.teaches(session, subject, class_id, zone)
    now = clock.now()
    today = clock.today(zone)
    others = classes.meetings(session, subject, class_id, zone, today - timedelta(days=SHOWN_DAYS), today)
    if starts is None:
        begun = [one for one in others if one.starts - OPENS_BEFORE <= now]
        meeting = begun[-1] if begun else next(iter(others), None)
    else:
        meeting = _meeting(session, subject, class_id, starts, zone)
    lines: list[RosterLine] = []
    if meeting is not None:
        lines = _lines(
            session, classes.seated_on(session, subject, class_id, meeting.day, zone), class_id, meeting
        )
    return RosterView(
        class_id=class_id,
        code=record.code,
        name=record.name,
        meeting=meeting,
        others=others[::-1],
        lines=lines,
        may_mark=policy.may_mark(subject, teaches=teaches),
        may_excuse=policy.may_excuse(subject),
        closed=None if meeting is None else _why_closed(session, meeting, now, zone),
    )


def require_marking(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> None:
    """Raises NotFound for other people's classes, Forbidden for those who only look at the roster."""
    policy.require_list(subject)
    classes.read(session, subject, class_id, zone)
    policy.require_mark(subject, teaches=classes.teaches(session, subject, class_id, zone))


def mark(
    session: Session, subject: Subject, class_id: int, starts: datetime, values: MarkForm, zone: ZoneInfo
) -> None:
    """Say what one student did at a meeting; the same mark again changes nothing.

    Raises NotFound, Forbidden for one's own hours, Conflict for a roster that is not open, Invalid for a time outside
    the meeting and where the time is missing that nobody can know later.
    """
    meeting, code = _open_meeting(session, subject, class_id, starts, zone)
    seated = {
        row.enrollment_id: row for row in classes.seated_on(session, subject, class_id, meeting.day, zone)
    }
    student = seated.get(values.enrollment_id)
    if student is None:
        raise NotFound(NO_STUDENT)
    policy.require_correct_for(session, subject, student.user_id, NO_STUDENT)
    if values.mark == "excused":
        policy.require_excuse(subject)
    if values.mark != "none" and _away(session, [student.enrollment_id], meeting):
        raise Conflict(
            f"{student.full_name} is on a leave of absence on that day, so no attendance is marked. If they are back "
            "earlier, the office records their return first. Nothing was saved."
        )
    _mark_all(session, subject, class_id, code, meeting, [values], zone)


def mark_all_present(
    session: Session, subject: Subject, class_id: int, starts: datetime, zone: ZoneInfo
) -> int:
    """Mark everybody present who has no mark yet, is not on leave and has reported no absence, and give how many that
    are; all or none."""
    meeting, code = _open_meeting(session, subject, class_id, starts, zone)
    seated = classes.seated_on(session, subject, class_id, meeting.day, zone)
    marked = {row[0].enrollment_id for row in queries.marks(session, class_id, meeting.starts) if row[0].mark}
    numbers = [row.enrollment_id for row in seated]
    marked |= _away(session, numbers, meeting)
    marked |= absences.at_meeting(session, numbers, class_id, meeting.starts, meeting.day).keys()
    wanted = [
        MarkForm(enrollment_id=row.enrollment_id, mark="present")
        for row in seated
        if row.enrollment_id not in marked and row.user_id != subject.user_id
    ]
    _mark_all(session, subject, class_id, code, meeting, wanted, zone)
    return len(wanted)


@internal("the job that works out the hours of meetings that are over")
def settle_due(session: Session, zone: ZoneInfo, limit: int = 500) -> int:
    """Work out the hours of marks whose meeting is over; a mark that cannot count leaves the others alone."""
    now = clock.now()
    done = 0
    due = queries.due(session, now, now - GIVES_UP_AFTER, limit)
    # In the order in which instructors lock the enrollments: see `_mark_all`.
    for number, enrollment_id in sorted(due, key=lambda one: (one[1], one[0])):
        try:
            with session.begin_nested():
                chosen = enrolled.enrollment(session, enrollment_id, alone=True)
                found = queries.mark_by_number(session, number)
                if chosen is None or found is None or found[0].settled_at is not None:
                    continue
                row, code, _student, marker = found
                settle(session, SYSTEM, row, chosen, _label(row.mark, code, marker), now, zone)
                done += row.settled_at is not None
        except (Problem, DBAPIError) as error:
            log.warning("roster_hours_refused", mark=number, reason=str(error))
    return done


# Helpers


def _meeting(session: Session, subject: Subject, class_id: int, starts: datetime, zone: ZoneInfo) -> Meeting:
    """The meeting of the timetable, or one that has marks and was cancelled or moved since."""
    day = clock.local(starts, zone).date()
    for one in classes.meetings(session, subject, class_id, zone, day, day):
        if one.starts == starts:
            return one
    ends = queries.meeting_end(session, class_id, starts)
    if ends is None:
        raise NotFound(NO_MEETING)
    return Meeting(starts, ends, day, note="No longer on the schedule")


def _open_meeting(
    session: Session, subject: Subject, class_id: int, starts: datetime, zone: ZoneInfo
) -> tuple[Meeting, str]:
    require_marking(session, subject, class_id, zone)
    record = classes.read(session, subject, class_id, zone).record
    meeting = _meeting(session, subject, class_id, starts, zone)
    closed = _why_closed(session, meeting, clock.now(), zone)
    if closed:
        raise Conflict(f"{closed} Nothing was saved.")
    return meeting, record.code


def _why_closed(session: Session, meeting: Meeting, now: datetime, zone: ZoneInfo) -> str | None:
    if now < meeting.starts - OPENS_BEFORE:
        begins = formats.local_time(meeting.starts, zone)
        return f"The roster opens 30 minutes before the meeting, which begins {begins}."
    closed = closings.closed_before(session)
    if closed is not None and meeting.starts < closed:
        return (
            f"The hours of {formats.day(meeting.starts, zone)} are in a closed period, so this roster is final. "
            "Request a correction of the hours instead."
        )
    days = policies_in_force.of(session, meeting.starts, zone).roster_days
    if now > meeting.ends + timedelta(days=days):
        return (
            f"The roster of {formats.day(meeting.starts, zone)} was open for {days} days and can no longer be "
            "changed. Request a correction of the hours instead."
        )
    return None


def _away(session: Session, enrollment_ids: Sequence[int], meeting: Meeting) -> set[int]:
    """The enrollments that a leave of absence covers on the day of the meeting."""
    found = enrollment.leave_days(session, enrollment_ids)
    return {number for number, leaves in found.items() if any(one.covers(meeting.day) for one in leaves)}


def _lines(session: Session, seated: Sequence[Any], class_id: int, meeting: Meeting) -> list[RosterLine]:
    marks = {row[0].enrollment_id: row for row in queries.marks(session, class_id, meeting.starts)}
    there = queries.during(session, [row.user_id for row in seated], meeting.starts, meeting.ends)
    numbers = [row.enrollment_id for row in seated]
    away = _away(session, numbers, meeting)
    reported = absences.at_meeting(session, numbers, class_id, meeting.starts, meeting.day)
    lines = []
    for person in seated:
        own = [one for one in there.get(person.user_id, []) if one.source != ROSTER]
        absence = reported.get(person.enrollment_id)
        line = RosterLine(
            person.enrollment_id,
            person.user_id,
            person.full_name,
            clocked=_clocked(own[0]) if own else None,
            away=person.enrollment_id in away,
            absence_id=None if absence is None else absence.id,
            absence_excused=absence is not None and absence.state == "excused",
        )
        found = marks.get(person.enrollment_id)
        if found is not None:
            row, marker, minutes = found
            line = replace(
                line,
                mark=None if row.mark is None else Mark(row.mark),
                arrived_at=row.arrived_at,
                left_at=row.left_at,
                note=row.note,
                marked_by=marker,
                minutes=minutes if row.settled_at is not None else None,
                refused=_is_refused(row, meeting),
            )
        lines.append(line)
    return lines


def _is_refused(row: ClassAttendance, meeting: Meeting) -> bool:
    """Whether the job must have come to a mark that attests hours, and could not count them."""
    attends = row.mark is not None and Mark(row.mark).attends
    return attends and row.settled_at is None and meeting.ends + SETTLED_WITHIN < clock.now()


def _clocked(entry: Attendance) -> Clocked:
    ended = None if entry.missing_clock_out else entry.clock_out
    return Clocked(entry.id, entry.clock_in, ended, entry.source in PUNCHED)


def _mark_all(
    session: Session,
    subject: Subject,
    class_id: int,
    code: str,
    meeting: Meeting,
    wanted: Sequence[MarkForm],
    zone: ZoneInfo,
) -> None:
    now = clock.now()
    chosen: dict[int, EnrollmentChoice] = {}
    # In one order for everybody, so that two instructors do not wait for each other in a circle.
    for number in sorted(one.enrollment_id for one in wanted):
        found = enrolled.enrollment(session, number, alone=True)
        if found is None:
            raise NotFound(NO_STUDENT)
        chosen[number] = found
    rows = queries.locked_marks(session, class_id, meeting.starts, list(chosen))
    events = []
    for values in wanted:
        row = rows.get(values.enrollment_id)
        old = None if row is None else row.mark
        row, changed = _changed(session, subject, class_id, meeting, row, values, now, zone)
        if row is None or not changed:
            continue
        student = chosen[values.enrollment_id]
        try:
            settle(session, subject, row, student, _label(row.mark, code, subject.full_name), now, zone)
        except Invalid as problem:
            if len(wanted) == 1:
                raise
            raise Invalid(f"{student.full_name}: {problem.detail}") from problem
        events.append(
            {
                "target_id": row.id,
                "student_id": student.user_id,
                "enrollment_id": student.id,
                "reason": values.note,
                "class_id": class_id,
                "code": code,
                "starts_at": meeting.starts,
                "mark": [old, row.mark],
                "arrived_at": row.arrived_at,
                "left_at": row.left_at,
            }
        )
    history.record_all(session, subject, Action.CLASS_ATTENDANCE_MARKED, events)


def _changed(
    session: Session,
    subject: Subject,
    class_id: int,
    meeting: Meeting,
    row: ClassAttendance | None,
    values: MarkForm,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[ClassAttendance | None, bool]:
    """The row with the new mark, and whether that is another one than before."""
    new = None if values.mark == "none" else Mark(values.mark)
    same = row is not None and row.mark == new and values.at is None and values.note in (None, row.note)
    if same or (row is None and new is None):
        return row, False
    arrived, left = _moments(meeting, row, new, values, now, zone)
    if row is None:
        row = ClassAttendance(
            class_id=class_id,
            enrollment_id=values.enrollment_id,
            starts_at=meeting.starts,
            ends_at=meeting.ends,
        )
        session.add(row)
    row.mark, row.arrived_at, row.left_at = None if new is None else new.value, arrived, left
    row.note, row.marked_by, row.marked_at = values.note, subject.user_id, now
    session.flush()
    return row, True


def _moments(
    meeting: Meeting,
    row: ClassAttendance | None,
    mark: Mark | None,
    values: MarkForm,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[datetime | None, datetime | None]:
    """When a late student came, and when one left who did not stay."""
    if mark is Mark.LATE:
        return _moment(meeting, values, now, zone, "they arrived"), None
    if mark is Mark.LEFT_EARLY:
        left = _moment(meeting, values, now, zone, "they left")
        arrived = row.arrived_at if row is not None else None
        if arrived is not None and left < arrived:
            raise checks.wrong("at", f"They arrived only at {formats.clock_time(arrived, zone)}.")
        return arrived, left
    return None, None


def _moment(meeting: Meeting, values: MarkForm, now: datetime, zone: ZoneInfo, what: str) -> datetime:
    """The time that was typed, else now; Invalid where neither lies in the meeting."""
    times = f"{formats.clock_time(meeting.starts, zone)} to {formats.clock_time(meeting.ends, zone)}"
    if values.at is None:
        if meeting.starts <= now <= meeting.ends:
            return max(now.replace(second=0, microsecond=0), meeting.starts)
        when = "has not begun" if now < meeting.starts else "is over"
        raise checks.wrong("at", f"The meeting ({times}) {when}. Enter the time at which {what}.")
    typed = datetime.combine(meeting.day, values.at.replace(tzinfo=None))
    found = checks.instant(typed, "at", zone, second=False)
    if found < meeting.starts:
        # Of a time that comes twice that day, the one that lies in the meeting is meant.
        found = checks.instant(typed, "at", zone, second=True)
    if not meeting.starts <= found <= meeting.ends:
        raise checks.wrong("at", f"This time is outside the meeting, {times}.")
    if found > now:
        raise checks.wrong("at", f"This time is in the future; it is {formats.clock_time(now, zone)} now.")
    return found


def _label(mark: str | None, code: str, marker: str | None) -> str:
    said = "Mark cleared" if mark is None else Mark(mark).label
    return f"{said} in {code}, marked by {marker or 'an instructor'}"
