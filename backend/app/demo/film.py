"""A video of the demo school, with captions in two languages and chapters, in an optional lesson of its own.

After the school's commit, and without chance: no other number of the demo hangs on it.
"""

from __future__ import annotations

from io import BytesIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.content import service as content
from app.core.files import open_store
from app.core.permissions import Subject
from app.db.models import ContentType, Lesson, User
from app.db.session import Database
from app.demo import people
from app.demo.packages import LESSONS
from app.settings import Settings

BESIDE_LESSON = "Hand hygiene"
TITLE = "How to wash your hands"
FILM = "hand-hygiene-film.mp4"
BESIDE = ("hand-hygiene-film.en.vtt", "hand-hygiene-film.es.vtt", "hand-hygiene-film.chapters.vtt")


def upload_film(database: Database, settings: Settings) -> int | None:
    """Add the lesson with its video, as an administrator uploads one; its number, or None where it is already there."""
    store = open_store(settings)
    with database.begin() as session:
        lesson = _lesson(session)
        if lesson is None:
            return None
        admin = session.scalars(select(User).where(User.email == people.ADMIN.email)).one()
        content.import_package(
            session,
            Subject(admin.id, admin.email, admin.full_name, admin.role),
            store,
            lesson.id,
            BytesIO((LESSONS / FILM).read_bytes()),
            file_name=FILM,
            max_bytes=settings.max_upload_bytes,
            beside=[(name, BytesIO((LESSONS / name).read_bytes())) for name in BESIDE],
        )
        return lesson.id


def _lesson(session: Session) -> Lesson | None:
    """A lesson behind the others of its module. It is optional, so nobody's progress changes by it."""
    beside = session.scalars(select(Lesson).where(Lesson.title == BESIDE_LESSON).order_by(Lesson.id)).first()
    if beside is None or session.scalar(select(Lesson.id).where(Lesson.title == TITLE)) is not None:
        return None
    last = session.scalar(select(func.max(Lesson.order_num)).where(Lesson.module_id == beside.module_id))
    lesson = Lesson(
        module_id=beside.module_id,
        title=TITLE,
        content_type=ContentType.VIDEO,
        order_num=(last or 0) + 1,
        estimated_minutes=1,
        optional=True,
    )
    session.add(lesson)
    session.flush()
    return lesson
