"""Externship sites: kept with signed agreements and supervisors. What may be done there follows from the agreements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.externships import policy
from app.compliance.externships.links import revocation
from app.compliance.externships.sites import queries
from app.compliance.externships.sites.schemas import (
    Agreement,
    AgreementEndForm,
    SiteForm,
    SupervisorForm,
)
from app.core import clock, history, mail
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import SYSTEM, Actor, internal
from app.db.models import (
    ExternshipAgreement,
    ExternshipSite,
    ExternshipSupervisor,
)
from app.rules import externships as rules
from app.rules.admission_documents import reminder_due
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings
from app.web import scans
from app.web.listing import Listing
from app.web.paging import Paging

_ROOM = "compliance.externship_agreements"
_FIELDS = ("name", "address", "capacity", "contact_name", "contact_email", "contact_phone")


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site, how its agreements stand today, and who supervises there."""

    site: ExternshipSite
    standing: str
    agreements: Sequence[ExternshipAgreement]
    supervisors: Sequence[ExternshipSupervisor]


def list_sites(
    session: Session,
    subject: Actor,
    paging: Paging,
    today: date,
    *,
    standing: str | None = None,
    archived: bool = False,
) -> Listing[Any]:
    """Sites with their standing, the last day their agreements cover, and the students who are there today."""
    policy.require_read_sites(subject)
    return queries.sites(session, paging, today, standing=standing, archived=archived)


def count_ending(session: Session, subject: Actor, today: date) -> int:
    """How many sites in use have an agreement that expires within 60 days, or has expired."""
    policy.require_read_sites(subject)
    return queries.count_ending(session, today)


def read_site(session: Session, subject: Actor, site_id: int, today: date) -> SiteView:
    """One site. Raises NotFound."""
    policy.require_read_sites(subject)
    site = _site(session, site_id)
    found = queries.agreements(session, site_id)
    return SiteView(
        site,
        rules.site_standing(agreements_of(session, site_id), today),
        found,
        queries.supervisors(session, site_id, archived=True),
    )


def save_site(
    session: Session, subject: Actor, values: SiteForm, site_id: int | None = None
) -> ExternshipSite:
    """Add a site, or change it. Raises Conflict for a name that is taken."""
    policy.require_manage(subject)
    given = values.model_dump()
    if site_id is None:
        site = ExternshipSite(**given)
        queries.add(session, site)
        history.record(session, subject, Action.EXTERNSHIP_SITE_CREATED, site.id, name=site.name)
        return site
    site = _site(session, site_id, lock=True)
    changed: dict[str, Any] = {
        name: [getattr(site, name), given[name]] for name in _FIELDS if getattr(site, name) != given[name]
    }
    for name in changed:
        setattr(site, name, given[name])
    session.flush()
    if changed:
        history.record(session, subject, Action.EXTERNSHIP_SITE_CHANGED, site.id, **changed)
    return site


def archive_site(session: Session, subject: Actor, site_id: int, *, archived: bool = True) -> None:
    """Place nobody there any more, or again. Those who are there stay."""
    policy.require_manage(subject)
    site = _site(session, site_id, lock=True)
    if (site.archived_at is not None) == archived:
        return
    site.archived_at = clock.now() if archived else None
    session.flush()
    history.record(
        session, subject, Action.EXTERNSHIP_SITE_CHANGED, site.id, archived=[not archived, archived]
    )


# Agreements


def add_agreement(
    session: Session,
    subject: Actor,
    store: FileStore,
    site_id: int,
    values: Agreement,
    content: bytes,
    today: date,
) -> ExternshipAgreement:
    """Put a signed agreement on file; it is kept permanently.

    Raises Invalid for days that are out of order or over, and for what is no PDF or picture.
    """
    policy.require_manage(subject)
    site = _site(session, site_id, lock=True)
    if values.signed_on > today:
        raise _wrong("signed_on", "This date is in the future. Enter the day on which it was signed.")
    if values.expires_on <= values.signed_on:
        raise _wrong("expires_on", "The last day must be after the day of signing.")
    stored, media_type = scans.take_in(store, content, "file")
    record = ExternshipAgreement(
        site_id=site.id,
        signed_on=values.signed_on,
        expires_on=values.expires_on,
        sha256=stored.sha256,
        media_type=media_type,
        size_bytes=stored.size,
        uploaded_by=subject.user_id,
    )
    queries.add(session, record)
    claims.claim(
        session, stored, room=_ROOM, row=record.id, retention=Retention.PERMANENT, media_type=media_type
    )
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_AGREEMENT_ADDED,
        record.id,
        name=site.name,
        signed_on=record.signed_on,
        expires_on=record.expires_on,
    )
    return record


