"""Placements: a student at a site, with a supervisor, for some days and hours; and the school's verification.

`total_hours` of the documented row is kept by the database: whole hours that the supervisor has confirmed. Nothing
counts before the school has verified it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.externships import policy
from app.compliance.externships.links import revocation
from app.compliance.externships.placements import access, queries
from app.compliance.externships.placements.schemas import PlacementFields, PlacementForm
from app.compliance.externships.sites import service as sites
from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import Enrollment, Externship, ExternshipHours, ExternshipPlacement, ExternshipSite
from app.rules import externships as rules
from app.rules.days import long_date
from app.rules.hours import week_of
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class PlacementView:
    """An externship with its log, and what may be wrong with it (sentences). `clashes` has when a class of the
    student's met at the same time, by the entry's number."""

    row: Any
    entries: Sequence[ExternshipHours]
    links: Sequence[Any]
    evaluations: Sequence[Any]
    warnings: list[str]
    clashes: dict[int, str]

    @property
    def weeks(self) -> list[date]:
        """The weeks with days that wait to be confirmed, by their Sunday, the first one first."""
        return sorted({week_of(entry.day) for entry in self.entries if entry.state == "logged"})


def list_externships(
    session: Session,
    subject: Actor,
    paging: Paging,
    today: date,
    *,
    state: str | None = None,
    site_id: int | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Externships of the students whom the person sees."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, Externship.user_id)
    return queries.listing(
        session, paging, visible, today, state=state, site_id=site_id, program_id=program_id
    )


def count_waiting(session: Session, subject: Actor, today: date) -> int:
    """How many externships are over, or have their hours, and wait to be verified."""
    policy.require_list(subject)
    return queries.count(session, policy.visible(session, subject, Externship.user_id), today, "to_verify")


@views.opens(Part.EXTERNSHIP, student=lambda found, _given: found.row.user_id)
def read_externship(session: Session, subject: Actor, externship_id: int, zone: ZoneInfo) -> PlacementView:
    """One externship with its log. Raises NotFound for other people's."""
    row = access.readable(session, subject, externship_id, clock.today(zone))
    return _view(session, row, zone)


@views.opens(Part.EXTERNSHIP, student="user_id")
def externships_of(session: Session, subject: Actor, user_id: int, zone: ZoneInfo) -> list[PlacementView]:
    """A student's externships, the newest first. Raises NotFound for other people's."""
    if not policy.may_read(session, subject, user_id):
        raise NotFound(policy.NO_EXTERNSHIP)
    return [_view(session, row, zone) for row in queries.of_student(session, user_id, clock.today(zone))]


def lines_of(session: Session, subject: Actor, user_id: int, zone: ZoneInfo) -> Sequence[Any] | None:
    """A student's externships in a line each, for a page that shows much else; None for those who read none."""
    if not policy.may_list(subject) or not policy.may_read(session, subject, user_id):
        return None
    return queries.of_student(session, user_id, clock.today(zone))


def own_disputes(session: Session, subject: Subject) -> int:
    """How many of a student's own days their supervisor disputed, for their first page: one query."""
    if not subject.is_student:
        return 0
    return queries.disputed_of_student(session, subject.user_id)


def choices(session: Session, subject: Actor, today: date) -> tuple[Sequence[Any], Sequence[Any]]:
    """Enrollments that can be placed, and the supervisors of sites that take students."""
    policy.require_manage(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return queries.enrollment_choices(session, visible), sites.supervisor_choices(session, subject, today)


def place(session: Session, subject: Actor, values: PlacementForm) -> Externship:
    """Place a student. Raises Conflict for a site without an agreement or without room, Invalid for what cannot be.

    The site is locked: of two who place a student in its last place one is refused.
    """
    policy.require_manage(subject)
    chosen = queries.enrollment(session, values.enrollment_id)
    if chosen is None or not policy.may_read(session, subject, chosen.user_id):
        raise NotFound("There is no such enrollment. Choose one from the list.")
    policy.require_manage(subject, chosen.user_id)
    if chosen.deleted_at is not None or chosen.status.value != "active":
        raise _wrong("enrollment_id", "Only students with an active enrollment are placed.")
    if values.starts_on < chosen.enrolled_at:
        raise _wrong("starts_on", f"The enrollment began on {long_date(chosen.enrolled_at)}.")
    supervisor, site = _at(session, values, but=None)
    if supervisor.email == chosen.email:
        raise _wrong(
            "supervisor_id", "The supervisor has the student’s own email address. Nothing was saved."
        )
    if queries.same_place(session, chosen.id, site.id, values.starts_on, values.ends_on):
        raise Conflict(
            f"{chosen.full_name} is placed at {site.name} on some of these days already. Nothing was saved."
        )
    record = Externship(user_id=chosen.user_id)
    _name(record, site, supervisor)
    queries.add(session, record)
    queries.add(
        session,
        ExternshipPlacement(
            externship_id=record.id,
            enrollment_id=chosen.id,
            site_id=site.id,
            supervisor_id=supervisor.id,
            starts_on=values.starts_on,
            ends_on=values.ends_on,
            hours_required=values.hours_required,
            placed_by=subject.user_id,
        ),
    )
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_PLACED,
        record.id,
        student_id=chosen.user_id,
        enrollment_id=chosen.id,
        site_id=site.id,
        supervisor_id=supervisor.id,
        starts_on=values.starts_on,
        ends_on=values.ends_on,
        hours_required=values.hours_required,
    )
    known = school.facts(session)
    mail.send(
        session,
        chosen.email,
        "externship_placed",
        school=known.legal_name,
        name=chosen.full_name,
        site=site.name,
        address=site.address,
        supervisor=supervisor.name,
        starts=long_date(values.starts_on),
        ends=long_date(values.ends_on),
        hours=values.hours_required,
        page=f"{_settings(session).app_origin}/externship",
    )
    return record


