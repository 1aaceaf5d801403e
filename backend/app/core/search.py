"""Search words: how a list finds what somebody typed, whatever its case, accents and apostrophes."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_


def pattern(words: str) -> str:
    """The words for LIKE, to stand anywhere in a text; their own wildcards are taken literally."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def matches(words: str, *columns: SQLColumnExpression[Any]) -> list[ColumnElement[bool]]:
    """One condition a word: each word stands somewhere in one of the columns.

    Both sides are folded in the database (`search_fold`): “nunez” finds “Núñez”, “ohara” and “o’hara” find “O'Hara”.
    """
    return [
        or_(*(func.search_fold(column).like(func.search_fold(pattern(word))) for column in columns))
        for word in words.split()
    ]
