"""What statements of content say was answered, kept with the attempt as SCORM keeps its interactions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.content.postgres_text import storable, storable_json
from app.db.models import ScormData
from app.rules import interactions

MOST = 200
"""Questions of one attempt whose answers are kept."""
_LONGEST_NAME = 2_000


def keep_answers(attempt: ScormData, said: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Keep what each question, by its name, was answered; of several answers to one the newest."""
    kept = attempt.cmi.get("interactions")
    answers = {one["id"]: one for one in kept} if isinstance(kept, list) else {}
    found = False
    for name, statement in said:
        key = storable(name)
        entry = interactions.of_statement(statement, name) if len(name) <= _LONGEST_NAME else None
        if entry is not None and (key in answers or len(answers) < MOST):
            answers[key] = storable_json(entry)
            found = True
    if found:
        attempt.cmi = {**attempt.cmi, "interactions": list(answers.values())}


def questions_in(statements: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Statements of content that speaks to the LRS itself, each by the IRI of what it is about."""
    for one in statements:
        about = one["object"].get("id")
        if isinstance(about, str):
            yield about, one
