"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The documented roles of `users.role`."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """The role as a page names it."""
        return "Administrator" if self is Role.ADMIN else self.value.capitalize()


@dataclass(frozen=True, slots=True)
class Subject:
    """The signed-in person behind a request, by session cookie or by bearer token."""

    user_id: int
    email: str
    full_name: str
    role: Role
    session_id: int | None = None
    token_id: int | None = None

    @property
    def is_student(self) -> bool:
        return self.role is Role.STUDENT

    @property
    def is_staff(self) -> bool:
        return self.role in (Role.INSTRUCTOR, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
