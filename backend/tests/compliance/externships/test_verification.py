"""The documented row and the log agree, whatever happens; nothing counts before it is verified."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.externships.placements import queries
from app.compliance.externships.placements import service as placements
from app.compliance.externships.verification import service
from app.core.errors import Conflict, Forbidden, Problem
from app.core.files import open_store
from app.core.permissions import Duty, Subject
from app.db.models import AuditEntry, ExternshipHours, ExternshipPlacement, FileClaim, User
from app.db.session import Database
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.factories.externships import FIRST, PAPER, Placed, placed

MONDAY, TUESDAY = date(2026, 5, 4), date(2026, 5, 5)


def confirmed(extern: Placed, *days: date, minutes: int = 240) -> int:
    """These days confirmed by a link; their minutes."""
    _, link = extern.link(days[0])
    for day in days:
        extern.logged(day, minutes=minutes, state="confirmed", link_id=link.id)
    return minutes * len(days)


def verify(extern: Placed, files: Settings, minutes: int, *, by: Subject | None = None) -> None:
    service.verify(
        extern.session,
        by or extern.registrar,
        open_store(files),
        extern.id,
        seen_minutes=minutes,
        content=PAPER,
    )


def counts(extern: Placed) -> int:
    return placements.verified_minutes(extern.session, [extern.enrollment.id]).get(extern.enrollment.id, 0)


def test_the_queue_counts_from_the_day_as_it_begins_at_the_school(extern: Placed, session: Session) -> None:
    zone = ZoneInfo("America/New_York")
    last = session.scalars(select(ExternshipPlacement.ends_on)).one()
    row = session.execute(queries.to_verify(true(), last + timedelta(days=1), zone)).one()
    assert (row.number, row.since) == (extern.id, datetime.combine(last, time(), zone))


def test_verified_hours_count_and_stay_as_they_are(
    extern: Placed, session: Session, settings: Settings
) -> None:
    minutes = confirmed(extern, MONDAY, TUESDAY, minutes=285)
    assert (counts(extern), extern.row().total_hours) == (0, 9)
    verify(extern, settings, minutes)
    row = extern.row()
    assert (row.verified, row.total_hours, row.verification_doc_url) == (
        True, 9, f"/externships/{extern.id}/document",
    )  # fmt: skip
    assert row.verified_at is not None
    assert counts(extern) == 570
    assert session.scalars(select(FileClaim.retention)).all() == ["permanent"]
    assert service.compare(session) == []
    content, kind = service.read_document(session, extern.own, open_store(settings), extern.id, MONDAY)
    assert (content, kind) == (PAPER, "application/pdf")
    with pytest.raises(Conflict, match="verified"):
        verify(extern, settings, minutes)
    for change in (
        "UPDATE externship_hours SET break_minutes = 1",
        "DELETE FROM externship_hours",
        (
            "INSERT INTO externship_hours (externship_id, user_id, day, starts_at, ends_at, did, request)"
            " SELECT externship_id, user_id, day, starts_at + interval '6 hours', ends_at + interval '6 hours', did,"
            " gen_random_uuid() FROM externship_hours"
        ),
        "UPDATE externships SET total_hours = 80",
        "UPDATE externships SET verified_at = NULL",
        "UPDATE externships SET verification_doc_url = NULL",
        "UPDATE externships SET verified = false",
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(change))
    service.reopen(session, extern.registrar, extern.id, "The time sheet is of another student")
    row = extern.row()
    assert (row.verified, row.verified_at, row.verification_doc_url, row.total_hours) == (
        False,
        None,
        None,
        9,
    )
    assert counts(extern) == 0
    assert session.scalars(select(FileClaim.released_at)).all() == [None]


@pytest.mark.parametrize(
    "why", ["logged", "disputed", "nothing", "other hours", "no paper", "own", "instructor"]
)
def test_nothing_is_verified_that_is_not_ready(
    extern: Placed, session: Session, settings: Settings, why: str
) -> None:
    minutes = confirmed(extern, MONDAY) if why != "nothing" else 0
    if why in ("logged", "disputed"):
        entry = extern.logged(TUESDAY)
        if why == "disputed":
            _, link = extern.link(TUESDAY)
            entry.state, entry.dispute, entry.link_id = "disputed", "Not here", link.id
    session.flush()
    by = extern.registrar
    if why == "own":
        by = Subject(extern.student.id, "a@b.c", "Ana", by.role, duties=frozenset({Duty.REGISTRAR}))
    elif why == "instructor":
        by = Subject(by.user_id, by.email, by.full_name, by.role, duties=frozenset({Duty.INSTRUCTOR}))
    with pytest.raises(Problem) as refused:
        service.verify(
            session,
            by,
            open_store(settings),
            extern.id,
            seen_minutes=minutes + 1 if why == "other hours" else minutes,
            content=b"no paper" if why == "no paper" else PAPER,
        )
    assert isinstance(refused.value, Forbidden) == (why in ("own", "instructor"))
    assert not extern.row().verified
    assert counts(extern) == 0


def test_a_day_that_was_confirmed_by_mistake_is_opened_again(extern: Placed, session: Session) -> None:
    confirmed(extern, MONDAY, TUESDAY)
    entry = session.scalars(select(ExternshipHours).order_by(ExternshipHours.day)).first()
    assert entry is not None
    assert service.reopen_day(session, extern.registrar, entry.id, "Wrong day") == extern.id
    assert (entry.state, entry.revision, extern.row().total_hours) == ("logged", 2, 4)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["log", "confirm", "reopen", "remove", "length"]),
        st.integers(0, 9),
        st.integers(1, 700),
    ),
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(STEPS)
def test_the_total_is_that_of_the_confirmed_days_whatever_happens(
    session: Session, steps: list[tuple[str, int, int]]
) -> None:
    nested = session.begin_nested()
    extern = placed(session)
    _, link = extern.link(FIRST)
    entries: dict[int, ExternshipHours] = {}
    for what, number, minutes in steps:
        entry = entries.get(number)
        if what == "log" and entry is None:
            entries[number] = extern.logged(FIRST + timedelta(days=number), minutes=minutes)
        elif entry is None:
            continue
        elif what == "confirm":
            entry.state, entry.link_id = "confirmed", link.id
        elif what == "reopen":
            entry.state, entry.link_id = "logged", None
        elif what == "length":
            entry.ends_at = entry.starts_at + timedelta(minutes=minutes)
        elif what == "remove":
            session.delete(entries.pop(number))
        session.flush()
        for one in entries.values():
            session.refresh(one)
        total = sum(one.minutes for one in entries.values() if one.state == "confirmed")
        assert extern.row().total_hours == total // 60
    assert service.compare(session) == []
    nested.rollback()
    session.expunge_all()


def test_what_somebody_changed_past_the_database_is_named(
    live_database: Database, live_settings: Settings, postgres: EmbeddedServer
) -> None:
    with live_database.begin() as session:
        right, hours, verified = placed(session), placed(session), placed(session)
        for one in (right, hours, verified):
            confirmed(one, MONDAY)
        numbers = [hours.id, verified.id]
        student = verified.student.id
    name = str(live_settings.database_url).rpartition("/")[2].partition("?")[0]
    with psycopg.connect(postgres.url(name), autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE externships SET total_hours = 80 WHERE id = %s", (numbers[0],))
        superuser.execute("UPDATE externships SET verified = true WHERE id = %s", (numbers[1],))
    with live_database.begin() as session:
        found = service.compare(session)
        assert [sentence.partition(":")[0] for sentence in found] == [f"Externship {one}" for one in numbers]
        assert "total_hours is 80, and its log has 4" in found[0]
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "externship_logs.compared")
        ).one()
        assert (entry.details["compared"], entry.details["differences"]) == (3, 2)
    # With the account of a student everything of their externship goes, verified or not.
    with psycopg.connect(postgres.url(name), autocommit=True) as superuser:
        superuser.execute("DELETE FROM users WHERE id = %s", (student,))
    with live_database.begin() as session:
        assert session.get(User, student) is None
        assert {one.externship_id for one in session.scalars(select(ExternshipHours))} == {
            right.id,
            numbers[0],
        }
