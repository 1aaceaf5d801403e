"""Hours: logged by the student day by day, changed by them until the supervisor has confirmed them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.externships import policies_in_force, policy
from app.compliance.externships.hours import queries
from app.compliance.externships.hours.schemas import HoursFields
from app.compliance.externships.placements import access
from app.compliance.externships.placements import queries as placements
from app.compliance.externships.sites import service as sites
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, Subject
from app.db.models import Externship, ExternshipHours, ExternshipPlacement
from app.rules import hours as wall
from app.rules.enrollment import may_count_hours
from app.rules.externships import fault_of_hours
from app.web.listing import Listing
from app.web.paging import Paging


def list_hours(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    state: str | None = None,
    first: date | None = None,
    last: date | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Every logged day of the students whom the person sees."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, Externship.user_id)
    return queries.listing(
        session, paging, visible, state=state, first=first, last=last, program_id=program_id
    )


def asks_location(session: Session, subject: Actor, today: date) -> bool:
    """Whether the policy of the day asks a student who logs hours where they are."""
    return subject.is_student and policies_in_force.of(session, today).location == "asked"


def log(
    session: Session,
    subject: Subject,
    externship_id: int,
    values: HoursFields,
    zone: ZoneInfo,
    request: UUID | None = None,
) -> ExternshipHours:
    """Log a day. The same form sent twice is one entry.

    Raises NotFound for other people's externships, Invalid and Conflict for hours that cannot be.
    """
    record, kept = _own(session, subject, externship_id)
    if request is not None:
        known = queries.by_request(session, externship_id, request)
        if known is not None:
            return known
    starts, ends = _checked(session, record, kept, values, zone)
    entry = ExternshipHours(externship_id=externship_id, user_id=record.user_id, request=request or uuid4())
    _fill(session, entry, values, starts, ends, zone)
    queries.add(session, entry)
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_HOURS_LOGGED,
        entry.id,
        enrollment_id=kept.enrollment_id,
        externship_id=externship_id,
        day=entry.day,
        after=_said(entry),
    )
    return entry


def get_hours(session: Session, subject: Subject, hours_id: int) -> ExternshipHours:
    """One's own logged day that can still be changed. Raises NotFound, Conflict once it is confirmed."""
    entry = _entry(session, subject, hours_id)
    _require_unconfirmed(entry)
    return entry


def change(
    session: Session, subject: Subject, hours_id: int, values: HoursFields, zone: ZoneInfo
) -> ExternshipHours:
    """Change a day that is not confirmed; one that was disputed waits for the supervisor again."""
    entry = _entry(session, subject, hours_id)
    record, kept = _own(session, subject, entry.externship_id)
    entry = _entry(session, subject, hours_id)
    _require_unconfirmed(entry)
    starts, ends = _checked(session, record, kept, values, zone)
    before = _said(entry)
    _fill(session, entry, values, starts, ends, zone)
    entry.state, entry.dispute, entry.link_id = "logged", None, None
    entry.revision += 1
    entry.changed_at = clock.now()
    session.flush()
    session.refresh(entry)
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_HOURS_CHANGED,
        entry.id,
        enrollment_id=kept.enrollment_id,
        externship_id=record.id,
        day=entry.day,
        before=before,
        after=_said(entry),
    )
    return entry


def remove(session: Session, subject: Subject, hours_id: int) -> int:
    """Take out a day that is not confirmed; the externship's number."""
    entry = _entry(session, subject, hours_id)
    record, kept = _own(session, subject, entry.externship_id)
    entry = _entry(session, subject, hours_id)
    _require_unconfirmed(entry)
    before, day = _said(entry), entry.day
    queries.remove(session, entry)
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_HOURS_REMOVED,
        hours_id,
        enrollment_id=kept.enrollment_id,
        externship_id=record.id,
        day=day,
        before=before,
    )
    return record.id


def _own(session: Session, subject: Subject, externship_id: int) -> tuple[Externship, ExternshipPlacement]:
    """The student's own externship, locked and not verified."""
    found = placements.locked(session, externship_id)
    if found is None:
        raise NotFound(policy.NO_EXTERNSHIP)
    policy.require_own(subject, found[0].user_id)
    access.require_open(found[0])
    return found


def _entry(session: Session, subject: Subject, hours_id: int) -> ExternshipHours:
    entry = queries.get(session, hours_id)
    if entry is None:
        raise NotFound(policy.NO_HOURS)
    policy.require_own(subject, entry.user_id, policy.NO_HOURS)
    return entry


def _require_unconfirmed(entry: ExternshipHours) -> None:
    if entry.state == "confirmed":
        raise Conflict(
            "Your supervisor has confirmed this day, so it was not changed. If it is wrong, ask the school office to "
            "open it again."
        )


def _checked(
    session: Session, record: Externship, kept: ExternshipPlacement, values: HoursFields, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The instants between which the hours lie. Raises Invalid and Conflict."""
    end_day = values.day + timedelta(days=1) if values.next_day else values.day
    starts = _instant(datetime.combine(values.day, values.starts_at.replace(tzinfo=None)), "starts_at", zone)
    ends = _instant(datetime.combine(end_day, values.ends_at.replace(tzinfo=None)), "ends_at", zone)
    fault = fault_of_hours(
        starts,
        ends,
        values.break_minutes,
        day=values.day,
        first=kept.starts_on,
        last=kept.ends_on,
        now=clock.now(),
    )
    if fault is not None:
        raise _wrong(fault.field, fault.sentence)
    chosen = placements.enrollment(session, kept.enrollment_id)
    if chosen is None:
        raise NotFound(policy.NO_EXTERNSHIP)
    ended = {"completed": chosen.completed_at, "withdrawn": chosen.requested_at}.get(chosen.status.value)
    decision = may_count_hours(
        starts,
        ends,
        status=chosen.status.value,
        begins=chosen.enrolled_at,
        ended_on=ended.astimezone(zone).date() if isinstance(ended, datetime) else ended,
        zone=zone,
    )
    if not decision.allowed:
        raise _wrong("day", decision.reason)
    sites.require_covered(session, sites.site_of(session, kept.site_id), values.day, "day")
    return starts, ends


def _instant(present: datetime, field: str, zone: ZoneInfo) -> datetime:
    found = wall.read_wall_clock(present.replace(second=0, microsecond=0), zone).instant
    if found is None:
        raise _wrong(field, "This time does not exist: the clocks went forward over it that day.")
    return found


def _fill(
    session: Session,
    entry: ExternshipHours,
    values: HoursFields,
    starts: datetime,
    ends: datetime,
    zone: ZoneInfo,
) -> None:
    entry.day, entry.starts_at, entry.ends_at = values.day, starts, ends
    entry.break_minutes, entry.did = values.break_minutes, values.did
    entry.latitude = entry.longitude = None
    if None not in (values.latitude, values.longitude):
        # What the policy does not ask for is not kept, whoever sends it.
        asked = policies_in_force.of(session, clock.today(zone), use=True).location == "asked"
        if asked:
            entry.latitude, entry.longitude = values.latitude, values.longitude


def _said(entry: ExternshipHours) -> dict[str, Any]:
    return {
        "starts_at": entry.starts_at.isoformat(),
        "ends_at": entry.ends_at.isoformat(),
        "break_minutes": entry.break_minutes,
        "minutes": entry.minutes,
        "did": entry.did,
    }


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
