"""Graduation: what is missing, why the registrar decided, and a class at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.permissions import Duty, Subject
from app.db.models import AttendanceCorrection, AuditEntry, Enrollment, EnrollmentStatus, GraduationDecision
from app.db.session import Database
from app.enrollment import service as enrollment
from app.enrollment.graduation import service
from app.rules.graduation import Requirement, State, may_graduate
from tests.documented.test_queries import block
from tests.enrollment.conftest import NOW
from tests.factories.school import School, subject_of

ZONE, TODAY = ZoneInfo("America/New_York"), date(2026, 5, 4)
Browser = Callable[[Subject], TestClient]


@pytest.fixture
def registrar(school: School) -> Subject:
    return replace(subject_of(school.instructor(full_name="Rita")), duties=frozenset({Duty.REGISTRAR}))


def studied(school: School, name: str, *, hours: int = 2, required: int = 2) -> Enrollment:
    """An enrollment with every lesson done and this many hours of those required."""
    program = school.program(clock_hours=required)
    record = school.enrollment(school.student(full_name=name), program, progress_pct=100)
    school.completion(record, school.lesson(school.module(program)))
    if hours:
        school.attendance(record, NOW - timedelta(days=30), minutes=hours * 60)
    return record


@given(st.lists(st.sampled_from(State), max_size=6), st.sampled_from([None, "", "As agreed"]))
def test_what_is_missing_needs_a_reason_and_nothing_else_does(
    states: list[State], reason: str | None
) -> None:
    lines = [Requirement(f"r{n}", f"R{n}", state, "Because.") for n, state in enumerate(states)]
    decision = may_graduate(lines, reason)
    assert decision.allowed is (State.MISSING not in states or bool(reason))
    assert all(line.title in decision.reason for line in lines if line.state is State.MISSING)


def test_the_checklist_says_what_is_missing_and_stays_with_the_decision(
    session: Session, school: School, registrar: Subject, browser: Browser
) -> None:
    record = studied(school, "Maria Lopez", hours=2, required=3)
    lines = {one.name: one for one in service.checklist(session, registrar, record.id, TODAY, ZONE)}
    assert {name: str(line.state) for name, line in lines.items()} == {
        "progress": "met",
        "hours": "missing",
        "externship": "unknown",
        "grades": "unknown",
        "balance": "unknown",
    }
    assert lines["hours"].number == "2\u00a0h of 3\u00a0h"
    assert "1\u00a0h to go" in lines["hours"].sentence
    with pytest.raises(Conflict, match="Missing: Hours"):
        enrollment.complete(session, registrar, record.id, today=TODAY, zone=ZONE)
    enrollment.complete(
        session, registrar, record.id, today=TODAY, zone=ZONE, exception="An hour at another campus"
    )
    kept = session.get_one(GraduationDecision, record.id)
    assert (kept.exception, kept.decided_by) == ("An hour at another campus", registrar.user_id)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "enrollment.completed")).one()
    assert entry.reason == "An hour at another campus"
    assert entry.details["checklist"] == kept.checklist
    assert [line["state"] for line in kept.checklist if line["name"] == "hours"] == ["missing"]
    # Later hours change nothing about what the decision rested on.
    school.attendance(record, NOW - timedelta(days=29), minutes=60)
    page = browser(subject_of(record.user)).get(f"/enrollments/{record.id}").text
    assert "An hour at another campus" in page
    assert "2\u00a0h of 3\u00a0h" in page
    with pytest.raises(NotFound):
        service.checklist(session, subject_of(school.student()), record.id, TODAY, ZONE)


def test_hours_from_another_school_count_toward_those_that_the_program_requires(
    session: Session, school: School, registrar: Subject
) -> None:
    record = studied(school, "Maria Lopez", hours=2, required=3)
    transfer = {"kind": "transfer", "origin": "Savannah Dental School", "reason": "Transcript"}
    asked = {"user_id": record.user_id, "enrollment_id": record.id, "asked_by": school.admin().id, **transfer}
    session.add(AttendanceCorrection(minutes=120, **asked))
    session.flush()
    (waiting,) = (
        one for one in service.checklist(session, registrar, record.id, TODAY, ZONE) if one.name == "hours"
    )
    assert waiting.state is State.MISSING, "nobody has approved them"
    approved = {"decided_by": registrar.user_id, "decided_at": NOW, "outcome": "approved"}
    session.add(AttendanceCorrection(minutes=60, **asked, **approved))
    session.flush()
    (hours,) = (
        one for one in service.checklist(session, registrar, record.id, TODAY, ZONE) if one.name == "hours"
    )
    assert (hours.state, hours.number) == (State.MET, "3\u00a0h of 3\u00a0h")
    assert "1\u00a0h of them at another school" in hours.sentence


def test_the_list_is_the_documented_query(school: School, session: Session, browser: Browser) -> None:
    for number, name in enumerate(("Ann", "Bo", "Cy")):
        studied(school, name, hours=number)
    school.enrollment(school.student(full_name="Not Yet"), progress_pct=99)
    documented = session.execute(text(block("Find students eligible for graduation"))).all()
    admin = browser(subject_of(school.admin()))
    items = admin.get("/api/v1/enrollments/eligible-for-graduation").json()["items"]
    assert sorted((item["full_name"], item["program"]) for item in items) == sorted(map(tuple, documented))
    page = admin.get("/enrollments/graduation?format=csv").text
    assert [
        line.rsplit(",", 1)[1].strip() for line in page.splitlines() if line.startswith(("Ann", "Cy"))
    ] == [
        "Hours",
        "Nothing",
    ]


def test_a_class_graduates_by_preview_each_student_by_itself(
    session: Session, school: School, registrar: Subject, browser: Browser
) -> None:
    ready, lacking, here = studied(school, "Ann"), studied(school, "Bo", hours=1), studied(school, "Cy")
    made = school.school_class(
        students=[ready, lacking, here], program=school.session.get_one(type(ready.program), ready.program_id)
    )
    school.attendance(here, clock.now() - timedelta(hours=1), clock_out=None)
    lines = {line.full_name: line for line in service.preview(session, registrar, made.id, TODAY, ZONE)}
    assert {name: line.ready for name, line in lines.items()} == {"Ann": True, "Bo": False, "Cy": False}
    assert "clocked in" in lines["Cy"].objections[0]
    outcomes = service.graduate(
        session, registrar, made.id, [one.id for one in (ready, lacking, here)], TODAY, ZONE
    )
    assert {one.full_name: one.graduated for one in outcomes} == {"Ann": True, "Bo": False, "Cy": False}
    assert "Missing: Hours" in next(one.sentence for one in outcomes if one.full_name == "Bo")
    states = {one: session.get_one(Enrollment, one.id).status for one in (ready, lacking, here)}
    assert [states[one] for one in (ready, lacking, here)] == [
        EnrollmentStatus.COMPLETED,
        EnrollmentStatus.ACTIVE,
        EnrollmentStatus.ACTIVE,
    ]
    assert session.scalars(select(GraduationDecision.enrollment_id)).all() == [ready.id]
    # Again, nothing happens twice; another's class is not found; other duties are refused.
    (again,) = service.graduate(session, registrar, made.id, [ready.id], TODAY, ZONE)
    assert not again.graduated
    teacher = subject_of(school.instructor())
    with pytest.raises(NotFound):
        service.preview(session, teacher, made.id, TODAY, ZONE)
    with pytest.raises(Forbidden):
        service.graduate(session, teacher, made.id, [lacking.id], TODAY, ZONE)
    assert browser(subject_of(school.student())).get(f"/classes/{made.id}/graduation").status_code == 403


def test_two_who_graduate_the_same_class_at_once(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        records = [studied(school, name) for name in ("Ann", "Bo", "Cy")]
        made = school.school_class(program=records[0].program, students=records)
        people = [replace(subject_of(school.instructor()), duties=frozenset({Duty.REGISTRAR})) for _ in "12"]
        numbers = [record.id for record in records]
    together = Barrier(2)

    def act(subject: Subject) -> list[bool]:
        with live_database.begin() as session:
            together.wait()
            outcomes = service.graduate(session, subject, made.id, numbers, TODAY, ZONE)
            return [one.graduated for one in outcomes]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(act, people)
    assert sum(first) + sum(second) == 3
    with live_database.begin() as session:
        assert len(session.scalars(select(GraduationDecision)).all()) == 3


@pytest.mark.parametrize(
    ("duty", "hidden"),
    [(Duty.REGISTRAR, set()), (Duty.ADMISSIONS, {"grades"}), (Duty.BURSAR, {"grades"})],
)
def test_the_checklist_leads_where_the_person_may_go(
    session: Session, school: School, duty: Duty, hidden: set[str]
) -> None:
    record = studied(school, "Maria Lopez")
    staff = replace(subject_of(school.instructor()), duties=frozenset({duty}))
    found = service.checklist(session, staff, record.id, TODAY, ZONE)
    known = {one.name: one.href for one in found if one.name not in ("balance", "progress")}
    assert {name for name, href in known.items() if not href} == hidden
