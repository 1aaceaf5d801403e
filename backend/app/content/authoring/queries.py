"""Every SQL statement about the texts of lessons and the files in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import (
    ContentPackage,
    Lesson,
    LessonMedia,
    LessonText,
    Module,
    Program,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

STANDARD = "written"
"""Its name in the registry of standards."""
register_conflict("uq_lesson_texts_version", "Someone else saved this lesson at the same moment.", "body")
register_conflict(
    "uq_lesson_media_name",
    "The lesson already has a file with this name. Remove it first, or rename yours.",
    "file",
)


def newest(session: Session, lesson_id: int) -> tuple[LessonText, str | None] | None:
    """The last saved state and who saved it."""
    row = session.execute(
        select(LessonText, User.full_name)
        .outerjoin(User, User.id == LessonText.saved_by)
        .where(LessonText.lesson_id == lesson_id)
        .order_by(LessonText.version.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def media_of(session: Session, lesson_id: int) -> Sequence[LessonMedia]:
    return session.scalars(
        select(LessonMedia).where(LessonMedia.lesson_id == lesson_id).order_by(LessonMedia.name)
    ).all()


def medium(session: Session, lesson_id: int, name: str) -> LessonMedia | None:
    return session.scalar(
        select(LessonMedia).where(LessonMedia.lesson_id == lesson_id, LessonMedia.name == name)
    )


def remove_medium(session: Session, medium_id: int) -> None:
    session.execute(delete(LessonMedia).where(LessonMedia.id == medium_id))


def written_lessons(session: Session, paging: Paging, *, program_id: int | None) -> Listing[Any]:
    """Lessons with a text, the last changed first. Sorts: lesson, program, module, saved, version."""
    last = (
        select(
            LessonText.lesson_id,
            func.max(LessonText.version).label("version"),
            func.max(LessonText.saved_at).label("saved_at"),
        )
        .group_by(LessonText.lesson_id)
        .subquery()
    )
    published = ContentPackage.manifest["items"][0]["details"]["text_version"].as_integer()
    statement = (
        select(
            Lesson.id,
            Lesson.title,
            Module.name.label("module"),
            Program.name.label("program"),
            last.c.version,
            last.c.saved_at,
            published.label("published"),
        )
        .join(last, last.c.lesson_id == Lesson.id)
        .join(Module, Module.id == Lesson.module_id)
        .join(Program, Program.id == Module.program_id)
        .outerjoin(
            ContentPackage,
            (ContentPackage.lesson_id == Lesson.id)
            & ContentPackage.replaced_at.is_(None)
            & (ContentPackage.standard == STANDARD),
        )
    )
    if program_id is not None:
        statement = statement.where(Program.id == program_id)
    if paging.q:
        statement = statement.where(*matches(paging.q, Lesson.title, Module.name, Program.name))
    sorts = {
        "lesson": Lesson.title,
        "module": Module.name,
        "program": Program.name,
        "version": last.c.version,
        "saved": last.c.saved_at,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "-saved"), Lesson.id), paging)
