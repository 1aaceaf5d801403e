"""Credentials for a whole class: who qualifies, a worker that is killed, one that never comes."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.compliance.credentials import jobs
from app.compliance.credentials.bulk import service as bulk
from app.core import clock
from app.core.errors import Invalid, Unavailable
from app.db.models import (
    ClassSeat,
    EnrollmentStatus,
    Program,
)
from app.documents import issue as issuing
from app.documents import service as documents
from tests.compliance.credentials.conftest import without_drawing
from tests.factories.school import School


def test_a_class_gets_its_credentials_and_who_does_not_qualify_says_why(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.database.begin() as session:
        documents.ensure_keys(session, world.settings)
        school = School(session)
        program = session.get_one(Program, world.program_id)
        done = [
            school.enrollment(
                school.student(full_name=f"Graduate {place}"), program, status=EnrollmentStatus.COMPLETED
            )
            for place in range(3)
        ]
        active = school.enrollment(school.student(full_name="Still here"), program)
        record = school.school_class(students=[*done, active])
        moved = school.enrollment(school.student(full_name="In another class"), program)
        session.add(
            ClassSeat(
                class_id=record.id,
                enrollment_id=moved.id,
                starts_on=record.starts_on,
                ends_on=clock.today(world.settings.zone) - timedelta(days=1),
            )
        )
        class_id, numbers, late = record.id, [one.id for one in done], done[2].id
    batch, zone = uuid4(), world.settings.zone
    with world.database.begin() as session:
        found = bulk.preview(session, world.registrar, class_id, None, zone)
        assert [one.problem for one in found.candidates] == [
            None,
            None,
            None,
            "Has not completed the program",
        ]
        with pytest.raises(Invalid, match="no longer qualifies"):
            bulk.request(
                session, world.registrar, class_id, world.type_id, [*numbers, active.id], batch, zone
            )
        for _ in range(2):
            assert bulk.request(session, world.registrar, class_id, world.type_id, numbers, batch, zone) == 3
    with world.database.begin() as session:
        session.execute(sa.text("UPDATE enrollments SET status = 'withdrawn' WHERE id = :id"), {"id": late})
    with monkeypatch.context() as broken:
        broken.setattr(issuing, "make", _unavailable)
        with pytest.raises(Unavailable):
            bulk.work(world.database, world.registrar, world.files, world.settings, batch)
    # Its number is void; the next try takes another one.
    assert bulk.work(world.database, world.registrar, world.files, world.settings, batch) == 2
    assert bulk.work(world.database, world.registrar, world.files, world.settings, batch) == 0
    with world.database.begin() as session:
        progress = bulk.progress(session, world.registrar, batch)
    assert [(row.CredentialOrder.state, bool(row.serial)) for row in progress.rows] == [
        ("issued", True),
        ("issued", True),
        ("refused", False),
    ]
    assert "withdrew" in progress.rows[2].CredentialOrder.problem


def test_a_bulk_issue_that_no_worker_goes_on_with_says_who_got_none(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_drawing(monkeypatch)
    with world.database.begin() as session:
        documents.ensure_keys(session, world.settings)
        school = School(session)
        program = session.get_one(Program, world.program_id)
        done = [
            school.enrollment(school.student(), program, status=EnrollmentStatus.COMPLETED) for _ in range(2)
        ]
        class_id, numbers = school.school_class(students=done).id, [one.id for one in done]
        zone, batches = world.settings.zone, [uuid4(), uuid4()]
        for batch, status in zip(batches, ("todo", "failed"), strict=True):
            bulk.request(session, world.registrar, class_id, world.type_id, numbers, batch, zone)
            jobs.begin(session, batch, world.registrar.user_id)
            session.execute(
                sa.text("UPDATE procrastinate_jobs SET status = :status WHERE args->>'batch' = :batch"),
                {"status": status, "batch": str(batch)},
            )
    monkeypatch.setattr(bulk, "_settle", _killed)
    with pytest.raises(KeyboardInterrupt):
        bulk.work(world.database, world.registrar, world.files, world.settings, batches[1])
    monkeypatch.undo()
    jobs.end_left.func(SimpleNamespace(additional_context={"database": world.database}), 0)
    with world.database.begin() as session:
        found = [bulk.progress(session, world.registrar, batch) for batch in batches]
    assert found[0].waiting == 2
    # The one that was issued before the kill is not said to be refused.
    assert [row.CredentialOrder.state for row in found[1].rows] == ["issued", "refused"]
    assert found[1].rows[1].CredentialOrder.problem == bulk.LEFT


def _killed(*_given: Any) -> None:
    raise KeyboardInterrupt


def _unavailable(*_given: Any) -> Any:
    raise Unavailable("The printer is busy.")
