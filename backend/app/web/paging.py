"""Lists a page at a time: what the query string may ask for, and the page that comes back."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, PrivateAttr, computed_field
from sqlalchemy import Column, ColumnElement, Select, Table, func, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import iterate

from app.core.errors import FieldError, Invalid
from app.db.ready import Kept

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_PER_PAGE = 25
MAX_PER_PAGE = 200
MAX_PAGE = 100_000
MAX_SEARCH = 200
MOST_COUNTED = 10_000
"""How far a list on a screen is counted and leafed through; a file and the API have everything."""
FORMATS = ("csv", "xlsx", "pdf", "json")


class Page(BaseModel, Generic[T]):
    """One page of a list; as `Page[ProgramOut]` also the shape of a list in the API.

    `total` counts the whole list, `page` starts at 1, `pages` is at least 1.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, from_attributes=True)

    items: list[T]
    total: int
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    _more: bool = PrivateAttr(default=False)

    @property
    def more(self) -> bool:
        """Whether the list goes on beyond `total`: only so many items were counted."""
        return self._more

    @computed_field  # type: ignore[prop-decorator]
    @property
    def pages(self) -> int:
        return max(1, math.ceil(self.total / self.per_page))

    @property
    def first(self) -> int:
        """Number of the first item shown, from 1; 0 on an empty page."""
        return (self.page - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        """Number of the last item shown."""
        return (self.page - 1) * self.per_page + len(self.items) if self.items else 0

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """The same page with each item changed."""
        return self.holding([change(item) for item in self.items])

    def holding(self, items: Sequence[U]) -> "Page[U]":
        """The same page with other items, one for each."""
        page = Page[Any](items=list(items), total=self.total, page=self.page, per_page=self.per_page)
        page._more = self._more
        return page


@dataclass(frozen=True, slots=True)
class Paging:
    """What a list is asked for: search words, order, page; a grouping; the format, if it is wanted as a file."""

    q: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    format: str = ""
    group: str = ""

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def is_plain(self) -> bool:
        """Whether it is the first page as everybody first sees it: nothing searched for, no order chosen, no group."""
        plain = not (self.q or self.sort or self.group)
        return plain and self.page == 1 and self.per_page == DEFAULT_PER_PAGE

    def sorted_by(self, allowed: Mapping[str, Any], default: str) -> tuple[str, bool]:
        """The name to sort by and whether downwards; `sort=-name` is downwards.

        `default` may start with a minus sign, too. Raises Invalid naming what the list can be sorted by.
        """
        # What is asked of a list that is added up is the order of the groups.
        asked = default if self.group else self.sort or default
        name = asked.removeprefix("-")
        if name not in allowed:
            sentence = (
                f"This list cannot be sorted by “{name}”. Sort it by one of these: {', '.join(allowed)}."
            )
            raise Invalid(sentence, errors=[FieldError("sort", sentence)])
        return name, asked.startswith("-")

    def order(self, allowed: Mapping[str, ColumnElement[Any] | Any], default: str) -> ColumnElement[Any]:
        """The ORDER BY expression for the asked-for order. Add a unique column behind it, so pages do not overlap."""
        name, downwards = self.sorted_by(allowed, default)
        column = allowed[name]
        # Where nothing can be empty, the plain order is the same, and an index can be walked backwards for it.
        if not getattr(getattr(column, "expression", column), "nullable", True):
            return column.desc() if downwards else column.asc()
        return column.desc().nulls_last() if downwards else column.asc().nulls_last()


def _paging(
    q: Annotated[str, Query(description="Text to search for.")] = "",
    sort: Annotated[str, Query(description="Column to sort by; a leading minus sign means descending.")] = "",
    page: Annotated[str, Query(description="Page number, from 1.")] = "1",
    per_page: Annotated[str, Query(description=f"Items per page, up to {MAX_PER_PAGE}.")] = str(
        DEFAULT_PER_PAGE
    ),
    format: Annotated[str, Query(description=f"The whole list as a file: {', '.join(FORMATS)}.")] = "",  # noqa: A002
    group: Annotated[
        str, Query(description="Column to group and total the list by, if the list supports it.")
    ] = "",
) -> Paging:
    errors = []
    if "\x00" in q or len(q) > MAX_SEARCH:
        errors.append(FieldError("q", f"Search for at most {MAX_SEARCH} ordinary characters."))
    if len(sort) > 64:
        errors.append(FieldError("sort", "That is not the name of a column."))
    if format not in ("", "html", *FORMATS):
        errors.append(FieldError("format", f"The format is one of {', '.join(FORMATS)}, or left out."))
    if len(group) > 64:
        errors.append(FieldError("group", "That is not the name of a grouping."))
    numbers = {}
    for name, text, highest in (("page", page, MAX_PAGE), ("per_page", per_page, MAX_PER_PAGE)):
        if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= highest:
            numbers[name] = int(text)
        else:
            errors.append(FieldError(name, f"“{name}” must be a whole number from 1 to {highest:,}."))
    if errors:
        raise Invalid(" ".join(error.message for error in errors), errors=errors)
    return Paging(
        q.strip(), sort, numbers["page"], numbers["per_page"], "" if format == "html" else format, group
    )


PageParams = Annotated[Paging, Depends(_paging)]
"""Declare `paging: PageParams` in a route. Values that make no sense end in 422 with a sentence."""


def fetch_page(
    session: Session,
    statement: Select[Any],
    paging: Paging,
    *,
    counting: Select[Any] | None = None,
    key: Any = None,
    most: int | None = None,
) -> Page[Any]:
    """Run `statement` for one page, and count the whole. A one-column select gives the objects themselves.

    Used by a room's `queries.py`; the statement comes ordered. Two queries; one for a list that fits on its
    first page. `counting` gives as many rows as the statement, and more cheaply; with the `key` of a row, it also finds
    which rows are on the page, unless the list is sorted by something it does not have. With `most`, no more than that
    are counted, and a page beyond them is empty without being looked for: reading it would mean reading everything
    before it.
    """

    def items() -> Sequence[Any]:
        cut = _of_page(paging, statement, counting, key)
        single = len(statement.column_descriptions) == 1
        return session.scalars(cut).all() if single else session.execute(cut).all()

    return _page(paging, items, lambda: session.scalar(_count(statement, counting, most)) or 0, most)


@dataclass(frozen=True, slots=True)
class Form:
    """The first page of a list (`Paging.is_plain`), put together once for requests that differ by `values`.

    `key` says everything else that decides about it. It is of columns, and of more than one; `build` gives its
    statement and what is counted for it, whose values have names. Another order or page is put together each time:
    what a request may choose freely would fill the database's memory with prepared statements.
    """

    key: Hashable
    build: Callable[[], tuple[Select[Any], Select[Any] | None]]
    values: Mapping[str, Any] = field(default_factory=dict)


_kept = Kept(256)


def fetch_kept(
    session: Session, form: Form, paging: Paging, *, key: Any = None, most: int | None = None
) -> Page[Any]:
    """The same for a plain first page, by statements that are kept."""

    def items() -> Sequence[Any]:
        ready = _kept.of(("page", form.key), lambda: _of_page(paging, *form.build(), key))
        return ready.rows(session, **form.values)

    def total() -> int:
        ready = _kept.of(("count", form.key, most), lambda: _count(*form.build(), most))
        return int(ready.rows(session, **form.values)[0][0])

    return _page(paging, items, total, most)


def _page(
    paging: Paging, read: Callable[[], Sequence[Any]], count: Callable[[], int], most: int | None
) -> Page[Any]:
    items: Sequence[Any] = []
    if paging.offset == 0:
        items = read()
        if len(items) < paging.per_page:  # that was all of it
            return Page[Any](items=list(items), total=len(items), page=paging.page, per_page=paging.per_page)
    total = count()
    more = most is not None and total > most
    if more:
        total = most or 0
    if 0 < paging.offset < total:
        items = read()
    page = Page[Any](items=list(items), total=total, page=paging.page, per_page=paging.per_page)
    page._more = more
    return page


def _count(statement: Select[Any], counting: Select[Any] | None, most: int | None) -> Select[tuple[int]]:
    rows = (statement if counting is None else counting).order_by(None)
    if most is not None:
        rows = rows.limit(most + 1)
    return select(func.count()).select_from(rows.subquery())


def _of_page(paging: Paging, statement: Select[Any], counting: Select[Any] | None, key: Any) -> Select[Any]:
    limited = _cut(statement, paging)
    order = statement._order_by_clauses
    # Which tables a statement reads is dear to find out; most lists are sorted by the table that they count.
    if (
        counting is not None
        and key is not None
        and (mentions(order, *_tables_of(key), only=True) or mentions(order, *_tables(counting), only=True))
    ):
        chosen = _cut(counting.with_only_columns(key).order_by(*order), paging)
        # As an array the rows are chosen once; as a set the planner may choose them again for each row of the join.
        limited = statement.where(key == func.any(func.array(chosen.scalar_subquery())))
    return limited


def _tables_of(key: Any) -> list[Any]:
    return [part.table for part in iterate(getattr(key, "expression", key)) if isinstance(part, Column)]


def _tables(statement: Select[Any]) -> list[Any]:
    """The tables that a statement reads, joined or not."""
    return [
        part for source in statement.get_final_froms() for part in iterate(source) if isinstance(part, Table)
    ]


def _cut(statement: Select[Any], paging: Paging) -> Select[Any]:
    return statement.limit(paging.per_page).offset(paging.offset)


def mentions(clauses: Iterable[ColumnElement[Any]], *tables: Any, only: bool = False) -> bool:
    """Whether one of the clauses names a column of one of these tables; with `only`, whether all columns are theirs."""
    known = {inspect(table).selectable if isinstance(table, type) else table for table in tables}
    columns = [part for clause in clauses for part in iterate(clause) if isinstance(part, Column)]
    found = [column.table in known for column in columns]
    return bool(found) and all(found) if only else any(found)