def change(session: Session, subject: Actor, externship_id: int, values: PlacementFields) -> None:
    """Other days, another supervisor of any approved site, other hours. Links that are out stop working.

    Raises Conflict once it is verified, and for days that leave logged ones outside.
    """
    policy.require_manage(subject)
    record, kept = access.changeable(session, subject, externship_id)
    supervisor, site = _at(session, values, but=externship_id, was=kept)
    if site.id != kept.site_id and queries.entries(session, externship_id):
        raise _wrong(
            "supervisor_id",
            "Hours are logged at the present site. Set its last day, and place the student at the other site.",
        )
    outside = queries.day_outside(session, externship_id, values.starts_on, values.ends_on)
    if outside is not None:
        field = "starts_on" if outside < values.starts_on else "ends_on"
        raise _wrong(
            field, f"There are hours of {long_date(outside)}, which would be outside. Nothing was saved."
        )
    given = {"site_id": site.id, **values.model_dump()}
    changed: dict[str, Any] = {
        name: [_plain(getattr(kept, name)), _plain(value)]
        for name, value in given.items()
        if getattr(kept, name) != value
    }
    for name, value in given.items():
        setattr(kept, name, value)
    _name(record, site, supervisor)
    session.flush()
    if changed:
        if "supervisor_id" in changed:
            revocation.revoke(session, externship_id)
        history.record(
            session,
            subject,
            Action.EXTERNSHIP_CHANGED,
            externship_id,
            student_id=record.user_id,
            enrollment_id=kept.enrollment_id,
            **changed,
        )


def _at(
    session: Session, values: PlacementFields, *, but: int | None, was: ExternshipPlacement | None = None
) -> tuple[Any, ExternshipSite]:
    """The supervisor and the site, which takes a student on these days; the site is locked."""
    supervisor = sites.supervisor_of(session, values.supervisor_id)
    site = sites.site_locked(session, supervisor.site_id)
    new = was is None or was.site_id != site.id
    if supervisor.archived_at is not None and (was is None or was.supervisor_id != supervisor.id):
        raise _wrong("supervisor_id", f"{supervisor.name} no longer supervises at {site.name}.")
    if site.archived_at is not None and new:
        raise _wrong("supervisor_id", f"{site.name} is archived and takes nobody new. Choose another site.")
    if values.ends_on < values.starts_on:
        raise _wrong("ends_on", "The last day must not be before the first.")
    if new or was is None or values.starts_on != was.starts_on:
        sites.require_covered(session, site, values.starts_on, "supervisor_id")
    sites.require_outsider(session, supervisor.email, "supervisor_id")
    others = queries.at_site(session, site.id, values.starts_on, values.ends_on, but=but)
    moved = new or was is None or (values.starts_on, values.ends_on) != (was.starts_on, was.ends_on)
    if moved and rules.most_at_once(others, values.starts_on, values.ends_on) >= site.capacity:
        raise _full(site)
    return supervisor, site


def _full(site: ExternshipSite) -> Conflict:
    sentence = (
        f"{site.name} takes {site.capacity} {'student' if site.capacity == 1 else 'students'} at once, and is full "
        "on some of these days. Nothing was saved. Choose other days or another site."
    )
    return Conflict(sentence, errors=[FieldError("supervisor_id", sentence)])


def _name(record: Externship, site: ExternshipSite, supervisor: Any) -> None:
    record.site_name, record.site_address = site.name, site.address
    record.supervisor_name, record.supervisor_email = supervisor.name, supervisor.email


@internal("adds up what counts, for rooms that have asked who may see it")
def verified_minutes(session: Session, enrollment_ids: Sequence[int]) -> dict[int, int]:
    """Minutes of verified externships by enrollment; nothing else counts toward anything."""
    return queries.verified_minutes(session, enrollment_ids)


# What may be wrong


def _view(session: Session, row: Any, zone: ZoneInfo) -> PlacementView:
    entries = queries.entries(session, row.id)
    clashes = _clashes(session, row, entries, zone)
    return PlacementView(
        row,
        entries,
        queries.links(session, row.id),
        queries.evaluations(session, row.id),
        _warnings(session, row, len(clashes)),
        clashes,
    )


def _clashes(
    session: Session, row: Any, entries: Sequence[ExternshipHours], zone: ZoneInfo
) -> dict[int, str]:
    """Entries that run at the same time as a class of the student's meets."""
    if row.enrollment_id is None or not entries:
        return {}
    first, last = min(entry.day for entry in entries), max(entry.day for entry in entries)
    met = classes.meetings_by_enrollment(session, [row.enrollment_id], last, zone, first)
    found = {}
    for entry in entries:
        for meeting in met.get(row.enrollment_id, ()):
            if meeting.starts < entry.ends_at and entry.starts_at < meeting.ends:
                found[entry.id] = formats.local_time(meeting.starts, zone)
                break
    return found


def _warnings(session: Session, row: Any, clashes: int) -> list[str]:
    if row.site_id is None:
        return ["This externship has no log: it was written down before placements were kept here."]
    found = []
    until = rules.covered_until(sites.agreements_of(session, row.site_id), row.starts_on)
    if until is None or until < row.ends_on:
        after = "the first day" if until is None else long_date(until)
        found.append(
            f"The agreement with {row.site} does not cover the whole placement: hours after {after} are refused."
        )
    if clashes:
        found.append(f"{clashes} of the logged days overlap a class meeting.")
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _settings(session: Session) -> Settings:
    return session.info.get("settings") or get_settings()


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
