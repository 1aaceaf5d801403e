"""The reports on offer by name: the one place where the rooms register what the school answers for.

Meant are the lists of what was done with and for students, from enrollment to complaints, and of the school's money.
Lists of what these are made with (people, programs, classes, applications, documents) and of how the system runs
(history, outbox, imports, API keys) are not among them: they come as files from their pages.

The page that lists the reports and `aada report` read it. A report stands on a page of its room; what is registered
here gives the same rows for the same filters, for a person at that page or for an operator's command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.errors import FieldError, Invalid
from app.core.permissions import Actor
from app.settings import Settings
from app.web.field_types import EARLIEST_DAY, LARGEST_ID, LATEST_DAY
from app.web.listing import Listing, Whole
from app.web.paging import Paging
from app.web.reports import groups
from app.web.reports.answers import write_file
from app.web.reports.description import Filter, Report


class Group(StrEnum):
    """Where a report stands on the page of all reports, in this order."""

    STUDENTS = "Students and enrollment"
    ATTENDANCE = "Attendance"
    PROGRESS = "Grades and progress"
    EXTERNSHIPS = "Externships"
    GRADUATES = "Transcripts, credentials and outcomes"
    COMPLAINTS = "Complaints and privacy"
    MONEY = "Money"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a report, and by what it is narrowed: texts by the names of the report's filters.

    What a text cannot be read as raises Invalid with a sentence.
    """

    session: Session
    subject: Actor
    report: Report[Any]
    paging: Paging = field(default_factory=Paging)
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        settings: Settings = self.session.info["settings"]
        return settings.zone

    def text(self, name: str) -> str | None:
        """What was asked for; None for nothing."""
        return self.values.get(name, "").strip() or None

    def one(self, name: str) -> str | None:
        """One of the filter's choices."""
        found = self.text(name)
        known = next(one for one in self.report.filters if one.name == name).choices
        if found is not None and found not in dict(known):
            raise _wrong(name, f"“{found}” is none of these: {', '.join(value for value, _text in known)}.")
        return found

    def day(self, name: str) -> date | None:
        """A day, written YYYY-MM-DD."""
        found = self.text(name)
        if found is None:
            return None
        try:
            day = date.fromisoformat(found)
        except ValueError:
            day = None
        if day is None or not EARLIEST_DAY <= day <= LATEST_DAY:
            raise _wrong(name, f"“{found}” is not a day. Write it like 2026-05-31.")
        return day

    def number(self, name: str) -> int | None:
        """The number of a program, a student or the like."""
        found = self.text(name)
        if found is None:
            return None
        if not (found.isascii() and found.isdigit() and len(found) <= 10 and 0 < int(found) <= LARGEST_ID):
            raise _wrong(name, f"“{found}” is not a number. Its page’s address has it at the end.")
        return int(found)


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of a report, and what a file should say of itself beside its filters."""

    listing: Whole
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """A report on offer: its page's `path`, one `sentence` that says what it holds, who `may` have it, and its rows."""

    report: Report[Any]
    group: Group
    path: str
    sentence: str
    may: Callable[[Actor], bool]
    take: Callable[[Asked], Taken]

    @property
    def name(self) -> str:
        return self.report.name

    @property
    def filters(self) -> Mapping[str, Filter]:
        """The filters by what a command calls them: their labels, such as `fiscal-year` and `from`."""
        return {_slug(one.label): one for one in self.report.filters}


_offers: dict[str, Offer] = {}


def register(*offers: Offer) -> None:
    """Put reports on offer; the last one of a name counts."""
    for one in offers:
        _offers[one.name] = one


def every() -> list[Offer]:
    """All reports, by group and title."""
    places = list(Group)
    return sorted(_offers.values(), key=lambda one: (places.index(one.group), one.report.title))


def of(subject: Actor) -> list[tuple[Group, list[Offer]]]:
    """The reports that this person may have, by group; groups without one are left out."""
    mine = [one for one in every() if one.may(subject)]
    found = [(group, [one for one in mine if one.group is group]) for group in Group]
    return [(group, offers) for group, offers in found if offers]


def named(name: str) -> Offer | None:
    """The report of this name."""
    return _offers.get(name)


def write(asked: Asked, offer: Offer, form: str, file: BinaryIO) -> int:
    """Write a report into an open file, added up if a grouping is asked for; how many rows there are.

    Raises Invalid for a value that a filter cannot have, for a grouping that the report does not have, and for a file
    that would be too large; Forbidden.
    """
    taken = offer.take(asked)
    listing, columns = taken.listing, offer.report.filed(asked.subject)
    said = {one.label: text for one in offer.report.filters if (text := asked.text(one.name))}
    if asked.paging.q:
        said["Search"] = asked.paging.q
    grouping = groups.chosen(offer.report, asked.paging.group)
    if grouping is not None:
        if not isinstance(listing, Listing):
            raise _wrong("group", "This report is added up already.")
        listing = groups.grouped(listing, grouping, asked.zone.key)
        columns = list(groups.columns(offer.report, grouping, named=False))
        said["Grouped by"] = grouping.label
    about = {**said, **taken.about}
    _media_type, rows = write_file(
        asked.session, asked.subject, offer.report, listing, form, file, columns=columns, about=about
    )
    return rows


def _slug(label: str) -> str:
    return "-".join(label.lower().split())


def _wrong(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(name, sentence)])
