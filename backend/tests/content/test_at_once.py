"""Windows, commits and endings at the same moment."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.academics.conditions import service as conditions
from app.academics.schemas import ConditionsForm
from app.accounts import service as accounts
from app.accounts.access import links
from app.accounts.access import service as access
from app.content import service
from app.content.launches import queries as launch_queries
from app.content.launches import sessions
from app.content.schemas import CommitIn
from app.core.errors import Invalid, Unauthorized
from app.core.permissions import Role, Subject
from app.db.models import (
    ContentPackage,
    ContentType,
    Launch,
    Lesson,
    LessonCompletion,
    ScormCommit,
    ScormData,
    User,
)
from app.db.session import Database
from app.enrollment import service as enrollment
from app.settings import Settings
from tests.beside import Act
from tests.content.conftest import School, make_school, subject_of


def test_two_windows_at_once_agree(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.upload()
        student, lesson_id = subject_of(school.student), school.lesson.id
    tokens: list[str] = []
    errors: list[BaseException] = []

    def at_once(*acts: Callable[[Session], None]) -> None:
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[Session], None]) -> None:
            try:
                with live_database.begin() as session:
                    barrier.wait(10)
                    act(session)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    def open_it(session: Session) -> None:
        launch = service.launch(session, student, live_settings, lesson_id)
        tokens.append(launch.player_url.split("/")[-2])

    at_once(open_it, open_it, open_it, open_it)
    assert errors == []

    def save(token: str, seq: int) -> Callable[[Session], None]:
        sent = CommitIn(seq=seq, finish=True, cmi={"core": {"lesson_status": "completed", "exit": "suspend"}})
        return lambda session: void(service.commit(session, token, sent))

    # The same commit four times at once, while the lesson is being opened again.
    with live_database.begin() as session:
        newest = session.scalars(select(Launch.id).where(Launch.state == "open")).one()
        token = next(
            t
            for t in tokens
            if sessions.find_launch(session, t).id == newest  # type: ignore[union-attr]
        )
    at_once(save(token, 1), save(token, 1), save(token, 2), save(token, 1), open_it)
    assert errors == []
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(ScormData)) == 1
        assert session.scalar(select(func.count()).select_from(ScormCommit)) == 2
        assert session.scalar(select(func.count()).select_from(LessonCompletion)) == 1
        assert session.scalar(select(func.count()).select_from(ContentPackage)) == 1


def void(_: object) -> None:
    """Makes an expression an act."""


def test_an_account_is_deleted_while_its_lesson_is_saved(
    live_database: Database, live_settings: Settings
) -> None:
    """Each has locks that the other wants to pass: the deletion waits for the report, and both come to an end."""
    with live_database.begin() as session:
        school, office = _school(session, live_settings)
        student, enrollment_id = subject_of(school.student), school.enrollment.id
        token = school.launch().player_url.split("/")[-2]
    deletion = Act(
        live_database, lambda session: void(accounts.delete_person(session, office, student.user_id))
    )
    with live_database.begin() as session:
        enrollment.hold_for_study(session, enrollment_id)
        record = sessions.find_launch(session, token)
        assert record is not None
        launch_queries.lock_launch(session, record)
        # It has the account and its sessions, and waits for the launch.
        deletion.start_and_wait_for_a_lock()
        sent = CommitIn(seq=1, finish=True, cmi={"core": {"lesson_status": "completed", "exit": "suspend"}})
        assert service.commit(session, token, sent).complete
    deletion.finish()
    with live_database.begin() as session:
        assert session.get_one(User, student.user_id).deleted_at is not None
        assert session.scalars(select(Launch.end_reason)).all() == ["account_deleted"]
        assert session.scalar(select(func.count()).select_from(LessonCompletion)) == 1


@pytest.mark.parametrize("end", ["account deleted", "signed out", "password changed"])
def test_what_is_opened_while_its_session_ends_ends_with_it(
    live_database: Database, live_settings: Settings, end: str
) -> None:
    with live_database.begin() as session:
        school, office = _school(session, live_settings)
        student = access.open_session(session, live_settings, school.student, access.Visitor()).subject
        lesson_id = school.lesson.id
        service.launch(session, student, live_settings, lesson_id)

    def act(session: Session) -> None:
        if end == "account deleted":
            accounts.delete_person(session, office, student.user_id)
        elif end == "signed out":
            access.sign_out(session, student)
        else:
            owner = session.get_one(User, student.user_id)
            links._put_password(session, live_settings, owner, "!new", office, notify=False)

    ending = Act(live_database, act)
    with live_database.begin() as session:
        service.launch(session, student, live_settings, lesson_id)
        ending.start_and_wait_for_a_lock()
    ending.finish()
    with live_database.begin() as session:
        assert session.scalars(select(Launch.id).where(Launch.ended_at.is_(None))).all() == []
        with pytest.raises(Unauthorized, match="signed out"):
            service.launch(session, student, live_settings, lesson_id)


def test_two_planners_do_not_let_two_lessons_wait_for_each_other(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        school, admin = _school(session, live_settings)
        first = school.lesson.id
        other = Lesson(
            module_id=school.lesson.module_id, title="Second", content_type=ContentType.VIDEO, order_num=2
        )
        session.add(other)
        session.flush()
        second = other.id

    def change(lesson_id: int, after: int) -> Callable[[Session], None]:
        form = ConditionsForm(after_lesson_id=after)
        return lambda session: void(conditions.change(session, admin, lesson_id, form))

    beside = Act(live_database, change(second, first))
    with live_database.begin() as session:
        change(first, second)(session)
        beside.start_and_wait_for_a_lock()
    with pytest.raises(Invalid, match="already requires this one"):
        beside.finish()


def _school(session: Session, settings: Settings) -> tuple[School, Subject]:
    """A school with a lesson that can be played, and an administrator."""
    school = make_school(session, settings)
    school.upload()
    admin = User(email="ada@school.example", full_name="Ada", role=Role.ADMIN, hashed_password="!")
    session.add(admin)
    session.flush()
    return school, subject_of(admin)
