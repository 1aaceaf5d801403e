"""A server that is killed while lessons are saved: what it has acknowledged is there afterwards, and counts once."""

import http.client
import json
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.content import service
from app.content.schemas import LaunchOut
from app.core.permissions import Role
from app.db.models import (
    ContentType,
    Enrollment,
    EnrollmentStatus,
    Launch,
    Lesson,
    ScormCommit,
    ScormData,
    User,
)
from app.db.session import Database
from app.settings import Settings
from tests.content.conftest import make_school, subject_of
from tests.content.test_media_importing import upload
from tests.factories.media import media

SERVE = """
import pickle, sys, uvicorn
from app.db.session import Database
from app.main import create_app
settings = pickle.load(sys.stdin.buffer)
uvicorn.run(create_app(settings, Database(settings)), host="127.0.0.1", port=int(sys.argv[1]), log_config=None)
"""
STUDENTS, ACKNOWLEDGED = 2, 8
Model = Callable[[int], dict[str, Any]]


def _scorm(number: int) -> dict[str, Any]:
    core = {"lesson_status": "incomplete", "lesson_location": str(number)}
    return {"core": core, "suspend_data": f"{number}:" + "x" * 20_000}


def _film(number: int) -> dict[str, Any]:
    return {"seen": [[0, 10 * number]], "place": 10 * number, "seconds": 0}


@dataclass
class Window:
    """One student's lesson, as the player saves it: one report after the other, each until it is acknowledged."""

    launch: LaunchOut
    port: int
    origin: str
    model: Model
    seq: int = 0
    """The last report that was acknowledged."""
    answers: list[dict[str, Any]] = field(default_factory=list)

    def send(self, seq: int) -> bool:
        """Whether the report was acknowledged."""
        path = "/p/" + self.launch.player_url.split("/p/")[1].removesuffix("/player") + "/commit"
        body = json.dumps({"seq": seq, "cmi": self.model(seq)})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Origin": self.origin, "Content-Type": "application/json"}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()
        assert answer.status == 200, said
        self.seq = max(self.seq, seq)
        self.answers.append(said)
        return True

    def go_on(self) -> None:
        while self.send(self.seq + 1):
            pass


@contextmanager
def serving(settings: Settings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], stdin=subprocess.PIPE)
    assert program.stdin is not None
    pickle.dump(settings, program.stdin)
    program.stdin.close()
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert program.poll() is None, "the server did not start"
            time.sleep(0.1)
        yield program
    finally:
        program.kill()
        program.wait(30)


def opened(database: Database, settings: Settings) -> list[tuple[LaunchOut, Model]]:
    """A course and a film, open in the windows of some students, with what each reports."""
    with database.begin() as session:
        school = make_school(session, settings)
        school.upload()
        course = school.lesson
        school.lesson = Lesson(
            module_id=course.module_id, title="Film", content_type=ContentType.VIDEO, order_num=2
        )
        session.add(school.lesson)
        session.flush()
        upload(school, "film.mp4", media("film.mp4"))
        launches: list[tuple[LaunchOut, Model]] = []
        for number in range(STUDENTS):
            person = User(
                email=f"s{number}@school.example",
                full_name=f"Student {number}",
                role=Role.STUDENT,
                hashed_password="!",
            )
            session.add(person)
            session.flush()
            session.add(
                Enrollment(
                    user_id=person.id,
                    program_id=school.program.id,
                    status=EnrollmentStatus.ACTIVE,
                    enrolled_at=date(2026, 9, 1),
                )
            )
            session.flush()
            for lesson, model in ((course, _scorm), (school.lesson, _film)):
                launches.append((service.launch(session, subject_of(person), settings, lesson.id), model))
        return launches


def test_what_was_acknowledged_is_there_after_a_kill(
    live_database: Database, live_settings: Settings
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = live_settings.model_copy(
        update={"app_origin": f"http://localhost:{port}", "content_origin": f"http://127.0.0.1:{port}"}
    )
    windows = [
        Window(launch, port, settings.content_origin, model)
        for launch, model in opened(live_database, settings)
    ]
    with serving(settings, port) as program:
        threads = [threading.Thread(target=window.go_on) for window in windows]
        for thread in threads:
            thread.start()
        while min(window.seq for window in windows) < ACKNOWLEDGED:
            time.sleep(0.01)
        program.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join(60)
    for window in windows:
        _is_there(live_database, window)
    with serving(settings, port):
        for window in windows:
            # The player does not know whether the last report has arrived: it sends it again under its number.
            again = window.seq + 1
            assert window.send(again)
            assert window.send(again)
            _is_there(live_database, window)
            with live_database.begin() as session:
                counted = select(func.count()).where(
                    ScormCommit.launch_id == window.launch.launch_id, ScormCommit.seq == again
                )
                assert session.scalar(counted) == 1


def _is_there(database: Database, window: Window) -> None:
    with database.begin() as session:
        launch = session.get_one(Launch, window.launch.launch_id)
        known = set(session.scalars(select(ScormCommit.seq).where(ScormCommit.launch_id == launch.id)))
        assert set(range(1, window.seq + 1)) <= known
        assert launch.last_seq in (window.seq, window.seq + 1), "the one that was under way may have arrived"
        attempt = session.scalars(
            select(ScormData).where(
                ScormData.enrollment_id == launch.enrollment_id, ScormData.lesson_id == launch.lesson_id
            )
        ).one()
        if attempt.cmi_suspend_data is not None:
            assert int(attempt.location or 0) == launch.last_seq
            assert attempt.cmi_suspend_data.startswith(f"{launch.last_seq}:")
        else:
            # A repeated report is answered without what it has come to.
            said = next(one["counted"] for one in reversed(window.answers) if one["counted"] is not None)
            seen = attempt.cmi["seen"]
            assert all(any(a <= start and end <= b for a, b in seen) for start, end in said), (
                "pieces are kept"
            )
