"""What a student does with a credential: take the diploma and the badge along, switch a public page on and off."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.credentials import policy
from app.compliance.credentials.awards import queries as awards
from app.compliance.credentials.awards.service import read
from app.compliance.credentials.badges import images
from app.compliance.credentials.holders import queries
from app.core import clock, history
from app.core.actions import Action
from app.core.directory import may_publish
from app.core.errors import Conflict, NotFound
from app.core.permissions import Actor, internal
from app.core.turns import take_turn
from app.db.models import CredentialShare
from app.documents import service as documents
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings

NO_PAGE = "There is no shared credential at this address. Its holder may have stopped sharing it."


def share_of(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> CredentialShare | None:
    """The public page of a credential, if its holder has switched one on. NotFound for other people's."""
    read(session, subject, credential_id, zone)
    return queries.open_share(session, credential_id)


def share(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> CredentialShare:
    """Switch on the public page, under a new address. Raises NotFound, Forbidden, Conflict."""
    row = _own(session, subject, credential_id, zone)
    if row.document_id is None:
        raise Conflict(
            "This credential was issued by an older system and cannot be shared. Ask the school office."
        )
    if row.standing not in ("valid", "expiring"):
        raise Conflict("Only a valid credential can be shared. Nothing was changed.")
    _wait_for_turn(session, credential_id)
    known = queries.open_share(session, credential_id)
    if known is not None:
        return known
    made = CredentialShare(credential_id=credential_id, slug=documents.make_code())
    queries.add(session, made)
    _record(session, subject, Action.CREDENTIAL_SHARED, row)
    return made


def unshare(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> None:
    """Switch the public page off: its address leads nowhere from now on. The holder, or the registrar for them."""
    row = awards.one(session, credential_id, clock.today(zone))
    if row is None:
        raise NotFound(policy.NO_CREDENTIAL)
    policy.require_unshare(subject, row.user_id)
    _wait_for_turn(session, credential_id)
    known = queries.open_share(session, credential_id, lock=True)
    if known is None:
        return
    known.ended_at = clock.now()
    session.flush()
    _record(session, subject, Action.CREDENTIAL_UNSHARED, row)


def _own(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> Row[Any]:
    row = awards.one(session, credential_id, clock.today(zone))
    if row is None:
        raise NotFound(policy.NO_CREDENTIAL)
    policy.require_share(subject, row.user_id)
    return row


def _record(session: Session, subject: Actor, action: Action, row: Row[Any]) -> None:
    history.record(
        session,
        subject,
        action,
        row.id,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        serial=row.serial,
    )


def badge(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> tuple[Row[Any], str]:
    """The signed badge as JSON. Raises NotFound."""
    row = read(session, subject, credential_id, zone)
    text = awards.badge_of(session, credential_id)
    if text is None:
        raise NotFound("This credential has no badge: an older system issued it.")
    if subject.user_id != row.user_id:
        history.record(
            session,
            subject,
            Action.CREDENTIAL_FETCHED,
            row.id,
            student_id=row.user_id,
            serial=row.serial,
            form="badge",
        )
    return row, text


def baked(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> tuple[Row[Any], bytes]:
    """The badge's picture with the badge inside it, as Open Badges asks for. Raises NotFound."""
    row, text = badge(session, subject, credential_id, zone)
    return row, _bake(picture(session, row.name, row.level), text)


@internal("what the school awards is public")
def picture(session: Session, name: str, level: str) -> bytes:
    """The picture of a type of credential."""
    facts = school.facts(session)
    return images.badge_png(facts.short_name, name, level, facts.primary_color)


def _bake(image: bytes, text: str) -> bytes:
    from openbadgeslib import baking  # noqa: PLC0415 - most processes never bake

    return baking.bake_png(image, text, keyword=baking.ITXT_KEYWORD_OB3)


# The public page


@dataclass(frozen=True, slots=True)
class Shared:
    """What the public page shows: what its holder has chosen to show."""

    row: Row[Any]
    slug: str
    holder: str
    school: str
    website: str
    description: str
    criteria: str
    ended_on: date | None
    valid: bool

    def linkedin(self, page: str) -> str:
        """LinkedIn's own form, filled in; the holder sends it."""
        known: dict[str, object] = {
            "startTask": "CERTIFICATION_NAME",
            "name": self.row.name,
            "organizationName": self.school,
            "issueYear": self.row.issued_at.year,
            "issueMonth": self.row.issued_at.month,
            "certUrl": page,
            "certId": self.row.serial,
        }
        if self.row.expires_on is not None:
            known |= {
                "expirationYear": self.row.expires_on.year,
                "expirationMonth": self.row.expires_on.month,
            }
        return f"https://www.linkedin.com/profile/add?{urlencode(known)}"


def _wait_for_turn(session: Session, credential_id: int) -> None:
    """Others who switch the page of this credential on or off wait until the commit."""
    take_turn(session, f"share {credential_id}")


@internal("shows what its holder has switched on")
def shared(session: Session, settings: Settings, slug: str, *, counted: bool = False) -> Shared:
    """The public page at an address. Raises NotFound, in the same words for one that never was."""
    code = documents.read_code(slug)
    known = queries.by_slug(session, code) if code == slug else None
    row = awards.one(session, known.credential_id, clock.today(settings.zone)) if known is not None else None
    if known is None or row is None or not may_publish(session, row.user_id):
        raise NotFound(NO_PAGE)
    if counted:
        queries.count_view(session, known.id, clock.now())
    facts = school.facts(session)
    kind = awards.type_of(session, row.type_id)
    return Shared(
        row=row,
        slug=slug,
        holder=row.full_name or row.student,
        school=facts.legal_name,
        website=facts.website,
        description=kind.description if kind else "",
        criteria=kind.criteria if kind else "",
        ended_on=clock.local(row.ended_at, settings.zone).date() if row.ended_at else None,
        valid=row.standing in ("valid", "expiring"),
    )


@internal("shows what its holder has switched on")
def shared_badge(session: Session, settings: Settings, slug: str) -> str:
    """The signed badge of a shared credential. Raises NotFound."""
    found = shared(session, settings, slug)
    return awards.badge_of(session, found.row.id) or ""


@internal("shows what its holder has switched on")
def shared_card(session: Session, settings: Settings, slug: str) -> bytes:
    """The picture that other sites show with the link. Raises NotFound."""
    found = shared(session, settings, slug)
    facts = school.facts(session)
    line = f"{found.row.serial} · issued {long_date(found.row.issued_at)}"
    return images.card_png(
        facts.legal_name, found.row.name, found.holder, line, facts.primary_color, valid=found.valid
    )
