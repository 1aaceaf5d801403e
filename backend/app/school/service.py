"""The institution: its facts, who signs, its calendar; and the doors to its dated policies."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, NotFound
from app.core.files import FileStore
from app.core.permissions import Actor, internal
from app.db.models import School, SchoolSignatory
from app.documents.service import Letterhead
from app.school import calendar, policies, policy, queries
from app.school import storage as _storage  # noqa: F401 - says how much room files have
from app.school.agreement_wording import AgreementPolicy
from app.school.facts import Logo, SchoolFacts, Signatory
from app.school.grading import GradingPolicy
from app.school.kinds import (
    AcademicProgressPolicy,
    AttendancePolicy,
    ComplaintsPolicy,
    ExternshipPolicy,
    PasswordPolicy,
    PolicyKind,
    ProgressPolicy,
)
from app.school.leaving import LeavePolicy, WithdrawalPolicy
from app.school.letterhead import letterhead_of
from app.school.money import BillingPolicy, PaymentPlanPolicy, StateFeesPolicy
from app.school.policies import DatedPolicy
from app.school.refund_rules import REFUND_CHOICES, REFUND_LABELS, RefundPolicy, settings_of
from app.school.remembered import forget, remembered, revision, seen, seen_by
from app.school.schemas import FactsForm, SignatoryForm
from app.settings import Settings, get_settings

__all__ = [
    "REFUND_CHOICES",
    "REFUND_LABELS",
    "AcademicProgressPolicy",
    "AgreementPolicy",
    "AttendancePolicy",
    "BillingPolicy",
    "ComplaintsPolicy",
    "DatedPolicy",
    "ExternshipPolicy",
    "GradingPolicy",
    "LeavePolicy",
    "Logo",
    "PasswordPolicy",
    "PaymentPlanPolicy",
    "PolicyKind",
    "ProgressPolicy",
    "RefundPolicy",
    "SchoolFacts",
    "Signatory",
    "StateFeesPolicy",
    "WithdrawalPolicy",
    "calendar",
    "effective_settings",
    "ensure",
    "facts",
    "fields_of",
    "letterhead",
    "policies",
    "register_zone_objection",
    "remove_signatory",
    "revision",
    "save_signatory",
    "seen",
    "seen_by",
    "set_logo",
    "settings_of",
    "update",
]

_OPTIONAL = ("city", "state", "zip_code", "phone", "website", "authorization_number")
_PLAIN = (
    "legal_name",
    "short_name",
    "time_zone",
    "fiscal_year_month",
    "fiscal_year_day",
    "primary_color",
    "accent_color",
)
Objection = Callable[[Session], str | None]
_objections: dict[str, Objection] = {}


@internal("wiring at the start")
def register_zone_objection(name: str, objection: Objection) -> None:
    """Let a room say why another time zone would change what it has recorded; None for nothing to say."""
    _objections[name] = objection


# Facts


@internal("the first start")
def ensure(session: Session, settings: Settings) -> SchoolFacts:
    """Write the school's row from the settings if there is none: from then on the row counts."""
    if queries.school(session) is None and queries.insert_school(
        session,
        legal_name=settings.school_name,
        short_name=settings.school_short_name,
        time_zone=settings.school_timezone,
    ):
        history.record(session, None, Action.SCHOOL_UPDATED, 1, legal_name=[None, settings.school_name])
    return facts(session)


@internal("what every page and letter shows of the school")
def facts(session: Session) -> SchoolFacts:
    """The institution's facts; before its first start, what the settings say. Everybody may know them."""
    return remembered(session, "facts", lambda: _facts(session))


def _facts(session: Session) -> SchoolFacts:
    row = queries.school(session)
    if row is None:
        settings: Settings = session.info.get("settings") or get_settings()
        return SchoolFacts(
            settings.school_name, settings.school_short_name, settings.zone, signatories=_signatories(session)
        )
    return SchoolFacts(
        legal_name=row.legal_name,
        short_name=row.short_name,
        zone=ZoneInfo(row.time_zone),
        address_lines=tuple(row.address_lines),
        **{name: getattr(row, name) for name in _OPTIONAL},
        **{name: getattr(row, name) for name in _PLAIN[3:]},
        logo=Logo(row.logo_sha256, row.logo_media_type) if row.logo_sha256 and row.logo_media_type else None,
        signatories=_signatories(session),
    )


def _signatories(session: Session) -> tuple[Signatory, ...]:
    return tuple(
        Signatory(one.id, one.name, one.title, one.first_day, one.last_day)
        for one in queries.signatories(session)
    )


