"""Statements added up: whatever is written and voided, charts from the sums are charts from the statements."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.kept_sums import Comparison
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.lrs.desk.browser import chart_queries, chart_rollups
from app.lrs.desk.browser.chart_queries import Drawn, Span
from app.lrs.desk.browser.charts import charts
from app.lrs.desk.browser.scope import Scope
from app.lrs.desk.rollups import queries, service
from app.ops.servers import libpq_url
from app.rules.hours import start_of_day
from app.settings import Settings
from tests.lrs.desk.conftest import Scene, keep, keep_uncommitted
from tests.lrs.examples import statement
from tests.projecting import ADL, ZONE
from tests.queries import counted as statements_of

# Half an hour and a quarter from UTC, and half an hour of daylight saving time.
ZONES = ("America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
START = datetime(2026, 10, 29, tzinfo=UTC)
"""The week in which New York's clocks go back, after Lord Howe's went forward."""
VERBS = ("completed", "passed", "terminated", "suspended", "attended", "voided?")
DURATIONS = ("PT0S", "PT10M", "PT20M", "PT0.25S", "P1DT1H", "PT0,5H", "P1M", "nonsense", None)
LESSONS = ("https://x.example/1", "https://x.example/2")
MODULES = ("https://x.example/a", "https://x.example/b", None)

written = st.tuples(
    st.integers(0, 3),  # who
    st.sampled_from(VERBS),
    st.sampled_from(LESSONS),
    st.sampled_from(MODULES),
    st.integers(0, 8 * 24 * 4 * 3),  # when, in five minutes
    st.sampled_from(DURATIONS),
    st.sampled_from((None, 0, 0.05, 0.3, 0.95, 1, -1, 1.5, "0.5")),
    st.booleans(),  # with a registration
)
operation = st.one_of(
    st.tuples(st.just("keep"), st.lists(written, min_size=1, max_size=6)),
    st.tuples(st.just("void"), st.integers(0, 20)),
    st.tuples(st.just("revive"), st.integers(0, 20)),
    st.tuples(st.just("add up"), st.sampled_from((1, 3, 1000))),
    st.tuples(st.just("start again"), st.none()),
    st.tuples(st.just("forget an account"), st.none()),
)
REGISTRATION = str(UUID(int=5 << 76 | 2 << 62))


def _stated(accounts: list[int], given_: tuple[Any, ...]) -> dict[str, Any]:
    who, verb, lesson, module, when, duration, scaled, registered = given_
    named = [{"account": {"homePage": "http://localhost:8000", "name": str(one)}} for one in accounts]
    actors = [*named, {"mbox": "mailto:a@x.example"}]
    result = {"duration": duration} if duration and duration[0] == "P" else {"response": duration or "-"}
    if scaled is not None and not isinstance(scaled, str):
        result |= {"score": {"scaled": max(-1, min(1, scaled))}}
    context: dict[str, Any] = {"registration": REGISTRATION} if registered else {}
    if module:
        context["contextActivities"] = {"parent": [{"id": module}]}
    return statement(
        actor=actors[who],
        verb={"id": ADL + verb},
        object={"id": lesson},
        result=result,
        context=context or None,
        timestamp=(START + timedelta(minutes=5 * when)).isoformat(),
    )


class Store:
    """The statements of one example, and what is done to them."""

    def __init__(self, session: Session, scene: Scene) -> None:
        self.session = session
        self.ids: list[str] = []
        self.gone: int = scene.school.student().id
        session.flush()
        self.accounts = [scene.student.id, scene.admin.id, self.gone]

    def do(self, what: str, given_: Any) -> None:
        run = self.session.execute
        if what == "keep":
            stated = [_stated(self.accounts, one) for one in given_]
            self.ids += [one["id"] for one in stated]
            keep_uncommitted(self.session, *stated)
        elif what in ("void", "revive") and self.ids:
            run(
                text("UPDATE xapi_statements SET is_voided = :voided WHERE statement_id = :id"),
                {"voided": what == "void", "id": self.ids[given_ % len(self.ids)]},
            )
        elif what == "add up":
            service.catch_up(self.session, given_)
        elif what == "start again":
            queries.restart(self.session)
        elif what == "forget an account":
            run(text("DELETE FROM users WHERE id = :id"), {"id": self.gone})


def _same(found: Drawn | None, expected: Drawn) -> None:
    assert found is not None
    assert sorted(found.counts) == sorted(expected.counts)
    assert sorted(found.seconds) == sorted(expected.seconds)
    assert found.tenths == expected.tenths


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    done=st.lists(operation, max_size=8),
    zone=st.sampled_from(ZONES),
    first=st.integers(0, 7),
    days=st.integers(1, 9),
    verb=st.sampled_from((None, None, ADL + "completed", ADL + "suspended", ADL + "attended", "urn:none")),
    activity=st.sampled_from((None, None, LESSONS[0], MODULES[0], "urn:none")),
    seen=st.sampled_from(("all", "all but one", "one", "none")),
)
def test_charts_from_the_sums_are_those_from_the_statements(
    session: Session,
    scene: Scene,
    done: list[tuple[str, Any]],
    zone: str,
    first: int,
    days: int,
    verb: str | None,
    activity: str | None,
    seen: str,
) -> None:
    with session.begin_nested() as savepoint:
        store = Store(session, scene)
        for what, given_ in done:
            store.do(what, given_)
        while not service.catch_up(session, 4):
            pass
        assert service.compare(session) == Comparison(0, [])
        student, admin = scene.student.id, scene.admin.id
        scope = {
            "all": Scope(),
            "all but one": Scope(hidden=(admin,)),
            "one": Scope(accounts=(student,)),
            "none": Scope((student,), (student,)),
        }[seen]
        since, until = (
            start_of_day((START + timedelta(days=day)).date(), ZoneInfo(zone))
            for day in (first, first + days)
        )
        span = Span(since, until, zone, None, verb, activity, scope)
        _same(chart_rollups.read(session, span), chart_queries.read(session, span))
        savepoint.rollback()
    session.expire_all()


def _report(verb: str, duration: str, ago: int = 0, **changes: Any) -> dict[str, Any]:
    return statement(
        verb={"id": ADL + verb},
        result={"duration": duration},
        timestamp=(clock.now() - timedelta(days=ago)).isoformat(),
        context={"registration": REGISTRATION},
        **changes,
    )


def test_what_counts_is_decided_within_the_period(scene: Scene, session: Session) -> None:
    """Sessions of long ago say nothing of a period that holds only the completion."""
    keep(session, _report("terminated", "PT1H", ago=200), _report("completed", "PT5M"))
    assert charts(session, SYSTEM, ZONE, 365).learning_seconds == 3600
    assert charts(session, SYSTEM, ZONE, 30).learning_seconds == 300


def test_a_chart_reads_no_statement_that_is_added_up(scene: Scene, session: Session) -> None:
    keep(session, _report("completed", "PT5M"))
    charts(session, SYSTEM, ZONE, 365)
    with statements_of(session.connection()) as seen:
        assert charts(session, SYSTEM, ZONE, 365).statements == 1
    assert len([one for one in seen if "xapi_statements" in one]) == 1, seen  # whether there are newer ones
    assert not [one for one in seen if "xapi_statements s" in one], seen


def test_what_is_not_added_up_in_one_go_is_read_from_the_statements(
    scene: Scene, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(session, *(_report("completed", "PT5M") for _ in range(5)))
    monkeypatch.setattr(service.catch_up, "__defaults__", (2,))
    for _ in range(4):
        assert charts(session, SYSTEM, ZONE, 30).statements == 5
    assert session.scalar(text("SELECT sum(statements) FROM xapi_rollup_quarters")) == 5


def test_a_deleted_statement_has_all_added_up_again(live_database: Database, live_settings: Settings) -> None:
    """The system deletes none; its operator may."""
    with live_database.begin() as session:
        keep(session, _report("completed", "PT5M"), _report("passed", "PT5M"))
    with live_database.begin() as session:
        assert charts(session, SYSTEM, ZONE, 30).statements == 2
    for deletion, left in (
        ("DELETE FROM xapi_statements WHERE verb LIKE '%passed'", 1),
        ("TRUNCATE xapi_statements", 0),
    ):
        with psycopg.connect(libpq_url(live_settings.owner_database_url)) as owner:
            owner.execute(deletion)
        with live_database.begin() as session:
            assert charts(session, SYSTEM, ZONE, 30).statements == left
            assert service.compare(session).differences == 0


@pytest.fixture
def damaged(scene: Scene, session: Session) -> None:
    keep(session, statement(timestamp="2026-05-04T13:17:00Z", result={"duration": "PT5M"}))
    service.catch_up(session)
    session.execute(text("UPDATE xapi_rollup_parts SET statements = 3"))
    session.execute(text("UPDATE xapi_rollup_quarters SET seconds = 7"))


def test_a_difference_is_named_and_put_right(damaged: None, session: Session) -> None:
    assert service.last_check(session) is None
    found = service.check(session)
    assert found.differences == 2
    at = f"of {ADL}completed in the quarter hour from 2026-05-04 13:15 UTC"
    assert f"One attempt {at}: 3 kept with 300 seconds, 1 stored with 300" in found.named
    assert f"All statements {at}: 1 kept with 7 seconds, 1 stored with 300" in found.named
    last = service.last_check(session)
    assert last is not None
    assert (last.differences, last.named) == (2, found.named)

    assert service.restart(session) == 2
    assert service.last_check(session) is None
    assert service.catch_up(session)
    assert service.compare(session).differences == 0


def test_operations_names_a_difference(damaged: None, session: Session, scene: Scene, signed_in: Any) -> None:
    staff = signed_in(scene.admin)
    assert "Charts differ from the statements" not in staff.get("/operations").text
    service.check(session)
    page = staff.get("/operations").text
    assert "Charts differ from the statements" in page
    assert "3 kept with 300 seconds" in page


def test_one_that_is_voided_while_it_is_added_up_is_taken_off_once(live_database: Database) -> None:
    """Voiding waits neither for who adds up nor is it forgotten by them."""
    with live_database.begin() as session:
        keep(
            session,
            statement(timestamp=clock.now().isoformat()),
            statement(timestamp=clock.now().isoformat()),
        )
    with live_database.begin() as adding:
        queries.hold(adding, writing=True)
        with live_database.begin() as voiding:
            first = "SELECT min(id) FROM xapi_statements"
            voiding.execute(text(f"UPDATE xapi_statements SET is_voided = true WHERE id = ({first})"))
            assert adding.scalar(text("SELECT count(*) FROM xapi_statements WHERE is_voided")) == 0
            assert queries.add(adding, queries.FIRST_KEY, 10) == 2
    with live_database.begin() as session:
        assert session.scalar(text("SELECT sum(statements) FROM xapi_rollup_quarters")) == 2
        assert service.compare(session).differences == 0
        assert service.catch_up(session)
        assert session.scalar(text("SELECT sum(statements) FROM xapi_rollup_quarters")) == 1
        assert service.compare(session).differences == 0
