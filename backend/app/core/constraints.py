"""The database has the last word; this is what its words mean to a person.

Each room registers the constraints of its tables, with the sentence and the field that a refusal means.
"""

from app.core.errors import Conflict, FieldError, Invalid, Problem

_problems: dict[str, tuple[type[Problem], str, str | None]] = {}


def register_conflict(constraint: str, sentence: str, field: str | None = None) -> None:
    """A refusal by this constraint is a Conflict with the records as they stand."""
    _problems[constraint] = (Conflict, sentence, field)


def register_invalid(constraint: str, sentence: str, field: str) -> None:
    """A refusal by this constraint means that the value of `field` is wrong."""
    _problems[constraint] = (Invalid, sentence, field)


def explain(constraint: str | None) -> Problem | None:
    """The error that this constraint's refusal means, or None for a constraint without a sentence."""
    if constraint not in _problems:
        return None
    kind, sentence, field = _problems[constraint]
    return kind(sentence, errors=[FieldError(field, sentence)] if field else [])
