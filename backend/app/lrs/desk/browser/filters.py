"""The filters of the statement pages, as typed."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query

from app.core.errors import FieldError, Invalid
from app.lrs.engine import values
from app.lrs.engine.statements.filters import Filter, key_of
from app.rules.hours import start_of_day

LONGEST = 2000
_LARGEST_KEY = 9_223_372_036_854_775_806


@dataclass(frozen=True, slots=True)
class StatementFilters:
    """What a reader asks for, as typed.

    `person` is a number, an address, words of a name, or an Agent as JSON; `activity` is an IRI or words of a name.
    """

    person: str = ""
    verb: str = ""
    activity: str = ""
    since: str = ""
    until: str = ""
    registration: str = ""

    @property
    def filtered(self) -> bool:
        return any((self.person, self.verb, self.activity, self.since, self.until, self.registration))

    def query(self) -> dict[str, str | None]:
        """The same as a query string's pairs."""
        return {name: getattr(self, name) or None for name in self.__slots__}


def _filters_given(
    person: str = "",
    verb: str = "",
    activity: str = "",
    since: str = "",
    until: str = "",
    registration: str = "",
) -> StatementFilters:
    # Nothing is refused here: the page says beside each field what is wrong with it, and keeps what was typed.
    return StatementFilters(
        person.strip(), verb.strip(), activity.strip(), since.strip(), until.strip(), registration.strip()
    )


FiltersGiven = Annotated[StatementFilters, Depends(_filters_given)]
"""Declare `filters: FiltersGiven` in a route. `lookup.seek` says what cannot be read."""
Key = Annotated[int | None, Query(ge=0, le=_LARGEST_KEY)]


def key_given(text: str) -> int | None:
    """The key in an address of an older page, None where none is given. Raises Invalid."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LARGEST_KEY:
        return int(text)
    raise Invalid("This page of the list does not exist. Start again with the newest statements.")


def filter_of(filters: StatementFilters, zone: ZoneInfo) -> Filter:
    """The store's filter, without people and without an activity that is no IRI.

    Raises Invalid naming the fields that cannot be read.
    """
    faults = [fault for name in ("person", "activity") if (fault := _unreadable(filters, name))]
    if filters.verb and not values.is_iri(filters.verb):
        faults.append(FieldError("verb", "Choose a verb from the list, or enter its IRI."))
    if filters.registration and not values.is_uuid(filters.registration):
        faults.append(
            FieldError(
                "registration", "A registration is a UUID, such as 7d444840-9dc0-11d1-b245-5ffdce74fad2."
            )
        )
    since, until = _day(filters.since, "since", faults), _day(filters.until, "until", faults)
    if since and until and until < since:
        faults.append(FieldError("until", "This day is before the first day."))
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), errors=faults)
    return Filter(
        verb=filters.verb or None,
        activity=filters.activity if values.is_iri(filters.activity) else None,
        related_activities=True,
        registration=filters.registration.lower() or None,
        after=key_of(start_of_day(since, zone)) - 1 if since else None,
        before=key_of(start_of_day(until + timedelta(days=1), zone)) if until else None,
    )


def _unreadable(filters: StatementFilters, name: str) -> FieldError | None:
    text: str = getattr(filters, name)
    if "\x00" in text:
        return FieldError(name, "This contains a character that cannot be saved.")
    if len(text) > LONGEST:
        return FieldError(name, f"Use at most {LONGEST} characters.")
    return None


def _day(text: str, name: str, faults: list[FieldError]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year <= 9000:
        faults.append(FieldError(name, "Enter a date such as 2026-11-22."))
        return None
    return found
