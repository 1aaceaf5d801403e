"""The history: who, what, whom it concerns; described details; nothing that the system itself could forge."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.details.base import Details
from app.core.permissions import Role, Subject
from app.db.models import AuditEntry
from app.ops.servers import libpq_url
from app.settings import Settings

ADA = Subject(1, "ada@aada.edu", "Ada", Role.ADMIN)
MIA = Subject(2, "mia@aada.edu", "Mia", Role.STUDENT)
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def _entry(session: Session) -> AuditEntry:
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_a_row_says_who_what_whom_when_why_and_from_where(session: Session) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1", ip="192.0.2.1"):
        history.record(
            session,
            ADA,
            Action.ENROLLMENT_CREATED,
            5,
            student_id=2,
            enrollment_id=5,
            reason="transfer",
            occurred_at=AT,
            program_id=3,
            enrolled_at=date(2026, 5, 4),
        )
    entry = _entry(session)
    assert (entry.actor_id, entry.actor_name, entry.action) == (1, "Ada", "enrollment.created")
    assert (entry.target, entry.target_id) == ("enrollments", "5")
    assert (entry.student_id, entry.enrollment_id, entry.reason) == (2, 5, "transfer")
    assert entry.details == {"program_id": 3, "enrolled_at": "2026-05-04"}
    assert (entry.request_id, entry.ip) == ("r1", "192.0.2.1")
    assert (entry.occurred_at, entry.generation) == (AT, 1)
    assert entry.at > AT
    assert entry.xid > 0


def test_what_happens_now_happened_when_it_was_written(session: Session) -> None:
    history.record(session, ADA, Action.SESSION_OPENED, 1)
    entry = _entry(session)
    assert entry.occurred_at == entry.at


def test_a_students_own_act_concerns_the_student(session: Session) -> None:
    history.record(session, MIA, Action.SESSION_OPENED, 1)
    assert _entry(session).student_id == MIA.user_id
    history.record(session, ADA, Action.SESSION_OPENED, 1)
    assert _entry(session).student_id is None


@pytest.mark.parametrize(
    ("details", "fault"),
    [
        ({"name": "X", "color": "red"}, "color"),
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
    ],
)
def test_details_that_nobody_described_are_refused(
    session: Session, details: dict[str, Any], fault: str
) -> None:
    with pytest.raises(TypeError, match=fault):
        history.record(session, ADA, Action.PROGRAM_CREATED, 5, **details)
    assert session.scalars(select(AuditEntry)).all() == []


def test_a_school_at_work_is_not_stopped_by_them(session: Session, settings: Settings) -> None:
    session.info["settings"] = settings.model_copy(update={"environment": "production"})
    history.record(session, ADA, Action.PROGRAM_CREATED, 5, score=Decimal("1.50"), on=AT)
    assert _entry(session).details == {"score": "1.50", "on": "2026-05-04T12:00:00Z"}


def test_every_action_describes_its_details() -> None:
    assert [one.sentence for one in Action if "'" in one.sentence or not one.sentence[0].isupper()] == []
    for action in Action:
        assert issubclass(action.details, Details), action
        # The first row would build it; None: one of these tests has written such a row already.
        assert action.details.model_rebuild() is not False, action
        assert (
            action.details.model_config["extra"] == "forbid" or action.details.__pydantic_extra__ is not None
        )


# Who acts


def test_in_a_request_everything_is_the_act_of_its_person(session: Session) -> None:
    history.act_as(session, ADA)
    history.record(session, None, Action.SESSION_CLOSED, 1)
    assert _entry(session).actor_id == ADA.user_id
    with pytest.raises(ValueError, match="user 2's act; user 1 is acting"):
        history.record(session, MIA, Action.SESSION_CLOSED, 1)
    history.act_as(session, MIA)
    history.record(session, MIA, Action.SESSION_CLOSED, 1)
    assert _entry(session).actor_name == "Mia"


# What the system's own role may not do


@pytest.fixture
def program(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection as `aada_app`."""
    with psycopg.connect(libpq_url(live_settings.app_database_url), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "column",
    ["id = 1", "at = '2020-01-01'", "xid = '5'::xid8", "generation = 7"],
)
def test_the_system_chooses_neither_number_nor_moment_nor_place(
    program: psycopg.Connection[Any], column: str
) -> None:
    name, _, value = column.partition(" = ")
    statement = f"INSERT INTO audit_log (action, target, {name}) VALUES ('user.created', 'users', {value})"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        program.execute(statement.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege), program.cursor() as cursor:  # noqa: SIM117
        with cursor.copy(f"COPY audit_log (action, target, {name}) FROM STDIN".encode()):
            pass


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET at = now()",
        "UPDATE audit_log SET actor_id = 2",
        "UPDATE audit_log SET xid = '1'::xid8",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "ALTER TABLE audit_log ALTER COLUMN at SET DEFAULT '2020-01-01'",
        "CREATE OR REPLACE FUNCTION history_generation() RETURNS integer LANGUAGE sql AS 'SELECT 9'",
        "INSERT INTO audit_log (action, target) VALUES ('a', 'b') ON CONFLICT (id) DO UPDATE SET action = 'x'",
        "MERGE INTO audit_log USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_what_is_written_stays_as_it_was_written(program: psycopg.Connection[Any], statement: str) -> None:
    program.execute("INSERT INTO audit_log (action, target) VALUES ('user.created', 'users')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        program.execute(statement.encode())
    assert program.execute("SELECT action FROM audit_log").fetchall() == [("user.created",)]