def end_agreement(
    session: Session, subject: Actor, site_agreement_id: int, values: AgreementEndForm
) -> ExternshipAgreement:
    """An agreement ends before its last day: hours after the day given do not count under it."""
    policy.require_manage(subject)
    record = _agreement(session, site_agreement_id, lock=True)
    if not record.signed_on <= values.ended_on < record.expires_on:
        raise _wrong(
            "ended_on",
            f"Enter a day from {long_date(record.signed_on)} on and before {long_date(record.expires_on)}.",
        )
    record.ended_on = values.ended_on
    session.flush()
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_AGREEMENT_ENDED,
        record.id,
        reason=values.reason,
        name=_site(session, record.site_id).name,
        signed_on=record.signed_on,
        expires_on=record.expires_on,
        ended_on=record.ended_on,
    )
    return record


def read_agreement(
    session: Session, subject: Actor, store: FileStore, site_agreement_id: int
) -> tuple[bytes, str]:
    """An agreement's bytes and media type. Raises NotFound."""
    policy.require_read_sites(subject)
    record = _agreement(session, site_agreement_id)
    try:
        content = store.read_bytes(record.sha256)
    except FileMissing:
        raise NotFound("This agreement is not in the file store. Ask the operator to restore it.") from None
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_AGREEMENT_OPENED,
        record.id,
        name=_site(session, record.site_id).name,
    )
    return content, record.media_type


@internal("asks what the agreements of a site say, for rooms that have asked")
def agreements_of(session: Session, site_id: int) -> list[rules.Agreement]:
    """A site's agreements as the rules take them."""
    return [
        rules.Agreement(one.signed_on, one.expires_on, one.ended_on)
        for one in queries.agreements(session, site_id)
    ]


@internal("a step of placing a student and of logging hours")
def require_covered(session: Session, site: ExternshipSite, day: date, field: str) -> None:
    """Raises Conflict, at a form's field, for a day on which no signed agreement with the site counts."""
    known = agreements_of(session, site.id)
    if any(one.covers(day) for one in known):
        return
    over = max((one.last for one in known if one.last < day), default=None)
    words = (
        f"{site.name} has no signed agreement with the school that counts on {long_date(day)}"
        if over is None
        else f"The agreement with {site.name} ended on {long_date(over)}"
    )
    sentence = (
        f"{words}, so no hours and no new placement are taken there. Nothing was saved. "
        "The school office can put a new agreement on file under Externships › Sites."
    )
    raise Conflict(sentence, errors=[FieldError(field, sentence)])


# Supervisors


def save_supervisor(
    session: Session, subject: Actor, site_id: int, values: SupervisorForm, supervisor_id: int | None = None
) -> ExternshipSupervisor:
    """Add a supervisor, or change one. Raises Invalid for an address of the school's own staff."""
    policy.require_manage(subject)
    site = _site(session, site_id)
    email = values.email.lower()
    require_outsider(session, email, "email")
    if supervisor_id is None:
        record = ExternshipSupervisor(site_id=site.id, name=values.name, title=values.title, email=email)
        queries.add(session, record)
    else:
        queries.lock_externships(session, supervisor_id)
        record = supervisor_of(session, supervisor_id, site_id=site_id)
        if record.email != email:
            # A link at an address that was wrong is in a stranger's hands.
            revocation.revoke_of(session, record.id)
        record.name, record.title, record.email = values.name, values.title, email
        session.flush()
        queries.name_in_externships(session, record)
    _record_supervisor(session, subject, record, site, "changed" if supervisor_id else "added")
    return record


