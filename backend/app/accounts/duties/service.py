"""Duties: given, read at each request, ended.

A person who was never given a duty by name has those of the role. The first one given writes down what the role
brought along, so that giving adds and nothing is lost unseen; it is ended like any other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.access import session_ends
from app.accounts.duties import queries
from app.accounts.people import queries as people
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound, Problem
from app.core.permissions import Actor, Duty, Role, Subject, internal
from app.db.models import User, UserDuty
from app.settings import Settings
from app.web.listing import Listing

NO_DUTY = "There is no such duty, or you don’t have access to it."
FROM_ROLE = "Came with the role until duties were given by name"
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class DutyLine:
    """A duty as a page lists it. `state` is `in force`, `ahead`, `over` or `ended`."""

    id: int
    duty: Duty
    starts_on: date
    ends_on: date | None
    state: str
    reason: str
    given_by: str | None
    ended_by: str | None
    end_reason: str | None

    @property
    def can_end(self) -> bool:
        return self.state in ("in force", "ahead")


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person of a list, with the duties in force today."""

    user: User
    duties: list[Duty]


# Reading


@internal("says who is asking, before anything can be asked")
def held_by_name(session: Session, settings: Settings, user: User) -> frozenset[Duty] | None:
    """The duties given by name that are in force today at the school; None for a person who was never given one."""
    if user.role is Role.STUDENT:
        return None
    today = clock.today(settings.zone)
    return queries.named(queries.given(session, [user.id]), today).get(user.id)


@internal("says who is asking, before anything can be asked")
def from_column(role: Role, held: Collection[str | None] | None) -> frozenset[Duty] | None:
    """The same, of what `queries.held_on` gave for the account."""
    if role is Role.STUDENT or held is None:
        return None
    return frozenset(Duty(one) for one in held if one is not None)


@internal("adds to a list of people that the person may see what they may see of duties")
def with_duties(
    session: Session, subject: Actor, settings: Settings, people: Listing[User]
) -> Listing[ListedPerson]:
    """The list with everybody's duties of today, one query a page; none for those who do not see them."""

    def add(users: Sequence[User]) -> Sequence[ListedPerson]:
        reads = policy.may_read_duties(subject)
        held = duties_of_people(session, subject, settings, users) if reads else {}
        return [ListedPerson(user, held.get(user.id, [])) for user in users]

    return people.map_many(add)


def duties_of_people(
    session: Session, subject: Actor, settings: Settings, users: Collection[User]
) -> Mapping[int, list[Duty]]:
    """Every duty in force today of each of these people, in the order of the duties; for lists of people."""
    policy.require_read_duties(subject)
    named = queries.named(queries.given(session, [user.id for user in users]), clock.today(settings.zone))
    held = {user.id: _held(user, named.get(user.id)) for user in users}
    return {number: [duty for duty in Duty if duty in duties] for number, duties in held.items()}


def own_duties(session: Session, subject: Subject) -> list[Duty]:
    """What the person does at the school today."""
    return [duty for duty in Duty if duty in subject.held]


def list_duties(session: Session, subject: Actor, settings: Settings, user_id: int) -> list[DutyLine]:
    """Every duty a person was given by name, the latest first. One's own, or anybody's with ACCOUNTS_READ."""
    policy.require_see_duties(subject, user_id)
    _person(session, user_id)
    today = clock.today(settings.zone)
    return [_line(row, giver, ender, today) for row, giver, ender in queries.of_person(session, user_id)]


def find_duty(session: Session, subject: Actor, settings: Settings, user_id: int, duty_id: int) -> DutyLine:
    """One duty of a person that has not ended. Raises NotFound for any other."""
    for line in list_duties(session, subject, settings, user_id):
        if line.id == duty_id and line.can_end:
            return line
    raise NotFound("This duty has already ended, or there is no such one. Nothing was changed.")


# Giving and ending


def give_duty(
    session: Session,
    subject: Actor,
    settings: Settings,
    user_id: int,
    duty: Duty,
    *,
    starts_on: date,
    ends_on: date | None = None,
    reason: str,
) -> UserDuty:
    """Give a member of staff a duty, from one day to another, both included; without an end until it is ended.

    Raises Forbidden for oneself, Invalid for dates that make no sense or an empty reason, Conflict for a student or
    for days on which the person has this duty already.
    """
    policy.require_give_duties(subject, user_id)
    user = _person(session, user_id, lock=True)
    today = clock.today(settings.zone)
    reason = _reason(reason)
    if user.role is Role.STUDENT:
        sentence = (
            f"{user.full_name} is a student, and duties are for the school’s staff. Change the role first."
        )
        raise _at("duty", sentence, Conflict)
    if starts_on < today:
        raise _at("starts_on", "A duty starts today or later. Nothing that was done before changes with it.")
    if ends_on is not None and ends_on < starts_on:
        raise _at("ends_on", "The last day comes before the first.")
    if user.role is Role.INSTRUCTOR and duty is not Duty.INSTRUCTOR and not queries.given(session, [user.id]):
        since = min(today, user.created_at.astimezone(settings.zone).date())
        _write(session, None, user, Duty.INSTRUCTOR, since, None, FROM_ROLE)
    return _write(session, subject, user, duty, starts_on, ends_on, reason)


