"""The description of a report: its columns with their kinds and units, filters, groupings and chart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement

from app.core.permissions import Actor, Subject

T = TypeVar("T")


class Kind(StrEnum):
    """What a column's values are; from it follow their look on the page, their type in a file, and their unit."""

    TEXT = "text"
    STATUS = "status"
    """A documented status or another enum; shown as a badge."""
    NUMBER = "number"
    """A whole or decimal number."""
    PERCENT = "percent"
    MINUTES = "minutes"
    """Whole minutes: `7 h 40 min` for a reader, a number of minutes in a file."""
    CENTS = "cents"
    """Whole cents: `$1,234.00` for a reader, a number of dollars in a file."""
    BYTES = "bytes"
    DAY = "day"
    MOMENT = "moment"
    """An instant; always given in the school's zone, which the header names."""
    YES_NO = "yes_no"
    ACTION = "action"
    """A button or link of the page; in no file."""

    @property
    def numeric(self) -> bool:
        return self in _UNITS or self is Kind.NUMBER


_UNITS = {Kind.PERCENT: "%", Kind.MINUTES: "minutes", Kind.CENTS: "dollars", Kind.BYTES: "bytes"}


def everybody(_subject: Subject) -> bool:
    return True


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column. `name` is its key in JSON; `sort` the name the list is sorted by, if it can be.

    `on_page` and `in_files` say where it stands; `link` is the address its text leads to; `visible` whether this
    person gets the column at all.
    """

    name: str
    label: str
    value: Callable[[T], Any] = lambda _row: None
    kind: Kind = Kind.TEXT
    sort: str = ""
    on_page: bool = True
    in_files: bool = True
    link: Callable[[T], str | None] | None = None
    visible: Callable[[Subject], bool] = everybody

    def of(self, row: T) -> Any:
        """The row's value: an enum's member becomes its value."""
        found = self.value(row)
        return found.value if isinstance(found, Enum) else found

    def header(self, zone: str) -> str:
        """The heading in a file: the label with the unit, or with the zone that times are in."""
        if self.kind is Kind.MOMENT:
            return f"{self.label} ({zone})"
        return f"{self.label} ({_UNITS[self.kind]})" if self.kind in _UNITS else self.label

    def unit(self) -> str | None:
        """The unit of the numbers in a file."""
        return _UNITS.get(self.kind)


def action(label: str, *, visible: Callable[[Subject], bool] = everybody) -> Column[Any]:
    """A column of buttons on the page, whose heading is read aloud but not shown."""
    return Column(label.lower(), label, kind=Kind.ACTION, in_files=False, visible=visible)


Choice = tuple[str, str]


@dataclass(frozen=True)
class Filter:
    """What the list can be narrowed by: a name of the query string, read by the room, and how it is offered.

    `choices` are pairs of value and text; without them the filter is a date (`is_day`), or is not offered in the
    search form and merely said in files. The answer may be given choices that are known at the time only.
    """

    name: str
    label: str
    choices: Sequence[Choice] = ()
    everything: str = ""
    """What the choice of none is called; “Any status” by default, from the label."""
    is_day: bool = False
    hidden: bool = False
    visible: Callable[[Subject], bool] = everybody


@dataclass(frozen=True)
class Measure:
    """A figure of each group: the `sum` or `avg` of a column of the list's statement."""

    name: str
    label: str
    kind: Kind = Kind.NUMBER
    how: str = "sum"


@dataclass(frozen=True)
class Grouping:
    """The list added up: `by` takes the statement's columns and the school's zone, and gives what is in common."""

    name: str
    label: str
    by: Callable[[Any, str], ColumnElement[Any]]
    kind: Kind = Kind.TEXT
    measures: tuple[Measure, ...] = ()
    chart: str = "bar"
    """bar, pie or line; empty for none."""
    named: Callable[[Any], str] = str
    """What the page calls a group, where that is not the key itself; files have the key."""
    in_order: bool = False
    """Whether the groups stand in their own order (months, say) and not by size."""


@dataclass(frozen=True)
class Report(Generic[T]):
    """A list, described once. `name` is that of its files, and of the report in the history.

    `names_people`: taking it out as a file leaves a row in the history, because it discloses who is at the school.
    """

    name: str
    title: str
    columns: tuple[Column[T], ...]
    search: str = "Search"
    filters: tuple[Filter, ...] = ()
    groupings: tuple[Grouping, ...] = ()
    counted: str = "Records"
    """What the number of rows of a group counts."""
    chart_by: str = ""
    """The grouping whose chart stands over the list while it is not grouped; none for lists of millions."""
    names_people: bool = True
    landscape: bool = field(default=True)

    def shown(self, subject: Subject) -> list[Column[T]]:
        """The columns of the page for this person."""
        return [column for column in self.columns if column.on_page and column.visible(subject)]

    def filed(self, subject: Actor) -> list[Column[T]]:
        """The columns of the files for this person; the system gets them all."""
        return [
            column
            for column in self.columns
            if column.in_files and (not isinstance(subject, Subject) or column.visible(subject))
        ]