@internal("what every letter shows of the school")
def letterhead(session: Session, files: FileStore) -> Letterhead:
    """The facts as a document issued today shows them."""
    known = facts(session)
    return letterhead_of(known, files, clock.today(known.zone))


@internal("what every page shows of the school")
def effective_settings(settings: Settings, known: SchoolFacts) -> Settings:
    """The settings with the school's own names and zone in place of those that an empty database began with."""
    return settings.model_copy(
        update={
            "school_name": known.legal_name,
            "school_short_name": known.short_name,
            "school_timezone": known.zone.key,
        }
    )


def update(
    session: Session, subject: Actor, values: FactsForm, *, only: frozenset[str] | None = None
) -> SchoolFacts:
    """Change the facts; with `only`, those fields alone.

    Recorded moments do not move with the zone, but the day and the hour they are shown at do. Once a room has
    recorded such moments, another zone needs `zone_confirmed`. Raises Conflict without it, Forbidden.
    """
    policy.require_change(subject)
    row = _row(session)
    wanted: dict[str, Any] = {name: getattr(values, name) for name in _PLAIN}
    wanted |= {name: getattr(values, name) or "" for name in _OPTIONAL}
    wanted["address_lines"] = (values.address or "").splitlines()
    if only is not None:
        wanted = {name: value for name, value in wanted.items() if name in only}
    changes = {
        name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value
    }
    if "time_zone" in changes and not values.zone_confirmed:
        _refuse_zone(session, row.time_zone, values.time_zone)
    forget(session)
    for name, value in wanted.items():
        setattr(row, name, value)
    session.flush()
    if changes:
        details: Mapping[str, Any] = changes
        history.record(session, subject, Action.SCHOOL_UPDATED, 1, **details)
    return facts(session)


@internal("looks at the input alone")
def fields_of(given: FactsForm) -> frozenset[str]:
    """The facts that an input names; the address is kept as lines."""
    return frozenset("address_lines" if name == "address" else name for name in given.model_fields_set)


def _refuse_zone(session: Session, old: str, new: str) -> None:
    reasons = [reason for objection in _objections.values() if (reason := objection(session))]
    if reasons:
        words = (
            f"{' '.join(reasons)} With {new} instead of {old}, the days and hours already recorded would be shown "
            "and totaled differently. Confirm the change only if the time zone was entered incorrectly."
        )
        raise Conflict(words, errors=[FieldError("time_zone", words)])


def set_logo(session: Session, subject: Actor, logo: Logo | None) -> None:
    """Show this logo, which is in the store already; None shows none."""
    policy.require_change(subject)
    row = _row(session)
    before = row.logo_sha256
    forget(session)
    row.logo_sha256, row.logo_media_type = (logo.sha256, logo.media_type) if logo else (None, None)
    session.flush()
    after = logo.sha256 if logo else None
    history.record(session, subject, Action.SCHOOL_LOGO_CHANGED, 1, sha256=[before, after])


# Signatories


def save_signatory(
    session: Session, subject: Actor, values: SignatoryForm, number: int | None = None
) -> Signatory:
    """Add a signatory, or change the one with this number. Raises NotFound."""
    policy.require_change(subject)
    _row(session)
    row = SchoolSignatory() if number is None else _signatory(session, number)
    for name, value in values.model_dump().items():
        setattr(row, name, value)
    queries.add(session, row)
    history.record(session, subject, Action.SCHOOL_SIGNATORIES_CHANGED, row.id, **values.model_dump())
    return Signatory(row.id, row.name, row.title, row.first_day, row.last_day)


def remove_signatory(session: Session, subject: Actor, number: int) -> None:
    """Remove one entered by mistake; one who no longer signs gets a last day instead. Raises NotFound."""
    policy.require_change(subject)
    row = _signatory(session, number)
    queries.remove(session, row)
    history.record(session, subject, Action.SCHOOL_SIGNATORIES_CHANGED, number, removed=row.name)


def _signatory(session: Session, number: int) -> SchoolSignatory:
    row = queries.find(session, SchoolSignatory, number)
    if row is None:
        raise NotFound("There is no such signatory.")
    return row


def _row(session: Session) -> School:
    row = queries.school(session, lock=True)
    if row is None:
        ensure(session, session.info.get("settings") or get_settings())
        row = queries.school(session, lock=True)
    if row is None:
        raise NotFound("The school's facts are missing; start the system once.")
    return row