def end_duty(
    session: Session,
    subject: Actor,
    settings: Settings,
    duty_id: int,
    *,
    last_day: date | None = None,
    reason: str,
) -> UserDuty:
    """End a duty with this request, or with the end of a later day. The person is not signed out.

    Raises NotFound for a duty that is over, Forbidden for one's own, Invalid for a day that is past.
    """
    policy.require_manage_duties(subject)
    row = queries.duty(session, duty_id)
    if row is None:
        raise NotFound(NO_DUTY)
    policy.require_give_duties(subject, row.user_id)
    _person(session, row.user_id, lock=True)
    row = queries.duty(session, duty_id, lock=True)
    today = clock.today(settings.zone)
    if row is None or row.ended_at is not None or (row.ends_on is not None and row.ends_on < today):
        raise NotFound("This duty has already ended. Nothing was changed.")
    reason = _reason(reason)
    if last_day is not None and last_day < max(today, row.starts_on):
        sentence = "The last day is past. Choose today or later, or leave it empty to end the duty now."
        raise _at("last_day", sentence)
    ended = _end(session, subject, row, last_day, reason)
    if last_day is None:
        session_ends.lose_access(session, row.user_id)
    return ended


@internal("a step of adding a person with a duty of their own, by the same rules")
def give_first(
    session: Session, subject: Actor, settings: Settings, user: User, duty: Duty, reason: str
) -> UserDuty:
    """A new person's one duty, in place of what the role would bring along."""
    policy.require_give_duties(subject, user.id)
    return _write(session, subject, user, duty, clock.today(settings.zone), None, _reason(reason))


@internal("a step of changing a person's role")
def follow_role(session: Session, subject: Actor, settings: Settings, user: User) -> None:
    """After the role changed: a student loses all duties, and nobody becomes staff with none."""
    today = clock.today(settings.zone)
    if user.role is Role.STUDENT:
        for row in queries.unended(session, user.id, today):
            _end(session, subject, row, None, f"{user.full_name} is a student now")
    elif (
        user.role is Role.INSTRUCTOR
        and queries.given(session, [user.id])
        and not queries.unended(session, user.id, today)
    ):
        _write(session, subject, user, Duty.INSTRUCTOR, today, None, "Came with the role")


def _write(
    session: Session,
    subject: Actor | None,
    user: User,
    duty: Duty,
    starts_on: date,
    ends_on: date | None,
    reason: str,
) -> UserDuty:
    row = UserDuty(
        user_id=user.id,
        duty=duty,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        given_by=None if subject is None else subject.user_id,
    )
    session.add(row)
    session.flush()
    history.record(
        session,
        subject,
        Action.USER_DUTY_GIVEN,
        user.id,
        reason=reason,
        duty=duty.value,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    return row


def _end(session: Session, subject: Actor, row: UserDuty, last_day: date | None, reason: str) -> UserDuty:
    if last_day is None:
        row.ended_at = clock.now()
        row.ended_by = subject.user_id
    else:
        row.ends_on = last_day
    row.end_reason = reason
    session.flush()
    history.record(
        session,
        subject,
        Action.USER_DUTY_ENDED,
        row.user_id,
        reason=reason,
        duty=row.duty.value,
        last_day=last_day,
    )
    return row


def _person(session: Session, user_id: int, *, lock: bool = False) -> User:
    user = people.user(session, user_id, lock=lock)
    if user is None or user.deleted_at is not None:
        raise NotFound(policy.NO_SUCH_PERSON)
    return user


def _held(user: User, named: frozenset[Duty] | None) -> frozenset[Duty]:
    return Subject(user.id, user.email, user.full_name, user.role, duties=named).held


def _line(row: UserDuty, giver: str | None, ender: str | None, today: date) -> DutyLine:
    if row.ended_at is not None:
        state = "ended"
    elif row.ends_on is not None and row.ends_on < today:
        state = "over"
    else:
        state = "ahead" if row.starts_on > today else "in force"
    return DutyLine(
        row.id, row.duty, row.starts_on, row.ends_on, state, row.reason, giver, ender, row.end_reason
    )


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise _at("reason", f"Say why in 1 to {LONGEST_REASON} characters.")
    return reason


def _at(field: str, sentence: str, kind: type[Problem] = Invalid) -> Problem:
    return kind(sentence, errors=[FieldError(field, sentence)])


__all__ = [
    "DutyLine",
    "ListedPerson",
    "duties_of_people",
    "end_duty",
    "find_duty",
    "follow_role",
    "from_column",
    "give_duty",
    "give_first",
    "held_by_name",
    "list_duties",
    "own_duties",
    "with_duties",
]
