"""A list before it is read: an ordered statement, of which a screen takes one page and a file takes everything."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.web.paging import Form, Page, Paging, fetch_kept, fetch_page

T = TypeVar("T")
U = TypeVar("U")

CHUNK = 1000
"""Rows that are in memory at once while a file is written."""


class Whole(Protocol):
    """What a file is made from."""

    def rows(self) -> Iterator[Any]: ...

    def total(self) -> int: ...

    def on(self, session: Session) -> "Whole":
        """The same, read in another session as far as it is not read yet."""
        ...


class Known:
    """A list that is in memory already, because it is short whatever the school's size."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def rows(self) -> Iterator[Any]:
        return iter(self._items)

    def total(self) -> int:
        return len(self._items)

    def on(self, session: Session) -> "Known":
        del session
        return self


_looked_at: ContextVar["list[Listing[Any]] | None"] = ContextVar("listings looked at", default=None)


@contextmanager
def unread() -> Iterator["list[Listing[Any]]"]:
    """Inside, a list’s page is empty and not read; the block gets the lists whose pages were asked for."""
    found: list[Listing[Any]] = []
    token = _looked_at.set(found)
    try:
        yield found
    finally:
        _looked_at.reset(token)


class Listing(Generic[T]):
    """What a room's list holds for one person, search and order. Nothing is read until it is asked for.

    `statement` comes searched, narrowed and ordered, with a unique column last; a one-column select gives the
    objects themselves. `counting` has as many rows without what only the screen needs, for the count; where it also
    has what the list is sorted by, and `key` is the number of a row, a page joins its own rows and not those before it.
    Both may be made when they are asked for; what is searched for is looked up before (`search.words_left_open`).
    """

    def __init__(
        self,
        session: Session,
        statement: Select[Any] | Callable[[], Select[Any]],
        paging: Paging,
        change: Callable[[Sequence[Any]], Sequence[T]] | None = None,
        counting: Select[Any] | Callable[[], Select[Any]] | None = None,
        key: Any = None,
        form: Form | None = None,
    ) -> None:
        self.session = session
        self.paging = paging
        self.key = key
        self.form = form
        self._statement = statement
        self._counting = counting
        self._change = change

    @property
    def statement(self) -> Select[Any]:
        """The whole list, ordered."""
        if not isinstance(self._statement, Select):
            self._statement = self._statement()
        return self._statement

    @property
    def counting(self) -> Select[Any] | None:
        """As many rows, and more cheaply."""
        if self._counting is not None and not isinstance(self._counting, Select):
            self._counting = self._counting()
        return self._counting

    def map(self, change: Callable[[T], U]) -> "Listing[U]":
        """The same list with each item changed."""
        return self.map_many(lambda items: [change(item) for item in items])

    def map_many(self, change: Callable[[Sequence[T]], Sequence[U]]) -> "Listing[U]":
        """The same list, changed a page or a chunk at a time: for what one query looks up for many items."""
        before = self._change

        def both(items: Sequence[Any]) -> Sequence[U]:
            return change(before(items) if before else items)

        return Listing[U](
            self.session, self._statement, self.paging, both, self._counting, self.key, self.form
        )

    def page(self, most: int | None = None) -> Page[T]:
        """The page that was asked for, and the count of the whole, or of the first `most`: two queries."""
        looked_at = _looked_at.get()
        if looked_at is not None:
            looked_at.append(self)
            return Page[Any](items=[], total=0, page=1, per_page=self.paging.per_page)
        if self.form is not None and self.paging.is_plain:
            page = fetch_kept(self.session, self.form, self.paging, key=self.key, most=most)
        else:
            page = fetch_page(
                self.session, self.statement, self.paging, counting=self.counting, key=self.key, most=most
            )
        return page if self._change is None else page.holding(self._change(page.items))

    def any(self) -> ColumnElement[bool]:
        """The condition that the list holds anything."""
        rows = self.statement if self.counting is None else self.counting
        return rows.order_by(None).exists()

    def on(self, session: Session) -> "Listing[T]":
        """The same list read in another session; what is looked up for its items goes where it did."""
        return Listing[T](
            session, self._statement, self.paging, self._change, self._counting, self.key, self.form
        )

    def total(self) -> int:
        """How many items the whole list has."""
        rows = self.statement if self.counting is None else self.counting
        counted = select(func.count()).select_from(rows.order_by(None).subquery())
        return self.session.scalar(counted) or 0

    def rows(self) -> Iterator[T]:
        """Every item in order, from a cursor of the database: one snapshot, and `CHUNK` rows in memory at a time."""
        result = self.session.execute(self.statement.execution_options(yield_per=CHUNK))
        single = len(self.statement.column_descriptions) == 1
        chunks = result.scalars().partitions() if single else result.partitions()
        for chunk in chunks:
            yield from self._change(chunk) if self._change else cast(Sequence[T], chunk)


class Computed(Listing[T]):
    """A list that a rule worked out, whole in memory: searched, sorted and paged as one of the database.

    `sorts` give what an item is sorted by, a text without regard to case; `words` the texts that a search looks at. The
    items come in an order of their own, which decides between equals. It cannot be added up by the database.
    """

    def __init__(
        self,
        session: Session,
        items: Sequence[T],
        paging: Paging,
        sorts: Mapping[str, Callable[[T], Any]],
        default: str,
        words: Callable[[T], Iterable[str | None]] = lambda _item: (),
    ) -> None:
        super().__init__(session, select(), paging)
        name, downwards = paging.sorted_by(sorts, default)
        asked = [_plain(word) for word in paging.q.split()]
        found = [
            item
            for item in items
            if all(any(word in _plain(text or "") for text in words(item)) for word in asked)
        ]
        key = sorts[name]
        # Two passes, so that what is empty stays last whichever way.
        filled = [item for item in found if key(item) is not None]
        filled.sort(key=lambda item: _comparable(key(item)), reverse=downwards)
        self.items: list[T] = [*filled, *(item for item in found if key(item) is None)]

    def page(self, most: int | None = None) -> Page[T]:
        del most
        first = self.paging.offset
        return Page[Any](
            items=self.items[first : first + self.paging.per_page],
            total=len(self.items),
            page=self.paging.page,
            per_page=self.paging.per_page,
        )

    def on(self, session: Session) -> "Computed[T]":
        del session
        return self

    def total(self) -> int:
        return len(self.items)

    def rows(self) -> Iterator[T]:
        return iter(self.items)


def _comparable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _plain(text: str) -> str:
    """Without accents and case, as the database folds what is searched."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()
