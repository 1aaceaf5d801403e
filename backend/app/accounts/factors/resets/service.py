"""A lost factor: one administrator asks for its removal, another approves; on the server the operator does both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.access.service import student_id_of
from app.accounts.access.session_ends import Ended, Why, end_sessions
from app.accounts.factors import policy
from app.accounts.factors import queries as factors
from app.accounts.factors.resets import queries
from app.accounts.people import queries as people
from app.accounts.people import service as people_service
from app.accounts.policy import NO_SUCH_PERSON
from app.core import clock, history, mail
from app.core.actions import Action
from app.core.constraints import register_conflict
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.db.models import FactorReset, User
from app.school import service as school
from app.settings import Settings, get_settings

LIFETIME = timedelta(days=7)
LONGEST_REASON = 500
ALREADY = "A reset for this person is waiting for another administrator already."
GONE = "This request was decided already, or it is more than seven days old. Nothing was changed."
register_conflict("uq_factor_resets_open", ALREADY)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits, as a list shows it; `may_approve` for the person who reads it."""

    id: int
    person: User
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    may_approve: bool
    may_decline: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a person could lose."""

    passkeys: int
    authenticators: int
    codes_left: int
    waiting: FactorReset | None

    @property
    def has_any(self) -> bool:
        return bool(self.passkeys or self.authenticators)


def held_by(session: Session, subject: Actor, user_id: int) -> Held:
    """How many factors another person has, and whether a reset waits. Raises Forbidden, NotFound."""
    policy.require_reset(subject, user_id)
    _person(session, subject, user_id)
    return Held(
        len(factors.passkeys(session, user_id)),
        len(factors.authenticators(session, user_id)),
        factors.codes_left(session, user_id),
        queries.of_person(session, user_id, clock.now()),
    )


def waiting(session: Session, subject: Actor) -> Sequence[Request]:
    """Every request that waits for a second administrator."""
    policy.require_see_resets(subject)
    return [
        Request(
            row.id,
            person,
            row.reason,
            asker or "A former administrator",
            row.asked_at,
            row.expires_at,
            may_approve=_may_decide(subject, row) and row.asked_by != subject.user_id,
            may_decline=_may_decide(subject, row),
        )
        for row, person, asker in queries.waiting(session, clock.now())
    ]


def ask(session: Session, subject: Subject, user_id: int, reason: str) -> FactorReset:
    """Ask for the removal of everything this person has; the person and the other administrators are mailed.

    Raises Forbidden for oneself, Invalid for an empty reason, Conflict while another request waits or there is
    nothing to remove.
    """
    policy.require_reset(subject, user_id)
    user = _person(session, subject, user_id, lock=True)
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        sentence = (
            f"Say what was lost and how you recognized the person, in 1 to {LONGEST_REASON} characters."
        )
        raise Invalid(sentence, errors=[FieldError("reason", sentence)])
    if not factors.has_factor(session, user.id):
        raise Conflict(f"{user.full_name} has no second factor, so there is nothing to reset.")
    now = clock.now()
    queries.close_expired(session, user.id, now)
    if queries.of_person(session, user.id, now) is not None:
        raise Conflict(ALREADY)
    row = FactorReset(
        user_id=user.id, reason=reason, asked_by=subject.user_id, asked_at=now, expires_at=now + LIFETIME
    )
    session.add(row)
    session.flush()
    history.record(
        session,
        subject,
        Action.FACTOR_RESET_ASKED,
        row.id,
        student_id=student_id_of(user),
        reason=reason,
        user_id=user.id,
    )
    return row


def approve(session: Session, subject: Subject, reset_id: int) -> User:
    """Agree to a request of another administrator: the person's factors go, and their sessions end.

    Raises Forbidden for who asked and for whom it concerns, Conflict for a request that is decided or too old.
    """
    row = _waiting(session, subject, reset_id)
    if row.asked_by == subject.user_id:
        raise Forbidden("You asked for this reset. Another administrator must approve it.")
    user = _person(session, subject, row.user_id, lock=True)
    _close(session, subject, row, "approved")
    history.record(
        session,
        subject,
        Action.FACTOR_RESET_APPROVED,
        row.id,
        student_id=student_id_of(user),
        reason=row.reason,
        user_id=user.id,
    )
    _remove_all(session, subject, user, row.reason)
    return user


def decline(session: Session, subject: Subject, reset_id: int) -> User:
    """Close a request without removing anything; who asked may take it back so."""
    row = _waiting(session, subject, reset_id)
    user = _person(session, subject, row.user_id)
    _close(session, subject, row, "declined")
    history.record(
        session,
        subject,
        Action.FACTOR_RESET_DECLINED,
        row.id,
        student_id=student_id_of(user),
        reason=row.reason,
        user_id=user.id,
    )
    return user


@internal("a command of the operator, on the server itself")
def reset_by_operator(session: Session, user: User, reason: str) -> tuple[int, int]:
    """Remove a person's factors without a second administrator; how many passkeys and authenticators there were."""
    if not factors.has_factor(session, user.id):
        raise Conflict(f"{user.full_name} has no second factor. Nothing was changed.")
    return _remove_all(session, SYSTEM, user, reason)