def archive_supervisor(session: Session, subject: Actor, site_id: int, supervisor_id: int) -> None:
    """They oversee nobody new, and their links stop working. Placements keep their name until they are changed."""
    policy.require_manage(subject)
    queries.lock_externships(session, supervisor_id)
    record = supervisor_of(session, supervisor_id, site_id=site_id)
    if record.archived_at is None:
        record.archived_at = clock.now()
        session.flush()
        revocation.revoke_of(session, record.id)
        _record_supervisor(session, subject, record, _site(session, site_id), "archived")


def _record_supervisor(
    session: Session, subject: Actor, record: ExternshipSupervisor, site: ExternshipSite, what: str
) -> None:
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_SUPERVISOR_CHANGED,
        record.id,
        name=record.name,
        site=site.name,
        what=what,
    )


@internal("a step of keeping supervisors, of placing a student, and of sending and using links")
def require_outsider(session: Session, email: str, field: str) -> None:
    """Raises Invalid when the address is that of somebody on the school's staff (GNPEC: the person who oversees an
    externship is not an instructor of the school)."""
    person = accounts.find_by_email(session, email)
    if person is not None and person.deleted_at is None and person.role.value != "student":
        sentence = (
            f"{email} belongs to the school’s own staff. An externship is overseen by someone who is not an "
            "instructor of the school. Nothing was saved."
        )
        raise Invalid(sentence, errors=[FieldError(field, sentence)])


@internal("a step of keeping supervisors and of placing a student")
def supervisor_of(
    session: Session, supervisor_id: int, *, site_id: int | None = None
) -> ExternshipSupervisor:
    """A supervisor by number, of this site if one is given. Raises NotFound."""
    record = queries.get(session, ExternshipSupervisor, supervisor_id, lock=True)
    if record is None or site_id not in (None, record.site_id):
        raise NotFound("There is no such supervisor at this site.")
    return record


def supervisor_choices(session: Session, subject: Actor, today: date) -> Sequence[Any]:
    """The supervisors of the sites that take students today, by site."""
    policy.require_read_sites(subject)
    return queries.choices(session, today)


@internal("a step of logging hours, whose room has asked")
def site_of(session: Session, site_id: int) -> ExternshipSite:
    """A site by number. Raises NotFound."""
    return _site(session, site_id)


@internal("a step of placing a student, whose room has asked")
def site_locked(session: Session, site_id: int) -> ExternshipSite:
    """A site, locked: two who place students there at once come one after the other. Raises NotFound."""
    return _site(session, site_id, lock=True)


# Reminders


@internal("the system's own work of every day")
def remind(session: Session, settings: Settings, today: date, most: int = 200) -> int:
    """Mail whoever put it on file 60, 30 and 7 days before an agreement ends, once each; administrators where that
    person is gone. How many agreements."""
    known = school.facts(session)
    sent = 0
    for record, site, person in queries.to_remind(session, today, most):
        due = reminder_due(record.expires_on, today, record.reminded_days)
        if due is None:
            continue
        record.reminded_days = due
        words = {"site": site, "expires": long_date(record.expires_on)}
        page = f"{settings.app_origin}/externships/sites/{record.site_id}"
        if person is None or person.deleted_at is not None:
            accounts.alert_administrators(
                session, "externship_agreement_expires", clock.now(), page=page, **words
            )
        else:
            mail.send(
                session,
                person.email,
                "externship_agreement_expires",
                school=known.legal_name,
                name=person.full_name,
                page=page,
                **words,
            )
        history.record(
            session,
            SYSTEM,
            Action.EXTERNSHIP_AGREEMENT_REMINDED,
            record.id,
            name=site,
            expires_on=record.expires_on,
            days=due,
        )
        sent += 1
    session.flush()
    return sent


def _site(session: Session, site_id: int, *, lock: bool = False) -> ExternshipSite:
    site = queries.get(session, ExternshipSite, site_id, lock=lock)
    if site is None:
        raise NotFound(policy.NO_SITE)
    return site


def _agreement(session: Session, site_agreement_id: int, *, lock: bool = False) -> ExternshipAgreement:
    record = queries.get(session, ExternshipAgreement, site_agreement_id, lock=lock)
    if record is None:
        raise NotFound("There is no such agreement, or you don’t have access to it.")
    return record


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
