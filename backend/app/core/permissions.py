"""Who is asking, and what they may do.

A person has one documented role (`users.role`) and the duties given to them with dates beside it. Duties bundle
permissions; a room's `policy.py` asks for permissions, and never for a role or a duty
(docs/decisions/0013-duties-beside-the-role.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

from app.core.duties import PERMISSIONS, PURPOSES, ROLE_DUTIES, Duty, Permission, Role
from app.core.purposes import Purpose

__all__ = [
    "PERMISSIONS",
    "PURPOSES",
    "ROLE_DUTIES",
    "SYSTEM",
    "Actor",
    "Duty",
    "Permission",
    "Reach",
    "Role",
    "Subject",
    "System",
    "internal",
]


class Reach(StrEnum):
    """Whose records a permission opens."""

    NOBODY = "nobody"
    OWN_CLASSES = "own classes"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Subject:
    """The signed-in person behind a request, by session cookie or by bearer token."""

    user_id: int
    email: str
    full_name: str
    role: Role
    session_id: int | None = None
    token_id: int | None = None
    duties: frozenset[Duty] | None = None
    """The duties by name that are in force today; None for a person who was never given one."""
    proved_at: datetime | None = None
    """When the person last proved who they are in this session; None for never."""
    factor_due_on: date | None = None
    """From this day on the session is for setting up a second factor alone; None for no such day."""
    scopes: frozenset[Permission] | None = None
    """What an API token was given of its owner's permissions; None for a person in a browser, who has them all."""
    withheld: set[Permission] = field(default_factory=set, compare=False, repr=False)
    """What was asked for in this request and allowed but for the token's scopes: the reason of a refusal."""
    chosen_purpose: Purpose | None = None
    """What the person said they look at records for, in this session."""

    @property
    def held(self) -> frozenset[Duty]:
        """Every duty in force: what was given by name, or else what the role brings along.

        A student has none. The role of an administrator stays one, whatever is given beside it.
        """
        return _held(self.role, self.duties)

    def may(self, permission: Permission) -> bool:
        """Whether a duty in force allows it, and the API token, if the person comes with one, was given it."""
        if permission not in _permissions(self.role, self.duties):
            return False
        if self.scopes is None or permission in self.scopes:
            return True
        self.withheld.add(permission)
        return False

    def reach(self, everybody: Permission, own_classes: Permission) -> Reach:
        """How far two permissions of one kind reach: everybody's records, those of one's own classes, nobody's."""
        if self.may(everybody):
            return Reach.EVERYBODY
        return Reach.OWN_CLASSES if self.may(own_classes) else Reach.NOBODY

    @property
    def sees_as(self) -> tuple[int, Role, frozenset[Duty], frozenset[Permission] | None]:
        """All that decides on the person's side which records a list holds: the same, and the list is the same."""
        return (self.user_id, self.role, self.held, self.scopes)

    @property
    def main_duty(self) -> Duty | None:
        """The one of several duties that names the person best; None for students and people without one."""
        return next((duty for duty in PURPOSES if duty in self.held), None)

    @property
    def purpose(self) -> Purpose | None:
        """What the person looks at records for: as chosen, or as their duties suggest; None for students."""
        if self.is_student:
            return None
        if self.chosen_purpose is not None:
            return self.chosen_purpose
        return Purpose.SUPPORT if self.main_duty is None else PURPOSES[self.main_duty]

    @property
    def is_student(self) -> bool:
        return self.role is Role.STUDENT


# A page asks for a hundred permissions, and of the same duties they are always the same.


@lru_cache(maxsize=256)
def _held(role: Role, duties: frozenset[Duty] | None) -> frozenset[Duty]:
    if role is Role.STUDENT or duties is None:
        return ROLE_DUTIES[role]
    return duties | {Duty.ADMINISTRATOR} if role is Role.ADMIN else duties


@lru_cache(maxsize=256)
def _permissions(role: Role, duties: frozenset[Duty] | None) -> frozenset[Permission]:
    return frozenset().union(*(PERMISSIONS[duty] for duty in _held(role, duties)))


@dataclass(frozen=True, slots=True)
class System:
    """The system itself: a job, a command of the operator, the first start. It may do anything, and says so."""

    user_id: None = None
    full_name: str = "The system"
    is_student: bool = False

    def may(self, _permission: Permission) -> bool:
        return True

    def reach(self, _everybody: Permission, _own_classes: Permission) -> Reach:
        return Reach.EVERYBODY


Actor = Subject | System
"""Whoever asks a service: a person, or the system by name."""
SYSTEM: Final = System()

F = TypeVar("F", bound=Callable[..., Any])


def internal(why: str) -> Callable[[F], F]:
    """Mark a function of a service that asks no permission, with the reason in half a sentence.

    Such a function is a step of something that was allowed before, or holds nothing of anybody's. It is not called
    by routes. The table of permissions in the tests lists every one.
    """

    def mark(function: F) -> F:
        function.__internal__ = why  # type: ignore[attr-defined]
        return function

    return mark
