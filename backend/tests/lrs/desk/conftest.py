"""A school with one student at work, and what the LRS answers about them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Enrollment, Lesson, Program, User
from app.lrs.engine import jsonio
from app.lrs.engine.operations import run_sync
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.authority import Author
from app.lrs.engine.statements.packing import KEPT, unpack
from app.lrs.engine.statements.preparation import prepare
from app.lrs.engine.statements.storage import Attached, Submission, store_statements
from app.lrs.engine.versions import Version
from app.lrs.host.connection import driver
from app.lrs.host.service import directory_of
from tests.factories.school import School, subject_of
from tests.lrs.desk.other_store import Other


@dataclass
class Scene:
    """Ana Ruiz, enrolled in one program with one lesson, and an administrator."""

    school: School
    program: Program
    lesson: Lesson
    student: User
    admin: User
    enrollment: Enrollment

    @property
    def subject(self) -> Subject:
        return subject_of(self.student)

    @property
    def staff(self) -> Subject:
        return subject_of(self.admin)


def make_scene(session: Session) -> Scene:
    school = School(session)
    program = school.program(name="Dental Assistant Professional")
    module = school.module(program, name="Radiography")
    lesson = school.lesson(module, title="Bitewings & more")
    student = school.student(full_name="Ana Ruiz")
    admin = school.admin(full_name="Grace Office")
    return Scene(school, program, lesson, student, admin, school.enrollment(student, program))


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


def keep(session: Session, *stated: dict[str, Any], attached: Sequence[Attached] = ()) -> None:
    """Store statements as another system sends them, and commit."""
    keep_uncommitted(session, *stated, attached=attached)
    session.commit()


def keep_uncommitted(session: Session, *stated: dict[str, Any], attached: Sequence[Attached] = ()) -> None:
    """Store statements in the test's own transaction."""
    person = {"objectType": "Agent", "name": "Simulator", "mbox": "mailto:simulator@example.org"}
    author = Author(None, jsonio.dumps(person), identity(person) or "", person, may_define=True)
    ready = [prepare(one, Version.ONE) for one in stated]
    result = run_sync(
        driver(session),
        store_statements([Submission(ready, author, attached)], directory_of("http://localhost:8000")),
    )
    assert result.refusals == [None]


def agent_of(user: User) -> dict[str, Any]:
    """An account as statements name it."""
    return {"account": {"homePage": "http://localhost:8000", "name": str(user.id)}}


@pytest.fixture
def other() -> Iterator[Other]:
    found = Other()
    yield found
    found.server.shutdown()
    found.server.server_close()


def payloads(session: Session) -> list[dict[str, Any]]:
    """Every stored statement, oldest first."""
    rows = session.execute(text(f"SELECT {KEPT} FROM xapi_statements s ORDER BY id"))
    return [jsonio.loads(unpack(row[0])) for row in rows]
