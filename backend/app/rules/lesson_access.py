"""When a student may open a lesson: the school’s own rules, as whoever plans the program has set them."""

from dataclasses import dataclass
from datetime import date

from app.rules.days import long_date


@dataclass(frozen=True, slots=True)
class Access:
    """What a lesson asks for, and what is known of one enrollment."""

    opens_on: date | None = None
    """The first day, at the school; None for any."""
    first: str | None = None
    """Title of the lesson that has to be completed before; None for none."""
    first_done: bool = False
    done: bool = False
    """Whether the lesson itself is completed: what is done may always be looked at again."""


def why_closed(access: Access, today: date) -> str | None:
    """Why the lesson cannot be opened on a day, as a sentence; None if it can."""
    if access.done:
        return None
    if access.opens_on is not None and today < access.opens_on:
        return f"It opens on {long_date(access.opens_on)}."
    if access.first is not None and not access.first_done:
        return f"Complete “{access.first}” first."
    return None
