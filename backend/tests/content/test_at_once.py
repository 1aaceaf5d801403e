"""Windows, commits and endings at the same moment."""

import threading
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.content import service
from app.content.launches import sessions
from app.content.schemas import CommitIn
from app.db.models import (
    ContentPackage,
    Launch,
    LessonCompletion,
    ScormCommit,
    ScormData,
)
from app.db.session import Database
from app.settings import Settings
from tests.content.conftest import make_school, subject_of


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
