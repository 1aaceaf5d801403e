"""Every list of the system in every format, and added up by everything it offers."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.db.models import Enrollment, FinalGrade, ProgressReview, User
from app.school.service import PolicyKind, policies
from app.web import formats
from tests.factories.school import School

LISTS = {
    "/people": ["role"],
    "/people/deleted": [],
    "/people/contacts": [],
    "/people/name-requests": [],
    "/people/notes": [],
    "/admissions": ["program", "state", "month"],
    "/admissions/documents": ["kind", "standing"],
    "/programs": [],
    "/enrollments": ["program", "status", "month"],
    "/enrollments/class-list": ["program", "month"],
    "/enrollments/graduation": [],
    "/enrollments/withdrawals": [],
    "/enrollments/leaves": [],
    "/attendance": ["student", "program", "month"],
    "/attendance/students": [],
    "/grades": ["class", "letter", "program"],
    "/academic-progress": ["state", "program"],
    "/queue": ["kind"],
    "/inspections": [],
    "/outcomes/graduates": ["outcome", "program"],
    "/privacy": [],
    "/privacy/disclosures": [],
    "/privacy/directory": [],
    "/externships": ["state", "site", "program"],
    "/externships/hours": ["student", "site", "state"],
    "/externships/sites": [],
    "/skills": ["program"],
    "/skills/attempts": [],
    "/audit": ["what", "who"],
    "/outbox": [],
    "/lrs/keys": [],
    "/lrs/keys/launches": [],
    "/lrs/forwarding": [],
    "/lrs/imports": [],
    "/operations": [],
}


@pytest.fixture
def office(session: Session, school: School, signed_in: Callable[[User], TestClient]) -> TestClient:
    ana = school.student(full_name="Ana Núñez")
    enrollment = school.enrollment(ana, progress_pct=40)
    # The last evening of October at the school; in November by UTC.
    school.attendance(
        enrollment,
        clock_in=datetime(2026, 11, 1, 1, tzinfo=UTC),
        clock_out=datetime(2026, 11, 1, 2, 30, tzinfo=UTC),
    )
    school.student(deleted_at=datetime(2026, 1, 1, tzinfo=UTC))
    _graded(session, school, enrollment)
    history.record(session, None, Action.PROGRAM_CREATED, 1, name="=1+1")
    return signed_in(school.admin())


def _graded(session: Session, school: School, enrollment: Enrollment) -> None:
    day = date(2026, 10, 30)
    session.add(
        FinalGrade(
            class_id=school.school_class(students=[enrollment]).id,
            enrollment_id=enrollment.id,
            letter="B",
            percent=Decimal("87.5"),
            gpa_weight=Decimal(1),
            policy_id=policies.at(session, PolicyKind.GRADING, day).id,
            graded_on=day,
            explanation="All of it.",
        )
    )
    session.add(
        ProgressReview(
            enrollment_id=enrollment.id,
            checkpoint_pct=25,
            reviewed_on=day,
            policy_id=policies.at(session, PolicyKind.ACADEMIC_PROGRESS, day).id,
            state="warning",
            attended_minutes=90,
            scheduled_minutes=180,
            elapsed_days=60,
            pace_pct=Decimal(50),
            explanation="Pace: 50%.",
        )
    )
    session.flush()


def test_the_lists_of_grades_and_progress_have_rows(office: TestClient) -> None:
    assert [row["letter"] for row in office.get("/grades?format=json").json()["rows"]] == ["B"]
    assert [row["state"] for row in office.get("/academic-progress?format=json").json()["rows"]] == [
        "warning"
    ]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_comes_in_every_format(office: TestClient, path: str) -> None:
    found = office.get(f"{path}?format=json").json()
    labels = [column["label"] for column in found["columns"]]
    rows = len(found["rows"])
    text = office.get(f"{path}?format=csv").content.decode("utf-8-sig")
    header = text.partition("\r\n")[0]
    assert all(label in header for label in labels)
    assert not {"E-mail", "E-mail address"} & set(labels)
    book = CalamineWorkbook.from_filelike(io.BytesIO(office.get(f"{path}?format=xlsx").content))
    assert len(book.get_sheet_by_index(0).to_python()) >= rows + 1


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in LISTS.items() for name in names])
def test_a_list_is_added_up_by_what_it_offers(office: TestClient, path: str, name: str) -> None:
    assert office.get(f"{path}?group={name}").status_code == 200
    assert office.get(f"{path}?group={name}&sort=-group&format=csv").status_code == 200
    total = len(office.get(f"{path}?format=json").json()["rows"])
    groups = office.get(f"{path}?group={name}&format=json").json()["rows"]
    # Looking at the audit trail leaves rows in it.
    assert sum(group["count"] for group in groups) - total in ((0, 1) if path == "/audit" else (0,))


def test_hours_are_added_up_by_the_months_of_the_school(office: TestClient) -> None:
    found = office.get("/attendance?group=month&format=json").json()
    assert found["rows"] == [{"group": "2026-10", "count": 1, "total_minutes": 90}]
    assert found["columns"][2]["unit"] == "minutes"
    assert formats.duration_minutes(90) in office.get("/attendance?group=month").text


def test_a_file_says_by_what_the_list_was_narrowed(office: TestClient) -> None:
    about = office.get("/enrollments?status=active&q=nunez&format=json").json()["about"]
    assert about["Search"] == "nunez"
    assert about["Status"].startswith("Active")
    hours = office.get("/attendance?from=2026-10-01&to=2026-10-31&state=complete&format=json").json()
    assert (hours["about"]["From"], hours["about"]["Status"]) == ("2026-10-01", "Complete")
    assert [row["minutes"] for row in hours["rows"]] == [90]
