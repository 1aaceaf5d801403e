"""Search words: how a list finds what somebody typed, whatever its case, accents and apostrophes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_
from sqlalchemy.orm import Session

MOST_NAMED = 1_000
"""People whose numbers are looked up before a list is searched for them; more are searched for in the list itself."""

_left_open: ContextVar[bool] = ContextVar("words left open", default=False)
# A light description of the table: core stands below the models.
_users = sa.table("users", sa.column("id", sa.Integer), sa.column("search_text", sa.Text))


def pattern(words: str) -> str:
    """The words for LIKE, to stand anywhere in a text; their own wildcards are taken literally."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def matches(
    words: str,
    *columns: SQLColumnExpression[Any],
    plain: Sequence[SQLColumnExpression[Any]] = (),
    number: SQLColumnExpression[int] | None = None,
) -> list[ColumnElement[bool]]:
    """One condition a word: each word stands somewhere in one of the columns or of `plain`, or is the whole `number`.

    Both sides are folded in the database (`search_fold`): “nunez” finds “Núñez”, “ohara” and “o’hara” find “O'Hara”.
    People are searched by `User.search_text`, which is folded when it is written. Folding costs some microseconds for
    each row: references and notes of long tables are `plain`, compared without regard to case alone.
    """
    left_open = _left_open.get()
    return [
        or_(
            *(_folded(column).like(func.search_fold(sought)) for column in columns),
            *(column.ilike(sought) for column in plain),
            # A pattern, too: what `values` gives has the signs for any text around the word.
            *(() if number is None else (func.concat("%", number, "%") == sought,)),
        )
        for sought in (
            _placeholder(place) if left_open else pattern(word) for place, word in enumerate(words.split())
        )
    ]


@contextmanager
def words_left_open() -> Iterator[None]:
    """Inside, `matches` writes conditions for as many words as it is given, whose values come with the asking.

    For a statement that is kept; `values` has them.
    """
    token = _left_open.set(True)
    try:
        yield
    finally:
        _left_open.reset(token)


def values(words: str) -> dict[str, str]:
    """What a statement asks for whose words were left open."""
    return {_name(place): pattern(word) for place, word in enumerate(words.split())}


def _name(place: int) -> str:
    return f"search_word_{place}"


def _placeholder(place: int) -> sa.BindParameter[str]:
    return sa.bindparam(_name(place), type_=sa.Text)


def _folded(column: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    return column if getattr(column, "info", {}).get("folded") else func.search_fold(column)


def about_people(
    session: Session, words: str, person: Any, others: Mapping[Any, Callable[[str], sa.Select[tuple[int]]]]
) -> list[ColumnElement[bool]]:
    """The conditions that each word stands in the name or the address of the account that `person` refers to, or in
    something else that a row refers to.

    `others` has, by the column that refers to it, the select of the numbers that a word finds there. Who and what is
    meant is looked up first, in tables that are small or have an index for it: over a join, a word that may stand in
    either table would be held against every row.
    """
    conditions: list[ColumnElement[bool]] = []
    named: set[int] | None = None
    for word in words.split():
        asked = sa.select(_users.c.id).where(_users.c.search_text.like(func.search_fold(pattern(word))))
        people = session.scalars(asked.limit(MOST_NAMED + 1)).all()
        other = {column: session.scalars(find(word)).all() for column, find in others.items()}
        many = len(people) > MOST_NAMED
        if not many and not any(other.values()):
            named = set(people) if named is None else named & set(people)
            continue
        conditions.append(
            or_(
                person.in_(asked) if many else _among(person, people),
                *(_among(column, numbers) for column, numbers in other.items() if numbers),
            )
        )
    if named is not None:
        conditions.append(_among(person, sorted(named)))
    return conditions


def _among(column: Any, numbers: Any) -> ColumnElement[bool]:
    """One parameter, however many numbers, so that the database keeps one plan."""
    found: ColumnElement[bool] = column == func.any(sa.bindparam(None, list(numbers), sa.ARRAY(sa.Integer)))
    return found
