"""Outcome counts balance whatever the dates, fiscal years have no gap, and a record of employment is never changed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.outcomes import service
from app.compliance.outcomes.schemas import OutcomeForm
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import Duty, Subject
from app.db.models import (
    AuditEntry,
    EmploymentOutcome,
    Enrollment,
    EnrollmentStatus,
    User,
    Withdrawal,
)
from app.db.models import School as SchoolRow
from app.rules.outcomes import NAMES, Counts, Ending, Enrolled, Placement, belongs, count
from app.school import service as schools
from app.web.paging import Paging
from tests.compliance.privacy.conftest import TODAY
from tests.factories.school import School, subject_of

DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
SPANS = st.builds(
    Enrolled,
    DAYS,
    st.none() | DAYS,
    st.none() | st.sampled_from(Ending),
    st.none() | st.sampled_from(Placement),
)


@given(st.lists(SPANS, max_size=40), DAYS, st.integers(0, 800))
def test_the_counts_of_any_year_balance(spans: list[Enrolled], first: date, length: int) -> None:
    last = first + timedelta(days=length)
    found = count(spans, first, last)
    assert found.balanced, found
    # The next year carries in exactly those who were still enrolled.
    following = count(spans, last + timedelta(days=1), last + timedelta(days=366))
    assert following.carried_in == found.still_enrolled
    # Each enrollment counts by itself: programs add up to the school.
    assert sum((count([one], first, last) for one in spans), Counts()) == found
    for one in spans:
        assert len(belongs(one, first, last)) in (0, 2, 3)
        assert set(belongs(one, first, last)) <= set(NAMES)


CASES = [
    # enrolled, ended, how, placement -> what it counts as in FY 2025 (January to December)
    (date(2024, 12, 31), None, None, None, {"carried_in", "still_enrolled"}),
    (date(2025, 1, 1), None, None, None, {"new", "still_enrolled"}),
    (date(2024, 6, 1), date(2024, 12, 31), Ending.COMPLETED, None, set()),
    (date(2024, 6, 1), date(2025, 1, 1), Ending.COMPLETED, None, {"carried_in", "completed", "pending"}),
    (date(2025, 3, 1), date(2025, 12, 31), Ending.WITHDRAWN, None, {"new", "withdrawn"}),
    (date(2025, 3, 1), date(2026, 1, 1), Ending.COMPLETED, Placement.IN_FIELD, {"new", "still_enrolled"}),
    (
        date(2025, 3, 1),
        date(2025, 9, 1),
        Ending.COMPLETED,
        Placement.SEEKING,
        {"new", "completed", "pending"},
    ),
    (
        date(2025, 3, 1),
        date(2025, 9, 1),
        Ending.COMPLETED,
        Placement.IN_FIELD,
        {"new", "completed", "in_field"},
    ),
    (
        date(2025, 3, 1),
        date(2025, 9, 1),
        Ending.COMPLETED,
        Placement.UNAVAILABLE,
        {"new", "completed", "unavailable"},
    ),
    (date(2026, 1, 1), None, None, None, set()),
    # Typed wrongly: ended before it began, so on its first day.
    (date(2025, 3, 1), date(2024, 9, 1), Ending.WITHDRAWN, None, {"new", "withdrawn"}),
]


@pytest.mark.parametrize(("enrolled", "ended", "how", "placement", "expected"), CASES)
def test_what_an_enrollment_counts_as(
    enrolled: date, ended: date | None, how: Ending | None, placement: Placement | None, expected: set[str]
) -> None:
    one = Enrolled(enrolled, ended, how, placement)
    assert set(belongs(one, date(2025, 1, 1), date(2025, 12, 31))) == expected


@pytest.fixture
def graduate(session: Session, school: School, maria: User) -> Enrollment:
    """Maria completed; another left in the evening of December 31 at the school, when it was January by UTC."""
    program = school.program(name="Dental Assistant")
    made = school.enrollment(
        maria,
        program,
        status=EnrollmentStatus.COMPLETED,
        enrolled_at=date(2025, 9, 1),
        completed_at=date(2026, 4, 1),
        progress_pct=100,
    )
    left = school.enrollment(
        school.student(full_name="Leo Left"),
        program,
        status=EnrollmentStatus.WITHDRAWN,
        enrolled_at=date(2025, 10, 1),
    )
    session.add(
        Withdrawal(
            user_id=left.user_id, enrollment_id=left.id, requested_at=datetime(2026, 1, 1, 3, tzinfo=UTC)
        )
    )
    school.enrollment(school.student(full_name="Ana Active"), program, enrolled_at=date(2026, 2, 1))
    session.flush()
    return made


def _employed(**values: object) -> OutcomeForm:
    found = {
        "status": "in_field",
        "employer": "Peachtree Dental",
        "title": "Dental assistant",
        "since": date(2026, 4, 20),
        "evidence": "A signed letter of the employer",
    }
    return OutcomeForm(**(found | values))


def test_counts_from_the_records_and_a_record_that_is_superseded(
    session: Session, registrar: Subject, colleague: Subject, graduate: Enrollment
) -> None:
    def counted(year: str) -> Counts:
        return service.counts(session, registrar, service.year_of(session, registrar, year))[-1].counts

    assert counted("2025") == Counts(new=2, withdrawn=1, still_enrolled=1)
    assert counted("2026") == Counts(carried_in=1, new=1, completed=1, still_enrolled=1, pending=1)
    first = service.record_outcome(
        session, registrar, graduate.id, OutcomeForm(status="seeking", evidence="Called on May 2"), TODAY
    )
    assert counted("2026").pending == 1
    # Two people have the page open: the second reads why, and nothing is overwritten.
    for stale in (None, first.id + 999):
        with pytest.raises(Conflict):
            service.record_outcome(session, colleague, graduate.id, _employed(after=stale), TODAY)
    second = service.record_outcome(session, colleague, graduate.id, _employed(after=first.id), TODAY)
    assert counted("2026") == Counts(carried_in=1, new=1, completed=1, still_enrolled=1, in_field=1)
    assert [
        row.EmploymentOutcome.id for row in service.read_graduate(session, registrar, graduate.id).records
    ] == [
        second.id,
        first.id,
    ]
    (row,) = service.list_graduates(session, registrar, Paging(), outcome="in_field").page().items
    assert (row.full_name, row.employer) == ("Maria Lopez", "Peachtree Dental")
    recorded = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "outcome.recorded").order_by(AuditEntry.id)
    ).all()
    assert [entry.details["status"] for entry in recorded] == ["seeking", "in_field"]
    # The database refuses a second record in the place of the first.
    session.add(
        EmploymentOutcome(
            enrollment_id=graduate.id, status="seeking", evidence="A third", supersedes_id=first.id
        )
    )
    with pytest.raises(IntegrityError):
        session.flush()


def test_what_does_not_belong_together_is_refused(
    session: Session, school: School, registrar: Subject, me: Subject, graduate: Enrollment
) -> None:
    wrong = (
        _employed(employer=None),
        _employed(title=None),
        _employed(since=None),
        _employed(since=TODAY + timedelta(days=1)),
        OutcomeForm(status="unavailable", evidence="Told us"),
    )
    for values in wrong:
        with pytest.raises(Invalid):
            service.record_outcome(session, registrar, graduate.id, values, TODAY)
    active = session.scalars(select(Enrollment.id).where(Enrollment.status == EnrollmentStatus.ACTIVE)).one()
    with pytest.raises(Conflict):
        service.record_outcome(session, registrar, active, _employed(), TODAY)
    auditor = replace(subject_of(school.with_duty(Duty.AUDITOR)), duties=frozenset({Duty.AUDITOR}))
    with pytest.raises(Forbidden):
        service.record_outcome(session, auditor, graduate.id, _employed(), TODAY)
    with pytest.raises(Forbidden):
        service.years(session, me)
    for year in ("1999", "x", "2026-13-01", "99999"):
        with pytest.raises(Invalid, match="not a fiscal year"):
            service.year_of(session, registrar, year)
    assert session.scalars(select(EmploymentOutcome)).all() == []


def test_a_fiscal_year_that_begins_in_july(
    session: Session, registrar: Subject, graduate: Enrollment
) -> None:
    schools.ensure(session, session.info["settings"])
    session.scalars(select(SchoolRow)).one().fiscal_year_month = 7
    session.flush()
    session.expire_all()
    present = service.year_of(session, registrar, None)
    assert (present.name, present.first, present.last) == ("FY 2026", date(2025, 7, 1), date(2026, 6, 30))
    assert service.counts(session, registrar, present)[-1].counts == Counts(
        new=3, completed=1, withdrawn=1, still_enrolled=1, pending=1
    )


def test_the_pages_and_the_files(
    session: Session,
    school: School,
    graduate: Enrollment,
    signed_in: Callable[[User], TestClient],
    tmp_path: Path,
) -> None:
    client = signed_in(school.with_duty(Duty.REGISTRAR))
    page = client.get("/outcomes?year=2026").text
    assert "Carried in + new = completed + withdrawn + still enrolled" in page
    assert f"outcome=pending&amp;program_id={graduate.program_id}" in page
    rows = client.get("/outcomes?year=2026&format=json").json()["rows"]
    assert [row["program"] for row in rows] == ["Dental Assistant", "All programs"]
    assert all(row["completed"] == row["pending"] == 1 for row in rows)
    assert "Carried in" in client.get("/outcomes?format=csv").text
    assert client.get("/outcomes?format=xlsx").content[:2] == b"PK"
    assert client.get("/outcomes?year=nonsense").status_code == 422
    assert client.get("/outcomes/graduates?outcome=rich").status_code == 422
    address = f"/outcomes/graduates/{graduate.id}"
    assert "counts as pending" in client.get(address).text
    bad = client.post(address, data={"status": "in_field", "evidence": "A letter"})
    assert bad.status_code == 422
    assert "Enter the employer." in bad.text
    done = client.post(
        address,
        data={
            "status": "unavailable",
            "reason": "military",
            "since": "2026-04-20",
            "evidence": "Orders seen",
            "after": "",
        },
        follow_redirects=False,
    )
    assert done.status_code == 303
    assert "military service" in client.get(address).text
    assert json.loads(client.get("/outcomes/graduates?format=json&group=outcome").text)["rows"] == [
        {"group": "unavailable", "count": 1}
    ]


def test_the_people_behind_a_count_are_those_whom_it_counts(
    session: Session,
    graduate: Enrollment,
    registrar: Subject,
    maria: User,
    signed_in: Callable[[User], TestClient],
) -> None:
    """A graduate whose account was deleted graduated all the same."""
    before = counted(session, registrar)
    maria.deleted_at = datetime(2026, 5, 2, tzinfo=UTC)
    session.flush()
    assert counted(session, registrar) == before == (1, 1)
    assert service.read_graduate(session, registrar, graduate.id).enrollment.deleted_at == maria.deleted_at
    made = service.record_outcome(session, registrar, graduate.id, _employed(), TODAY)
    assert made.enrollment_id == graduate.id
    page = signed_in(session.get_one(User, registrar.user_id)).get(f"/outcomes/graduates/{graduate.id}").text
    # The page of a deleted person does not open for the registrar, so that nothing leads there.
    assert f'href="/people/{maria.id}"' not in page


def counted(session: Session, subject: Subject) -> tuple[int, int]:
    """Completed in the fiscal year, as a number and as a list."""
    year = service.year_of(session, subject, "2026")
    listed = service.list_graduates(session, subject, Paging(), year=year).total()
    return service.counts(session, subject, year)[-1].counts.completed, listed
