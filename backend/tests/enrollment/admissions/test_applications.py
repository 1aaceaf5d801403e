"""Applicants who become students without typing twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.accounts.access import links
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import Duty, Role, Subject
from app.db.models import AccountLink, Application, Enrollment, OutboxMessage, Program, StudentProfile, User
from app.db.session import Database
from app.enrollment import service as enrollment
from app.enrollment.admissions.applications import service
from app.enrollment.admissions.applications.schemas import AcceptForm, ApplicationForm, WantsForm
from app.settings import Settings
from app.web.paging import Paging
from tests.enrollment.admissions.conftest import TODAY, SignedIn
from tests.factories.school import School

YES = AcceptForm(reason="All documents are here", enroll=True)
NINA = {
    "first_name": "Nina",
    "last_name": "Neu",
    "email": "nina@example.org",
    "birth_date": date(2001, 2, 3),
    "phone": "(404) 555-0134",
}


@pytest.fixture
def program(school: School) -> Program:
    return school.program()


def nina(program: Program, **more: object) -> ApplicationForm:
    return ApplicationForm.model_validate(NINA | {"program_id": program.id} | more)


def accept(session: Session, subject: Subject, settings: Settings, record: Application) -> Application:
    return service.accept(session, subject, settings, record.id, YES, TODAY)


def test_from_the_first_word_to_the_enrollment(
    session: Session, settings: Settings, office: Subject, program: Program
) -> None:
    record = service.apply(session, office, nina(program, wanted_start=date(2026, 8, 3)), TODAY)
    person = session.get_one(User, record.user_id)
    assert (person.full_name, person.role, accounts.status_of(person)) == (
        "Nina Neu",
        Role.STUDENT,
        "applicant",
    )
    profile = session.scalars(select(StudentProfile).where(StudentProfile.user_id == person.id)).one()
    assert (profile.last_name, profile.birth_date) == ("Neu", date(2001, 2, 3))
    assert not session.scalars(select(AccountLink).where(AccountLink.user_id == person.id)).all()
    service.wait_for_documents(session, office, record.id)
    assert record.state == "documents"
    accept(session, office, settings, record)
    assert (record.state, record.decided_by, record.reason) == ("accepted", office.user_id, YES.reason)
    assert accounts.status_of(person) == "invited"
    enrolled = session.get_one(Enrollment, record.enrollment_id)
    assert (enrolled.user_id, enrolled.program_id) == (person.id, program.id)
    mails = select(OutboxMessage).where(OutboxMessage.to_address == person.email)
    assert len(session.scalars(mails).all()) == 1


def test_an_applicant_has_no_way_in(
    session: Session,
    settings: Settings,
    office: Subject,
    program: Program,
    school: School,
    signed_in: SignedIn,
) -> None:
    record = service.apply(session, office, nina(program), TODAY)
    links.send_reset(session, settings, "nina@example.org")
    desk = signed_in(school.admin())
    answer = desk.post(f"/people/{record.user_id}/link")
    assert answer.status_code == 409
    assert "applicant" in answer.text
    moved = {"full_name": "Nina Neu", "email": "nina.neu@example.org", "role": "student"}
    assert desk.post(f"/people/{record.user_id}/edit", data=moved).status_code == 303
    assert desk.post(f"/people/{record.user_id}/edit", data=moved | {"role": "instructor"}).status_code == 409
    assert not session.scalars(select(OutboxMessage)).all()
    assert not session.scalars(select(AccountLink)).all()
    with pytest.raises(Invalid, match="is an applicant"):
        enrollment.enroll(session, office, user_id=record.user_id, program_id=program.id, today=TODAY)


@pytest.mark.parametrize("ending", [service.decline, service.withdraw_application])
def test_who_is_not_accepted_gets_no_account(
    session: Session,
    settings: Settings,
    office: Subject,
    program: Program,
    ending: Callable[[Session, Subject, int, str], Application],
) -> None:
    record = service.apply(session, office, nina(program), TODAY)
    ending(session, office, record.id, "Too far away")
    assert accounts.status_of(session.get_one(User, record.user_id)) == "applicant"
    with pytest.raises(Conflict, match="already"):
        accept(session, office, settings, record)
    again = service.apply_for(session, office, record.user_id, WantsForm(program_id=program.id))
    accept(session, office, settings, again)
    assert accounts.status_of(session.get_one(User, record.user_id)) == "invited"


def test_a_former_student_applies_again_and_keeps_the_account(
    session: Session, settings: Settings, office: Subject, school: School, program: Program
) -> None:
    student = school.student(hashed_password="$2b$04$" + "a" * 53)
    record = service.apply_for(session, office, student.id, WantsForm(program_id=program.id))
    accept(session, office, settings, record)
    assert accounts.status_of(student) == "active"
    assert not session.scalars(select(OutboxMessage)).all()


# Duplicates


def test_a_known_address_leads_to_the_person(
    session: Session, office: Subject, school: School, program: Program
) -> None:
    known = school.student(email="nina@example.org", full_name="Nina Old")
    [found] = service.who_may_be_the_same(session, office, nina(program))
    assert (found.user.id, found.by) == (known.id, "email")
    with pytest.raises(Conflict, match="Nina Old"):
        service.apply(session, office, nina(program), TODAY)


@pytest.mark.parametrize("name", [{"first_name": "NÍNA"}, {"first_name": "nina", "last_name": "neu"}])
def test_the_same_name_and_birth_date_is_asked_about(
    session: Session, office: Subject, program: Program, name: dict[str, object]
) -> None:
    service.apply(session, office, nina(program), TODAY)
    second = nina(program, email="other@example.org", **name)
    with pytest.raises(Conflict, match="birth date"):
        service.apply(session, office, second, TODAY)
    service.apply(session, office, second.model_copy(update={"is_another": True}), TODAY)
    twin = nina(program, email="third@example.org", birth_date=date(2001, 2, 4))
    service.apply(session, office, twin, TODAY)


def test_the_page_shows_who_may_be_the_same(
    session: Session, office: Subject, school: School, program: Program, signed_in: SignedIn
) -> None:
    service.apply(session, office, nina(program), TODAY)
    typed = {**NINA, "birth_date": "2001-02-03", "email": "new@example.org", "program_id": program.id}
    client = signed_in(school.with_duty(Duty.ADMISSIONS))
    answer = client.post("/admissions/new", data=typed)
    assert answer.status_code == 409
    assert "nina@example.org" in answer.text
    assert "This is a different person" in answer.text
    assert client.post("/admissions/new", data=typed | {"is_another": "yes"}).status_code == 303


def test_one_application_for_a_program_is_open_at_a_time(
    session: Session, office: Subject, program: Program
) -> None:
    record = service.apply(session, office, nina(program), TODAY)
    with pytest.raises(IntegrityError, match="uq_applications_open"), session.begin_nested():
        service.apply_for(session, office, record.user_id, WantsForm(program_id=program.id))


@pytest.mark.parametrize("born", [date(2026, 5, 7), date(2013, 1, 1), date(1880, 1, 1)])
def test_a_birth_date_nobody_has(session: Session, office: Subject, program: Program, born: date) -> None:
    with pytest.raises(Invalid):
        service.apply(session, office, nina(program, birth_date=born), TODAY)


def test_an_address_of_the_staff_or_of_a_deleted_person_says_what_to_do(
    session: Session, office: Subject, program: Program, school: School
) -> None:
    school.instructor(email="tess@example.org", full_name="Tess Carter")
    with pytest.raises(Conflict) as refused:
        service.apply(session, office, nina(program, email="tess@example.org"), TODAY)
    assert "Tess Carter already has an account" in refused.value.detail
    school.student(email="gone@example.org", deleted_at=clock.now())
    with pytest.raises(Conflict, match="Restore that account"):
        service.apply(session, office, nina(program, email="gone@example.org"), TODAY)


def test_a_name_that_is_too_long_is_refused_at_its_field(
    session: Session, office: Subject, program: Program
) -> None:
    long = {"first_name": "N" * 100, "middle_name": "N" * 100, "last_name": "N" * 100}
    with pytest.raises(Invalid, match="255 characters") as refused:
        service.apply(session, office, nina(program, **long), TODAY)
    assert [one.field for one in refused.value.errors] == ["last_name"]


# At once, and who


def test_accepted_twice_at_once_one_wins(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        school = School(session)
        program, clerk = school.program(), school.with_duty(Duty.ADMISSIONS)
        subject = Subject(
            clerk.id, clerk.email, clerk.full_name, clerk.role, duties=frozenset({Duty.ADMISSIONS})
        )
        number = service.apply(session, subject, nina(program), TODAY).id
    barrier = Barrier(4)

    def decide(_: int) -> bool:
        try:
            with live_database.begin() as session:
                barrier.wait()
                service.accept(session, subject, live_settings, number, YES, TODAY)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(decide, range(4))) == [False, False, False, True]
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Enrollment)) == 1
        assert session.scalar(select(func.count()).select_from(AccountLink)) == 1


def test_only_admissions_decide(
    session: Session, settings: Settings, office: Subject, program: Program, duty: Callable[[Duty], Subject]
) -> None:
    record = service.apply(session, office, nina(program), TODAY)
    for other in (Duty.AUDITOR, Duty.BURSAR, Duty.INSTRUCTOR):
        with pytest.raises(Forbidden):
            accept(session, duty(other), settings, record)
    with pytest.raises(Forbidden):
        service.list_applications(session, duty(Duty.BURSAR), Paging())
    assert service.list_applications(session, duty(Duty.AUDITOR), Paging()).page().total == 1


def test_the_desk(
    session: Session, office: Subject, school: School, program: Program, signed_in: SignedIn
) -> None:
    record = service.apply(session, office, nina(program), TODAY)
    client = signed_in(school.with_duty(Duty.ADMISSIONS))
    assert "Nina Neu" in client.get("/admissions").text
    assert "Nina Neu" not in client.get("/admissions?state=declined").text
    assert "Nina Neu" in client.get("/search?q=nina").text
    assert client.get(f"/admissions/{record.id}").status_code == 200
    assert client.post(f"/admissions/{record.id}/accept", data={"reason": ""}).status_code == 422
    assert client.post(f"/admissions/{record.id}/documents").status_code == 303
    assert client.post(f"/admissions/{record.id}/decline", data={"why": "Too far"}).status_code == 303
    assert client.post(f"/admissions/{record.id}/accept", data={"reason": "Yes"}).status_code == 409
    assert client.get("/admissions/999999").status_code == 404
