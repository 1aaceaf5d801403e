"""Who looked: a row for each opening of a student's records, with its purpose, and the student reads it."""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock, history, views
from app.core.actions import Action
from app.core.permissions import Duty, Role, Subject
from app.core.purposes import Purpose
from app.core.views import Part
from app.db.models import AuditEntry, User
from app.desks import disclosures
from app.web.paging import Paging
from tests.factories.accounts import ApiTokenFactory
from tests.factories.school import School, subject_of
from tests.student_page import whole_page

SignedIn = Callable[[User], TestClient]


def rows(session: Session, student: User) -> list[AuditEntry]:
    return list(
        session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action == "record.viewed", AuditEntry.student_id == student.id)
            .order_by(AuditEntry.id)
        )
    )


def test_opening_a_file_leaves_a_row_with_purpose_and_duty(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student = school.admin(), school.student()
    assert signed_in(admin).get(f"/people/{student.id}").status_code == 200
    [row] = rows(session, student)
    assert (row.actor_id, row.actor_name, row.target, row.target_id) == (
        admin.id,
        admin.full_name,
        "users",
        str(student.id),
    )
    assert (row.purpose, row.actor_duty) == ("registration", "administrator")
    assert row.details == {"part": "file"}


def test_opening_it_again_within_an_hour_is_the_same_opening(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student = school.admin(), school.student()
    client = signed_in(admin)
    start = clock.now()
    for minutes, expected in ((0, 1), (30, 1), (59, 1), (61, 2), (120, 2), (122, 3)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get(f"/people/{student.id}").status_code == 200
        assert len(rows(session, student)) == expected, minutes


def test_another_session_another_person_and_another_student_are_rows_of_their_own(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student, other = school.admin(), school.student(), school.student()
    first, second = signed_in(admin), signed_in(admin)
    third = signed_in(school.admin())
    for client in (first, second, third, first):
        client.get(f"/people/{student.id}")
    assert len(rows(session, student)) == 3
    first.get(f"/people/{other.id}")
    assert len(rows(session, other)) == 1


def test_a_row_for_each_part_that_is_opened_by_itself(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student = school.admin(), school.student()
    enrollment = school.enrollment(student)
    client = signed_in(admin)
    for path in (
        f"/enrollments/{enrollment.id}",
        f"/api/v1/enrollments/{enrollment.id}/progress",
        f"/attendance?user_id={student.id}",
        f"/api/v1/users/{student.id}/attempts",
        f"/api/v1/users/{student.id}",
    ):
        assert client.get(path).status_code == 200, path
    assert [row.details["part"] for row in rows(session, student)] == [
        "enrollment",
        "attendance",
        "lessons",
        "file",
    ]


def test_one_record_of_many_is_named(session: Session, school: School, signed_in: SignedIn) -> None:
    student = school.student()
    record = school.attendance(school.enrollment(student))
    signed_in(school.admin()).get(f"/attendance/{record.id}")
    [row] = rows(session, student)
    assert row.details == {"part": "attendance", "record": str(record.id)}


def test_ones_own_records_leave_no_row(session: Session, school: School, signed_in: SignedIn) -> None:
    student = school.student()
    enrollment = school.enrollment(student)
    client = signed_in(student)
    assert client.get(f"/api/v1/enrollments/{enrollment.id}/progress").status_code == 200
    assert client.get("/api/v1/attendance/totals").status_code == 200
    assert rows(session, student) == []


def test_what_was_refused_was_not_opened(session: Session, school: School, signed_in: SignedIn) -> None:
    student = school.student()
    for somebody in (school.student(), school.instructor()):
        assert signed_in(somebody).get(f"/people/{student.id}").status_code == 404
    assert rows(session, student) == []


def test_what_cannot_be_recorded_is_not_shown(
    session: Session, school: School, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = school.student()
    client = signed_in(school.admin())

    def fail(*_args: object, **_kwargs: object) -> None:
        raise DBAPIError("INSERT", None, Exception("the disk is full"))

    monkeypatch.setattr(history, "record_once", fail)
    answer = client.get(f"/people/{student.id}", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert student.full_name not in answer.text


def test_it_costs_one_statement(session: Session, school: School) -> None:
    from tests.queries import counted

    student, subject = school.student(), subject_of(school.admin())
    with counted(session.connection()) as statements:
        accounts.get_person(session, subject, student.id)
    assert sum("audit_log" in one or "history_folds" in one for one in statements) == 1, statements


# The purpose


@pytest.mark.parametrize(
    ("duties", "purpose"),
    [
        ({Duty.REGISTRAR}, Purpose.REGISTRATION),
        ({Duty.INSTRUCTOR}, Purpose.INSTRUCTION),
        ({Duty.BURSAR}, Purpose.BILLING),
        ({Duty.AUDITOR}, Purpose.COMPLIANCE),
        ({Duty.INSTRUCTOR, Duty.REGISTRAR}, Purpose.REGISTRATION),
        (frozenset(), Purpose.SUPPORT),
    ],
)
def test_the_duty_suggests_the_purpose(duties: set[Duty], purpose: Purpose) -> None:
    assert Subject(1, "a@b.example", "A", Role.INSTRUCTOR, duties=frozenset(duties)).purpose is purpose


def test_a_student_has_none() -> None:
    assert Subject(1, "a@b.example", "A", Role.STUDENT).purpose is None


def test_the_purpose_is_chosen_with_one_click_and_kept_for_the_session(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student = school.admin(), school.student()
    client, elsewhere = signed_in(admin), signed_in(admin)
    assert "Registration and records" in client.get("/people").text
    answer = client.post(
        "/account/purpose", data={"purpose": "compliance", "next": f"/people/{student.id}?a=1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people/{student.id}?a=1")
    client.get(f"/people/{student.id}")
    elsewhere.get(f"/people/{student.id}")
    assert [row.purpose for row in rows(session, student)] == ["compliance", "registration"]
    [chosen] = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.purpose_chosen")).all()
    assert chosen.details == {"purpose": ["registration", "compliance"]}


@pytest.mark.parametrize("purpose", ["", "curiosity", "compliance\0"])
def test_another_purpose_is_refused_with_a_sentence(
    school: School, signed_in: SignedIn, purpose: str
) -> None:
    answer = signed_in(school.admin()).post("/account/purpose", data={"purpose": purpose})
    assert answer.status_code == 422
    assert "Choose one of the purposes" in answer.text


def test_where_to_go_next_is_a_page_of_this_site(school: School, signed_in: SignedIn) -> None:
    data = {"purpose": "billing", "next": "https://evil.example/"}
    assert signed_in(school.admin()).post("/account/purpose", data=data).headers["location"] == "/"


def test_a_student_neither_sees_nor_chooses_a_purpose(school: School, signed_in: SignedIn) -> None:
    client = signed_in(school.student())
    assert "/account/purpose" not in client.get("/").text
    assert client.post("/account/purpose", data={"purpose": "billing"}).status_code == 403


def test_a_token_has_the_purpose_of_its_owners_duty(
    session: Session, school: School, client: TestClient
) -> None:
    admin, student = school.admin(), school.student()
    token = ApiTokenFactory(session=session, user_id=admin.id, secret="aada_a-token")
    session.commit()
    headers = {"Authorization": "Bearer aada_a-token"}
    for _ in range(2):
        assert client.get(f"/api/v1/users/{student.id}", headers=headers).status_code == 200
    [row] = rows(session, student)
    assert token.id
    assert row.purpose == "registration"


def test_an_export_says_its_purpose(session: Session, school: School, signed_in: SignedIn) -> None:
    school.student()
    client = signed_in(school.admin())
    client.post("/account/purpose", data={"purpose": "billing"})
    assert client.get("/people?format=csv").status_code == 200
    [row] = session.scalars(select(AuditEntry).where(AuditEntry.action == "report.exported")).all()
    assert (row.purpose, row.actor_duty) == ("billing", "administrator")


# The student reads it


def test_the_student_sees_who_looked_when_and_why(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student, other = school.admin(full_name="Ruth Registrar"), school.student(), school.student()
    signed_in(admin).get(f"/people/{student.id}")
    page = signed_in(student).get("/account/views").text
    for words in ("Ruth Registrar", "Administrator", "Registration and records", "Student file"):
        assert words in page
    assert "Ruth Registrar" not in signed_in(other).get("/account/views").text
    assert "/account/views" in signed_in(student).get("/account").text


def test_the_list_is_paged_searched_and_a_file(session: Session, school: School, signed_in: SignedIn) -> None:
    student = school.student()
    for number in range(30):
        somebody = Subject(1000 + number, "x@y.example", f"Looker {number:02}", Role.ADMIN, session_id=number)
        views._note(session, somebody, Part.FILE, student.id, None)
    session.commit()
    client = signed_in(student)
    page = client.get("/account/views")
    assert "Page 1 of 2" in page.text or "30" in page.text
    assert "Looker 07" in client.get("/account/views?q=looker+07").text
    csv = client.get("/account/views?format=csv").text
    assert csv.count("Looker") == 30
    assert "Registration and records" in csv


def test_nobody_yet(school: School, signed_in: SignedIn) -> None:
    assert "No one has opened your records yet" in signed_in(school.student()).get("/account/views").text


# The audit page


def test_the_audit_page_leaves_views_out_unless_asked(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    admin, student = school.admin(), school.student()
    client = signed_in(admin)
    client.get(f"/people/{student.id}")
    # The sentence stands among the choices once; in the list it is another time.
    assert client.get("/audit").text.count("Student record viewed") == 1
    assert client.get("/audit?views=with").text.count("Student record viewed") == 2
    only = client.get("/audit?views=only").text
    assert only.count("Student record viewed") == 2
    assert "Registration and records (Administrator)" in only
    assert client.get("/audit?action=record.viewed").text.count("Student record viewed") >= 2
    assert client.get("/audit?views=all").status_code == 422
    assert "Left out" in client.get("/audit?format=json").text


def test_the_students_timeline_is_of_what_happened(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    student = school.student()
    client = signed_in(school.admin())
    whole_page(client, student.id)
    assert "Student record viewed" not in whole_page(client, student.id)


# What is declared


DECLARED = Path(__file__).with_name("views.txt")


def test_every_function_that_opens_records_is_known() -> None:
    """A function that is taken out of this list no longer says who looked."""
    declared = sorted(f"{name} {part.value}" for name, part in views.DECLARED.items())
    assert declared == DECLARED.read_text().split("\n")[:-1], "\n".join(declared)


@pytest.mark.parametrize("name", sorted(views.DECLARED))
def test_a_declared_function_takes_session_and_subject(name: str) -> None:
    module, _, function = name.rpartition(".")
    parameters = list(inspect.signature(getattr(importlib.import_module(module), function)).parameters)
    assert parameters[:2] == ["session", "subject"]


def test_old_keys_are_forgotten(session: Session, school: School) -> None:
    student, subject = school.student(), subject_of(school.admin())
    accounts.get_person(session, subject, student.id)
    assert history.forget_folds(session, clock.now() - timedelta(days=1)) == 0
    assert history.forget_folds(session, clock.now() + timedelta(seconds=1)) == 1


def test_the_list_says_what_was_opened(session: Session, school: School) -> None:
    student, registrar = school.student(), subject_of(school.with_duty(Duty.REGISTRAR))
    proved = replace(registrar, proved_at=clock.now())
    for action, reason, details in (
        (Action.IDENTIFIER_REVEALED, "1098-T of 2026", {"kind": "ssn", "last_four": "6789"}),
        (Action.NAME_DOCUMENT_OPENED, None, {}),
        (Action.ADMISSION_DOCUMENT_OPENED, None, {"kind": "CPR card"}),
    ):
        history.record(session, proved, action, 1, student_id=student.id, reason=reason, **details)
    page = disclosures.seen_of_mine(session, subject_of(student), Paging()).page()
    assert [one.what for one in reversed(page.items)] == [
        "Social Security number ending in 6789, shown in full: 1098-T of 2026",
        "The document of a change of your name",
        "CPR card, opened",
    ]


def test_the_list_of_a_student_walks_an_index(session: Session, school: School) -> None:
    student = school.student()
    session.execute(
        text(
            "INSERT INTO audit_log (actor_id, actor_name, action, target, target_id, student_id, purpose)"
            " SELECT n % 30, 'Somebody', 'record.viewed', 'users', (n % 300)::text, 1000000 + n % 300,"
            " 'instruction' FROM generate_series(1, 30000) n"
        )
    )
    listing = disclosures.seen_of_mine(session, subject_of(student), Paging())
    compiled = listing.statement.limit(25).compile(
        session.connection(), compile_kwargs={"literal_binds": True}
    )
    plan = "\n".join(row[0] for row in session.execute(text(f"EXPLAIN {compiled}")))
    assert "idx_audit_log_views" in plan, plan
