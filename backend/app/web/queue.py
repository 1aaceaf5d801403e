"""Work that waits for the office: each room registers its kinds, and the queue is all of them in one list.

A kind gives one statement, whose rows are what waits; the list and the counts are one statement each over all kinds
that the person works on, so that a kind more costs no query more. Every statement must find its rows by an index on
what waits: the first page counts them.

    queue.register(QueueKind("grade_changes", "Grade changes to decide", Permission.GRADES_APPROVE, _waiting))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.search import matches
from app.db.ready import Kept
from app.web.listing import Listing
from app.web.paging import Paging

Waiting = Callable[[Session, Subject, date], Select[Any]]
"""What waits on a day at the school, for this person: a select of `line(...)`, without an order."""


@dataclass(frozen=True, slots=True)
class QueueKind:
    """A kind of work that waits for the office.

    `waiting` may use `NOW`, and besides what the person's duties, the day and the school's policies say. `title` heads
    its count. `shown` says who works on it. `because` is the rule its deadline comes from; a kind without one has no
    deadline. Lower `order` comes first where kinds are listed.
    """

    name: str
    title: str
    shown: Permission | Callable[[Subject], bool]
    waiting: Waiting
    because: str = ""
    order: int = 100
    varies: Callable[[Subject], bool] = lambda _subject: False
    """For whom the statement is another one with each request, on the same day with the same policies."""

    def is_for(self, subject: Subject) -> bool:
        """Whether this person works on it."""
        return subject.may(self.shown) if isinstance(self.shown, Permission) else self.shown(subject)


@dataclass(frozen=True, slots=True)
class Count:
    """How much of a kind waits, how much of it is past its deadline, and the earliest deadline."""

    kind: QueueKind
    waiting: int
    overdue: int
    due_on: date | None

    @property
    def href(self) -> str:
        """The list of this kind alone."""
        return f"/queue?kind={self.kind.name}"


NOW = bindparam("now", type_=DateTime(timezone=True))
"""The moment at which somebody asks, for a kind's statement."""
_kinds: dict[str, QueueKind] = {}
_counting = Kept()


def register(*kinds: QueueKind) -> None:
    """Add kinds of work; one registered twice stands once."""
    for kind in kinds:
        _kinds[kind.name] = kind


def line(
    *,
    number: Any,
    about: Any,
    what: Any,
    since: Any,
    href: Any,
    student_id: Any = None,
    due_on: Any = None,
) -> list[ColumnElement[Any]]:
    """The columns of a kind's statement.

    `number` is the key of what waits, `about` the student's name (or the class), `what` a few words about it, `since`
    an instant, `href` the address of the act, `due_on` the last day at the school.
    """
    return [
        cast(number, BigInteger).label("number"),
        cast(null() if student_id is None else student_id, Integer).label("student_id"),
        cast(about, Text).label("about"),
        cast(what, Text).label("what"),
        cast(since, DateTime(timezone=True)).label("since"),
        cast(null() if due_on is None else due_on, Date).label("due_on"),
        cast(href, Text).label("href"),
    ]


def kinds_for(subject: Subject) -> list[QueueKind]:
    """The kinds that this person works on, in order."""
    found = (kind for kind in _kinds.values() if kind.is_for(subject))
    return sorted(found, key=lambda kind: (kind.order, kind.title))


def is_for(subject: Subject) -> bool:
    """Whether the person has a queue at all."""
    return not subject.is_student and any(kind.is_for(subject) for kind in _kinds.values())


def counts(session: Session, subject: Subject, today: date, *, revision: int | None = None) -> list[Count]:
    """How much of each kind waits: one statement, whatever the number of kinds.

    With the number under which the school's policies are known, the statement is put together once for a person and a
    day: twenty kinds take ten times as long to write as to count.
    """
    kinds = kinds_for(subject)
    if not kinds:
        return []

    def counting() -> Select[Any]:
        rows = _all(session, subject, kinds, today)
        return select(
            rows.c.kind,
            func.count().label("waiting"),
            func.count().filter(rows.c.due_on < today).label("overdue"),
            func.min(rows.c.due_on).label("due_on"),
        ).group_by(rows.c.kind)

    if revision is None or any(kind.varies(subject) for kind in kinds):
        rows: Sequence[Any] = session.execute(counting(), {"now": clock.now()}).all()
    else:
        key = (subject.sees_as, tuple(kind.name for kind in kinds), today, revision)
        ready = _counting.of(key, counting)
        rows = ready.rows(session, now=clock.now())
    found = {row.kind: row for row in rows}
    return [
        Count(kind, row.waiting, row.overdue, row.due_on) if row is not None else Count(kind, 0, 0, None)
        for kind, row in ((kind, found.get(kind.name)) for kind in kinds)
    ]


def listing(
    session: Session, subject: Subject, paging: Paging, today: date, *, kind: str | None = None
) -> Listing[Any]:
    """What waits, the oldest first unless sorted otherwise. Sorts: since, due, about, kind.

    Rows have `kind`, its `title`, and what `line` says. A kind that is not the person's is an empty list.
    """
    kinds = [one for one in kinds_for(subject) if kind is None or one.name == kind]
    rows = _all(session, subject, kinds, today)
    statement = select(rows, (rows.c.due_on - literal(today, Date)).label("days_left"))
    statement = statement.where(*matches(paging.q, rows.c.about, rows.c.what, rows.c.title))
    sorts = {
        "since": rows.c.since,
        "due": rows.c.due_on,
        "about": func.lower(rows.c.about),
        "kind": rows.c.title,
    }
    order = paging.order(sorts, "since")
    statement = statement.order_by(order, rows.c.kind, rows.c.number).params(now=clock.now())
    return Listing(session, statement, paging)


def _all(session: Session, subject: Subject, kinds: Sequence[QueueKind], today: date) -> Any:
    parts = [
        kind.waiting(session, subject, today).add_columns(
            literal(kind.name, Text).label("kind"), literal(kind.title, Text).label("title")
        )
        for kind in kinds
    ]
    if not parts:
        nothing = line(number=0, about="", what="", since=func.now(), href="")
        parts = [
            select(*nothing, literal("", Text).label("kind"), literal("", Text).label("title")).where(
                literal(value=False)
            )
        ]
    return union_all(*parts).subquery("queue")