def _remove_all(session: Session, subject: Actor, user: User, reason: str) -> tuple[int, int]:
    keys, apps = factors.remove_all(session, user.id)
    unused = factors.replace_codes(session, user.id, [], clock.now())
    ended = end_sessions(session, Ended(user.id, Why.FACTORS_RESET))
    history.record(
        session,
        subject,
        Action.FACTORS_RESET,
        user.id,
        student_id=student_id_of(user),
        reason=reason,
        passkeys=keys,
        authenticators=apps,
        recovery_codes=unused,
        sessions_ended=ended,
    )
    return keys, apps


def _waiting(session: Session, subject: Actor, reset_id: int) -> FactorReset:
    policy.require_resets(subject)
    row = queries.reset(session, reset_id)
    if row is None:
        raise NotFound("There is no such request.")
    if row.closed_at is not None or row.expires_at <= clock.now():
        raise Conflict(GONE)
    policy.require_reset(subject, row.user_id)
    return row


def _close(session: Session, subject: Subject, row: FactorReset, outcome: str) -> None:
    row.closed_at, row.closed_by, row.outcome = clock.now(), subject.user_id, outcome
    session.flush()


def _may_decide(subject: Actor, row: FactorReset) -> bool:
    return policy.may_reset(subject, row.user_id)


def _person(session: Session, subject: Actor, user_id: int, *, lock: bool = False) -> User:
    user = people.user(session, user_id, lock=lock)
    if user is None or user.deleted_at is not None:
        raise NotFound(NO_SUCH_PERSON)
    return people_service.get_person(session, subject, user_id) if isinstance(subject, Subject) else user


@internal("follows from an entry of the history, which says that a reset was asked for")
def send_request(session: Session, user_id: int, asked_by: int | None, reason: str) -> None:
    """Mail every other administrator that a reset waits for one of them."""
    person = people.user(session, user_id)
    asker = people.user(session, asked_by) if asked_by else None
    if person is None or person.deleted_at is not None:
        return
    settings: Settings = session.info.get("settings") or get_settings()
    known = school.facts(session)
    others = people.users(session, people.other_admins(session, asked_by or 0))
    letters = [
        mail.Letter(
            one.email,
            {
                "school": known.legal_name,
                "name": one.full_name,
                "person": person.full_name,
                "by": asker.full_name if asker else "An administrator",
                "reason": reason,
                "page": f"{settings.app_origin}/people/factor-resets",
            },
        )
        for one in others
        if one.id != person.id
    ]
    mail.send_all(session, "factor_reset_asked", letters)
