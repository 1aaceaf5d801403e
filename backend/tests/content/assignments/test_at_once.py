"""One tap too many, two windows, and two instructors, at the same moment; and a process that is killed."""

import io
import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.content.assignments.grading import service as grading
from app.content.assignments.hand_ins import service as hand_ins
from app.content.assignments.schemas import Grading, Upload
from app.core.errors import Conflict
from app.core.files import FileStore, open_store
from app.core.permissions import Subject
from app.db.models import FileClaim, HandIn, HandInGrade
from app.db.session import Database
from app.settings import Settings
from tests.content.assignments.conftest import ZONE, make_set
from tests.factories.school import subject_of
from tests.factories.skills import picture


def at_once(database: Database, *acts: Callable[[Session], None]) -> list[BaseException]:
    """Let each act begin its transaction before any goes on; what went wrong."""
    barrier = threading.Barrier(len(acts))
    errors: list[BaseException] = []

    def run(act: Callable[[Session], None]) -> None:
        try:
            with database.begin() as session:
                session.execute(select(1))
                barrier.wait(20)
                act(session)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def sending(student: Subject, store: FileStore, lesson_id: int, request: UUID) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        upload = Upload("tray.jpg", io.BytesIO(picture()))
        hand_ins.hand_in(session, student, store, lesson_id, [upload], request=request, note=None, zone=ZONE)

    return act


def test_one_form_is_one_hand_in_and_numbers_have_no_gap(
    live_database: Database, live_settings: Settings
) -> None:
    store, request = open_store(live_settings), uuid4()
    with live_database.begin() as session:
        made = make_set(session, live_settings)
        student, lesson_id = subject_of(made.student()), made.lesson.id
    acts = [sending(student, store, lesson_id, one) for one in (request, request, request, uuid4())]
    assert at_once(live_database, *acts) == []
    with live_database.begin() as session:
        assert sorted(session.scalars(select(HandIn.number))) == [1, 2]
        assert session.scalars(select(HandIn.number).where(HandIn.waits)).all() == [2]


def test_two_grades_at_once(live_database: Database, live_settings: Settings) -> None:
    store = open_store(live_settings)
    with live_database.begin() as session:
        made = make_set(session, live_settings)
        teacher, hand_in_id = subject_of(made.teacher), made.hand_in().id

    def act(session: Session) -> None:
        grading.grade(session, teacher, store, hand_in_id, Grading(uuid4(), 0, (2, 2)))
        grading.release(session, teacher, hand_in_id)

    [error] = at_once(live_database, act, act)
    assert isinstance(error, Conflict)
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(HandInGrade)) == 1


def test_what_is_broken_off_leaves_no_row(live_database: Database, live_settings: Settings) -> None:
    """Killed before the commit: the file is in the store, nothing relies on it, and the form may be sent again."""
    store, request = open_store(live_settings), uuid4()
    with live_database.begin() as session:
        made = make_set(session, live_settings)
        student, lesson_id = subject_of(made.student()), made.lesson.id
    send = sending(student, store, lesson_id, request)

    def killed() -> None:
        with live_database.begin() as session:
            send(session)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        killed()
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(HandIn)) == 0
        assert session.scalar(select(func.count()).select_from(FileClaim)) == 0
    with live_database.begin() as session:
        send(session)
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(HandIn)) == 1
