"""Why a transcript is given out, and the log that wants to know it: another room keeps it (34 CFR 99.32).

The room that keeps the disclosure log registers itself, so that a delivery is in it by the transaction that makes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.errors import FieldError, Invalid
from app.core.permissions import Actor, internal

BY_STUDENT = "student"
"""The student gives it out, or asked for it in person."""
BY_CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent that the student gave with their request, and when."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Why:
    """What a transcript is given out for, and on which ground: one of FERPA's, or `consent-7` for a consent on file."""

    purpose: str
    basis: str

    @property
    def consent_id(self) -> int | None:
        """The number of the consent. Raises Invalid where the basis names none."""
        ground, _, number = self.basis.partition("-")
        if ground != BY_CONSENT:
            return None
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise _wrong("basis", "Choose the consent that the link rests on.")
        return int(number)

    @property
    def ground(self) -> str:
        return self.basis.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Given:
    """One delivery as the log takes it. With the basis `consent` there is either a number or what was agreed to."""

    student_id: int
    recipient: str
    records: str
    why: Why
    agreed: Agreed | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The room that keeps the log: writes a line, and says which grounds (name, label) may be chosen today."""

    write: Callable[[Session, Actor, Given], None]
    grounds: Callable[[Session, int], Sequence[tuple[str, str]]]


_logs: dict[str, Log] = {}


@internal("wiring at the start")
def register_log(name: str, log: Log) -> None:
    """Let a room keep what of transcripts was given to whom."""
    _logs[name] = log


@internal("a step of a delivery that was allowed before")
def write(session: Session, subject: Actor, given: Given) -> None:
    """Raises Invalid for a basis that is none, or a consent that does not count."""
    for log in _logs.values():
        log.write(session, subject, given)


@internal("a list to choose from, for whoever may share")
def grounds(session: Session, student_id: int) -> list[tuple[str, str]]:
    """What a link by the office can rest on: the student's consents first."""
    return [one for log in _logs.values() for one in log.grounds(session, student_id)]


@internal("looks at what was typed")
def required(purpose: str | None, basis: str | None) -> Why:
    """Raises Invalid where one of the two is missing."""
    errors = []
    if not purpose:
        errors.append(FieldError("purpose", "Enter the purpose that the recipient needs the transcript for."))
    if not basis:
        errors.append(FieldError("basis", "Choose what allows the school to give it out."))
    if errors:
        raise Invalid(
            " ".join(one.message for one in errors) + " No link was made.",
            errors=errors,
        )
    return Why(purpose or "", basis or "")


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
