"""Taking questions over from a text: looked at first, then all of them or none."""

from collections.abc import Collection
from dataclasses import replace

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content.bank import policy, queries
from app.content.bank.gift import MOST_QUESTIONS, Draft, read
from app.content.bank.lines import parse
from app.content.bank.schemas import QuestionForm
from app.content.bank.service import create
from app.core.errors import Invalid
from app.core.files import FileStore
from app.core.permissions import Subject
from app.core.turns import take_turn

_LONGEST = {"prompt": 5_000, "feedback": 5_000}


def look(session: Session, subject: Subject, program_id: int, text: str) -> list[Draft]:
    """The questions of a text, each with what is wrong with it; nothing is stored. Raises Forbidden, NotFound, Invalid
    where there are none, or too many."""
    policy.require_edit(session, subject, program_id)
    academics.read_program(session, subject, program_id)
    drafts = read(text)
    if not drafts:
        raise Invalid(
            "There is no question in it. Separate questions with a blank line and put answers in braces."
        )
    if len(drafts) > MOST_QUESTIONS:
        raise Invalid(f"These are more than {MOST_QUESTIONS} questions. Import them in several parts.")
    known = queries.prompts_of(session, program_id)
    checked: list[Draft] = []
    for draft in drafts:
        checked.append(draft if draft.problem else replace(draft, problem=_problem(draft, known, checked)))
    return checked


def take(session: Session, subject: Subject, store: FileStore, program_id: int, text: str) -> int:
    """Write all questions of a text into the bank; how many. Raises what `look` raises, and Invalid where one of them
    has a problem: then none is written."""
    take_turn(session, f"questions {program_id}")
    drafts = look(session, subject, program_id, text)
    wrong = [draft for draft in drafts if draft.problem]
    if wrong:
        raise Invalid(f"{len(wrong)} of the {len(drafts)} questions can’t be imported. Nothing was imported.")
    for draft in drafts:
        create(session, subject, store, program_id, _form(draft))
    return len(drafts)


def _form(draft: Draft) -> QuestionForm:
    fields = ("kind", "prompt", "lines", "value", "tolerance", "feedback")
    return QuestionForm.model_validate({name: getattr(draft, name) for name in fields})


def _problem(draft: Draft, known: Collection[str], before: Collection[Draft]) -> str:
    """What is wrong with a question that could be read; empty for nothing."""
    twin = next((one for one in before if one.prompt == draft.prompt), None)
    if twin is not None:
        return f"The question in line {twin.line} asks the same."
    if draft.prompt in known:
        return "The bank has this question already."
    too_long = next((name for name, most in _LONGEST.items() if len(getattr(draft, name)) > most), None)
    if too_long:
        return f"It has more than {_LONGEST[too_long]:,} characters."
    try:
        _form(draft)
        parse(draft.kind, draft.lines, draft.value, draft.tolerance)
    except ValidationError as problem:
        return str(problem.errors()[0]["msg"]).removeprefix("Value error, ").rstrip(".") + "."
    except Invalid as problem:
        return problem.detail
    return ""
