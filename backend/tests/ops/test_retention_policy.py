"""How long things are kept, as the school decides and is shown it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, retention
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import SYSTEM
from app.core.retention import Kind
from app.db.models import OutboxMessage, PurgeRun
from app.db.session import Database
from app.ops.retention import service
from app.school import policies
from app.school.kinds import PolicyKind, RetentionPolicy
from tests.factories.school import School, subject_of
from tests.ops.conftest import Aada
from tests.ops.old_messages import recorded, subjects, write

TODAY = date(2026, 6, 1)


# The policy


def set_days(session: Session, effective: date = TODAY, **days: object) -> policies.DatedPolicy[Any]:
    return policies.add(
        session,
        SYSTEM,
        PolicyKind.RETENTION,
        effective_from=effective,
        values=days,
        approved_by="Board",
        today=TODAY,
    )


@pytest.mark.parametrize("kind", retention.kinds(), ids=lambda kind: kind.name)
def test_sooner_than_the_rule_is_refused_with_a_sentence_that_names_it(session: Session, kind: Kind) -> None:
    for given in (kind.minimum_days - 1, str(kind.minimum_days - 1)):
        with pytest.raises(Invalid) as refused:
            set_days(session, **{kind.name: given})
        (error,) = refused.value.errors
        assert error.field == kind.name
        assert kind.because in error.message
    assert set_days(session, **{kind.name: kind.minimum_days}).values.days(kind.name) == kind.minimum_days


def test_what_is_about_students_names_ferpa_and_gnpec(session: Session) -> None:
    for name, rule in {"email": "FERPA, 34 CFR 99.10", "imports": "FERPA", "scorm_commits": "GNPEC"}.items():
        with pytest.raises(Invalid, match=rule):
            set_days(session, **{name: 1})


@pytest.mark.parametrize("given", [0, -1, 3651, "x", "", "1e3", "٩٠", 90.5, None, True, [90], {"days": 90}])
def test_days_that_are_none_are_refused(session: Session, given: object) -> None:
    with pytest.raises(Invalid):
        set_days(session, email=given)


def test_a_kind_that_nobody_knows_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="no such value"):
        set_days(session, transcripts=400)


def test_the_policy_of_the_day_counts_and_cannot_be_changed_afterwards(
    live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    with live_database.begin() as session:
        write(session, 61, 3)
        set_days(session, date(2026, 6, 2), email=60)
    assert service.purge(live_database).removed == {}
    now += timedelta(days=1)
    run = service.purge(live_database)
    assert (run.removed, run.policy_version, run.days["email"]) == ({"email": 3}, 2, 60)
    with (
        live_database.begin() as session,
        pytest.raises(Conflict, match="written down by the version in force"),
    ):
        policies.add(
            session,
            SYSTEM,
            PolicyKind.RETENTION,
            effective_from=date(2026, 6, 2),
            values={"email": 90},
            approved_by="Board",
            today=date(2026, 6, 2),
        )


def test_a_version_is_read_as_this_release_knows_its_kinds() -> None:
    read = RetentionPolicy.model_validate({"email": 1, "gone_since": 5})
    assert read.days("email") == 45
    assert read.days("sessions") == 90
    assert "gone_since" not in read.model_dump()


# Pages and commands


@pytest.fixture
def admin(session: Session, signed_in: Callable[..., TestClient]) -> TestClient:
    return signed_in(School(session).admin())


def test_the_page_shows_what_is_due_what_stays_and_why(session: Session, admin: TestClient) -> None:
    write(session, 181, 3)
    page = admin.get("/operations/retention").text
    for words in (
        "3 are due",
        "34 CFR 99.10",
        "180 days",
        "Nothing has been removed yet",
        "Not removed by this policy",
        "GNPEC Standard 6",
        "34 CFR 99.32",
    ):
        assert words in page
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 3
    assert "/operations/retention" in admin.get("/operations").text


def test_the_page_shows_what_went(session: Session, admin: TestClient) -> None:
    session.add(
        PurgeRun(
            started_at=clock.now(),
            finished_at=clock.now(),
            policy_version=4,
            days={},
            removed={"email": 12},
            failed={"jobs": "the disk is full"},
        )
    )
    session.flush()
    page = admin.get("/operations/retention").text
    assert "Email: 12" in page
    assert "Jobs that have ended: the disk is full" in page


def test_the_form_names_the_rule_at_the_field(admin: TestClient) -> None:
    form = {kind.name: str(kind.default_days) for kind in retention.kinds()}
    head = {"effective_from": "2030-01-01", "approved_by": "Board"}
    page = admin.get("/school/policies/retention/new").text
    assert "Messages of the outbox" in page
    refused = admin.post("/school/policies/retention/new", data=head | form | {"email": "44"})
    assert refused.status_code == 422
    assert "Keep this for 45 days or more: A student’s request to see" in refused.text
    assert admin.post("/school/policies/retention/new", data=head | form | {"email": "45"}).status_code == 303
    assert "45 days" in admin.get("/school/policies").text


def test_the_api_names_it_too(admin: TestClient) -> None:
    body = {"effective_from": "2030-01-01", "approved_by": "Board", "values": {"scorm_commits": 30}}
    answer = admin.post("/api/v1/school/policies/retention", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "scorm_commits"
    assert "GNPEC" in answer.json()["detail"]


def test_only_those_who_look_after_the_system_see_it(session: Session) -> None:
    school = School(session)
    for user in (school.student(), school.instructor()):
        for ask in (service.standing, service.runs):
            with pytest.raises(Forbidden):
                ask(session, subject_of(user))


def test_the_command_shows_and_removes(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        write(session, 181, 2)
    status, shown = aada("retention", "status", "--json")
    email = next(row for row in json.loads(shown) if row["kind"] == "email")
    assert (status, email) == (0, {"kind": "email", "days": 180, "minimum_days": 45, "due": 2})
    status, shown = aada("retention", "purge", "--dry-run")
    assert status == 0
    assert "2 due   Email" in shown
    assert len(subjects(live_database)) == 2
    assert recorded(live_database) == []
    status, shown = aada("retention", "purge", "--json")
    assert (status, json.loads(shown)["removed"]) == (0, {"email": 2})
    assert aada("retention", "purge") == (0, "Nothing was due.\n")
    status, shown = aada(
        "policy", "add", "retention", "email=44", "--from", "2030-01-01", "--approved-by", "B"
    )
    assert status == 1
    assert "34 CFR 99.10" in shown
