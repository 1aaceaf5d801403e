"""What a student needs to graduate, and when the registrar may decide all the same.

A requirement is met, missing, or unknown: the system cannot tell, and the registrar looks elsewhere. What is missing
keeps a student from graduating unless the registrar makes an exception and says why; what is unknown does not, and
stays on record as unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.rules.enrollment import Decision


class State(StrEnum):
    """How a requirement stands."""

    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the checklist.

    `sentence` says what is so, `number` how far (`412 of 480 h`), `href` where the staff see to it.
    """

    name: str
    title: str
    state: State
    sentence: str
    number: str = ""
    href: str = ""


def missing(requirements: Iterable[Requirement]) -> list[Requirement]:
    """What keeps the student from graduating."""
    return [one for one in requirements if one.state is State.MISSING]


def may_graduate(requirements: Iterable[Requirement], exception: str | None) -> Decision:
    """A student graduates when nothing is missing, or with an exception that has a reason."""
    lacking = missing(requirements)
    if not lacking:
        return Decision(True, "Every requirement that the system knows of is met.")
    names = ", ".join(f"{one.title} ({one.number})" if one.number else one.title for one in lacking)
    if exception:
        return Decision(True, f"Exception: {exception} Missing: {names}.")
    return Decision(False, f"Missing: {names}. Enter the reason for an exception, or wait until this is met.")
