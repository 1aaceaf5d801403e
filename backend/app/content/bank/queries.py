"""Every SQL statement about questions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import Module, Question, QuestionVersion, User
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict("uq_question_versions_version", "Someone else saved this question at the same moment.")

_edit = func.coalesce(QuestionVersion.edit_version, QuestionVersion.version)
"""The version that wrote the question as it stands in a version."""
_last = (
    select(QuestionVersion.question_id, QuestionVersion.version)
    .distinct(QuestionVersion.question_id)
    .order_by(QuestionVersion.question_id, _edit.desc(), QuestionVersion.version.desc())
    .subquery()
)
"""What is asked next: the newest edit, with its key as it was corrected last."""


def _newest() -> Select[Any]:
    return (
        select(Question, QuestionVersion, Module.name.label("module"), User.full_name.label("saved_by"))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(
            _last,
            (_last.c.question_id == QuestionVersion.question_id)
            & (_last.c.version == QuestionVersion.version),
        )
        .outerjoin(Module, Module.id == Question.module_id)
        .outerjoin(User, User.id == QuestionVersion.saved_by)
    )


def questions(
    session: Session,
    paging: Paging,
    program_id: int,
    *,
    module_id: int | None,
    kind: str | None,
    retired: bool,
) -> Listing[Any]:
    """A program's questions, the last saved first. Sorts: question, kind, module, points, saved."""
    statement = _newest().where(Question.program_id == program_id)
    is_retired = Question.retired_at.is_not(None)
    statement = statement.where(is_retired if retired else ~is_retired)
    if module_id is not None:
        statement = statement.where(Question.module_id == module_id)
    if kind is not None:
        statement = statement.where(Question.kind == kind)
    if paging.q:
        statement = statement.where(*matches(paging.q, QuestionVersion.prompt, Module.name))
    sorts = {
        "question": QuestionVersion.prompt,
        "kind": Question.kind,
        "module": Module.name,
        "points": QuestionVersion.points,
        "saved": QuestionVersion.saved_at,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "-saved"), Question.id.desc()), paging)


def all_of(session: Session, program_id: int) -> Sequence[Row[Any]]:
    """The questions of a program that a quiz may be made of, in the order of modules and texts."""
    return session.execute(
        _newest()
        .where(Question.program_id == program_id, Question.retired_at.is_(None))
        .order_by(Module.order_num.nulls_first(), QuestionVersion.prompt, Question.id)
        .limit(2000)
    ).all()


def prompts_of(session: Session, program_id: int) -> set[str]:
    """What the questions of a program ask, those that were retired among them."""
    return set(
        session.scalars(
            select(QuestionVersion.prompt)
            .join(Question, Question.id == QuestionVersion.question_id)
            .join(
                _last,
                (_last.c.question_id == QuestionVersion.question_id)
                & (_last.c.version == QuestionVersion.version),
            )
            .where(Question.program_id == program_id)
        )
    )


def find(session: Session, question_id: int) -> Row[Any] | None:
    return session.execute(_newest().where(Question.id == question_id)).one_or_none()


def lock(session: Session, question_id: int) -> Question | None:
    return session.scalar(select(Question).where(Question.id == question_id).with_for_update())


def hold(session: Session, version_ids: Collection[int]) -> None:
    """Keep the keys of these versions' questions from being corrected before this transaction ends."""
    session.execute(
        select(Question.id)
        .where(
            Question.id.in_(select(QuestionVersion.question_id).where(QuestionVersion.id.in_(version_ids)))
        )
        .order_by(Question.id)
        .with_for_update(read=True)
    )


def modules_of(session: Session, program_id: int) -> list[tuple[int, str]]:
    rows = session.execute(
        select(Module.id, Module.name)
        .where(Module.program_id == program_id)
        .order_by(Module.order_num, Module.id)
    )
    return [(number, name) for number, name in rows]


def last_number(session: Session, question_id: int) -> int:
    """The highest number of a version, whichever edit it belongs to."""
    statement = select(func.max(QuestionVersion.version)).where(QuestionVersion.question_id == question_id)
    return session.scalar(statement) or 0


def of_edit(session: Session, question_id: int, edit: int) -> QuestionVersion | None:
    """An edit with its key as it was corrected last."""
    return session.scalar(
        select(QuestionVersion)
        .where(QuestionVersion.question_id == question_id, _edit == edit)
        .order_by(QuestionVersion.version.desc())
        .limit(1)
    )


def history_of(session: Session, question_id: int) -> Sequence[Row[Any]]:
    """Each version with who saved it, newest first."""
    return session.execute(
        select(QuestionVersion, User.full_name)
        .outerjoin(User, User.id == QuestionVersion.saved_by)
        .where(QuestionVersion.question_id == question_id)
        .order_by(QuestionVersion.version.desc())
        .limit(50)
    ).all()


def newest_versions(session: Session, question_ids: Collection[int]) -> dict[int, int]:
    """Question -> its newest version, without those that were taken out."""
    rows = session.execute(
        select(QuestionVersion.question_id, QuestionVersion.id)
        .join(
            _last,
            (_last.c.question_id == QuestionVersion.question_id)
            & (_last.c.version == QuestionVersion.version),
        )
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.question_id.in_(question_ids), Question.retired_at.is_(None))
    )
    return {question_id: version_id for question_id, version_id in rows}  # noqa: C416


def known_in(session: Session, program_id: int, question_ids: Collection[int]) -> set[int]:
    return set(
        session.scalars(
            select(Question.id).where(Question.program_id == program_id, Question.id.in_(question_ids))
        )
    )


def versions(session: Session, version_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Versions with the kind of their question."""
    return session.execute(
        select(QuestionVersion, Question.kind)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.id.in_(version_ids))
        .order_by(QuestionVersion.id)
    ).all()


def corrections(session: Session, question_ids: Collection[int]) -> dict[int, QuestionVersion]:
    """Version -> the version that corrects it."""
    found = session.scalars(
        select(QuestionVersion)
        .where(QuestionVersion.question_id.in_(question_ids), QuestionVersion.corrects.is_not(None))
        .order_by(QuestionVersion.version)
    )
    return {one.corrects: one for one in found if one.corrects is not None}


def retire(session: Session, question_id: int, at: datetime | None) -> None:
    session.execute(update(Question).where(Question.id == question_id).values(retired_at=at))


def corrected_by(session: Session, right: QuestionVersion) -> list[int]:
    """The versions that are graded by this one: what it corrects, and what that had corrected before."""
    found: list[int] = []
    number = right.corrects
    while number is not None:
        found.append(number)
        number = session.scalar(select(QuestionVersion.corrects).where(QuestionVersion.id == number))
    return found
