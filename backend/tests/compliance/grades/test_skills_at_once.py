"""Two check-offs of one student at once, over two connections."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.compliance.grades.skills.board import service
from app.compliance.grades.skills.schemas import Attempt
from app.core.errors import Problem
from app.core.files import open_store
from app.core.permissions import Subject
from app.db.models import Enrollment, SkillAttempt
from app.db.session import Database
from app.settings import Settings
from tests.compliance.grades.conftest import TODAY, ZONE, make_taught
from tests.factories import skills as given
from tests.factories.school import School

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@pytest.mark.parametrize("same", [True, False], ids=["the same form", "two evaluators"])
def test_two_at_once(live_database: Database, live_settings: Settings, same: bool) -> None:
    store = open_store(live_settings)
    with live_database.begin() as session:
        taught = make_taught(session, School(session), students=1)
        skill = given.skill(session, taught.record.program_id)
        version = given.version_of(session, skill)
        version_id, place = version.id, (taught.id, skill.id, taught.enrollments[0].id)
        people = (taught.teacher, taught.teacher if same else taught.colleague)
    key = UUID(int=1)
    answers: list[int | Problem] = []

    def work(session: Session, subject: Subject, request: UUID) -> int:
        values = Attempt(request, version_id, 0, TODAY, given.PASSED, confirmed=True)
        return service.check_off(session, subject, store, *place, values, ZONE).id

    def second() -> None:
        try:
            with live_database.begin() as session:
                answers.append(work(session, people[1], key if same else UUID(int=2)))
        except Problem as problem:
            answers.append(problem)

    with live_database.begin() as session:
        first = work(session, people[0], key)
        thread = threading.Thread(target=second)
        thread.start()
        waits = False
        while thread.is_alive() and not waits:
            with live_database.begin() as watching:
                waits = bool(watching.scalar(WAITING))
    thread.join()
    with live_database.begin() as session:
        assert session.scalars(select(SkillAttempt.id)).all() == [first]
        assert session.scalar(select(func.count()).select_from(Enrollment)) == 1
    (answer,) = answers
    assert answer == first if same else "Tess Carter recorded an attempt" in str(answer)
