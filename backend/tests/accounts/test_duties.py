"""Duties: who gives them, from when to when they count, and what becomes of them."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import service
from app.accounts.access.service import subject_for
from app.accounts.people.service import update_person
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty, Permission, Role, Subject
from app.db.models import AuditEntry, User, UserDuty
from app.settings import Settings
from tests.accounts.conftest import Make
from tests.factories.accounts import ApiTokenFactory

SignedIn = Callable[[User], TestClient]
DAY = timedelta(days=1)


@pytest.fixture
def today(settings: Settings) -> date:
    return clock.today(settings.zone)


@pytest.fixture
def ada(session: Session, settings: Settings, admin: User) -> Subject:
    """The administrator as the one who asks."""
    return subject_for(session, settings, admin)


@pytest.fixture
def held(session: Session, settings: Settings) -> Callable[[User], frozenset[Duty]]:
    """`held(user)`: the duties of a person as their next request finds them."""
    return lambda user: subject_for(session, settings, user).held


Held = Callable[[User], frozenset[Duty]]


@pytest.fixture
def give(session: Session, settings: Settings, ada: Subject, today: date) -> Callable[..., UserDuty]:
    """`give(user, duty)`: from today on, by the administrator."""

    def by_ada(user: User, duty: Duty, starts_on: date = today, ends_on: date | None = None) -> UserDuty:
        return service.give_duty(
            session, ada, settings, user.id, duty, starts_on=starts_on, ends_on=ends_on, reason="Leave cover"
        )

    return by_ada


Give = Callable[..., UserDuty]


def test_a_role_brings_its_duty_along_until_one_is_given(instructor: User, give: Give, held: Held) -> None:
    assert held(instructor) == {Duty.INSTRUCTOR}
    give(instructor, Duty.REGISTRAR)
    assert held(instructor) == {Duty.INSTRUCTOR, Duty.REGISTRAR}


def test_what_the_role_brought_along_is_ended_like_any_other(
    session: Session, settings: Settings, ada: Subject, instructor: User, give: Give, held: Held
) -> None:
    give(instructor, Duty.AUDITOR)
    lines = service.list_duties(session, ada, settings, instructor.id)
    came_along = next(line for line in lines if line.duty is Duty.INSTRUCTOR)
    service.end_duty(session, ada, settings, came_along.id, reason="Audits from now on")
    assert held(instructor) == {Duty.AUDITOR}


def test_an_auditor_whose_time_is_over_does_not_become_an_instructor(
    session: Session, settings: Settings, ada: Subject, today: date, held: Held
) -> None:
    made = service.create_person(
        session,
        ada,
        settings,
        email="state@example.org",
        full_name="Stella State",
        role=Role.INSTRUCTOR,
        duty=Duty.AUDITOR,
    )
    assert held(made.user) == {Duty.AUDITOR}
    row = session.scalars(select(UserDuty).where(UserDuty.user_id == made.user.id)).one()
    row.starts_on, row.ends_on = today - 9 * DAY, today - DAY
    session.flush()
    assert held(made.user) == frozenset()


def test_both_days_are_included_and_no_other(
    session: Session, instructor: User, today: date, held: Held
) -> None:
    row = UserDuty(
        user_id=instructor.id, duty=Duty.BURSAR, starts_on=today, ends_on=today, reason="One day only"
    )
    session.add(row)
    session.flush()
    assert held(instructor) == {Duty.BURSAR}
    row.starts_on, row.ends_on = today + DAY, None
    session.flush()
    assert held(instructor) == frozenset()
    row.starts_on, row.ends_on = today - 2 * DAY, today - DAY
    session.flush()
    assert held(instructor) == frozenset()


def test_a_duty_is_lost_without_a_new_sign_in(
    session: Session,
    settings: Settings,
    ada: Subject,
    instructor: User,
    client: TestClient,
    signed_in: SignedIn,
    give: Give,
) -> None:
    row = give(instructor, Duty.AUDITOR)
    browser = signed_in(instructor)
    token = "aada_for the audit"
    ApiTokenFactory(session=session, user_id=instructor.id, secret=token, scopes=["academics.read"])
    session.commit()
    bearer = {"Authorization": f"Bearer {token}"}
    assert browser.get(f"/people/{instructor.id}/duties").status_code == 200
    assert client.get("/api/v1/me/duties", headers=bearer).json() == ["instructor", "auditor"]
    service.end_duty(session, ada, settings, row.id, reason="The visit is over")
    session.commit()
    assert browser.get(f"/people/{instructor.id}/duties").status_code == 403
    assert browser.get("/account").status_code == 200
    assert client.get("/api/v1/me/duties", headers=bearer).json() == ["instructor"]


def test_giving_and_ending_stand_in_the_history_with_their_reasons(
    session: Session, settings: Settings, ada: Subject, instructor: User, give: Give
) -> None:
    row = give(instructor, Duty.REGISTRAR)
    service.end_duty(session, ada, settings, row.id, reason="Back from leave")
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("user.duty_")).order_by(AuditEntry.id)
    ).all()
    assert [(entry.action, entry.actor_id, entry.target_id) for entry in entries] == [
        ("user.duty_given", None, str(instructor.id)),
        ("user.duty_given", ada.user_id, str(instructor.id)),
        ("user.duty_ended", ada.user_id, str(instructor.id)),
    ]
    assert [entry.details["duty"] for entry in entries] == ["instructor", "registrar", "registrar"]


def test_nobody_gives_or_ends_their_own(
    session: Session, settings: Settings, ada: Subject, make_user: Make, give: Give, held: Held, today: date
) -> None:
    with pytest.raises(Forbidden):
        service.give_duty(session, ada, settings, ada.user_id, Duty.BURSAR, starts_on=today, reason="Why not")
    deputy = make_user(role=Role.INSTRUCTOR)
    row = give(deputy, Duty.ADMINISTRATOR)
    asking = subject_for(session, settings, deputy)
    with pytest.raises(Forbidden):
        service.end_duty(session, asking, settings, row.id, reason="Enough")
    # An administrator for a week does not become one forever by changing the own role.
    with pytest.raises(Forbidden):
        update_person(session, asking, settings, deputy.id, role=Role.ADMIN)
    assert Duty.ADMINISTRATOR in held(deputy)


def test_an_administrator_by_role_stays_one_whatever_is_given_beside(
    admin: User, make_user: Make, session: Session, settings: Settings, today: date
) -> None:
    other = subject_for(session, settings, make_user(role=Role.ADMIN))
    service.give_duty(session, other, settings, admin.id, Duty.BURSAR, starts_on=today, reason="Helps out")
    assert subject_for(session, settings, admin).held == {Duty.ADMINISTRATOR, Duty.BURSAR}


def test_students_have_no_duties(
    session: Session,
    settings: Settings,
    ada: Subject,
    student: User,
    instructor: User,
    give: Give,
    held: Held,
) -> None:
    with pytest.raises(Conflict, match="duties are for the school"):
        give(student, Duty.AUDITOR)
    give(instructor, Duty.REGISTRAR)
    update_person(session, ada, settings, instructor.id, role=Role.STUDENT)
    assert held(instructor) == frozenset()
    assert {line.state for line in service.list_duties(session, ada, settings, instructor.id)} == {"ended"}
    update_person(session, ada, settings, instructor.id, role=Role.INSTRUCTOR)
    assert held(instructor) == {Duty.INSTRUCTOR}


def test_one_duty_is_not_given_twice_for_one_day(
    session: Session, instructor: User, give: Give, today: date
) -> None:
    give(instructor, Duty.REGISTRAR, today, today + 9 * DAY)
    with pytest.raises(IntegrityError, match="ex_user_duties_overlap"), session.begin_nested():
        give(instructor, Duty.REGISTRAR, today + 9 * DAY)
    give(instructor, Duty.REGISTRAR, today + 10 * DAY)
    give(instructor, Duty.BURSAR, today)


def test_an_ended_duty_leaves_its_days_free(
    session: Session, settings: Settings, ada: Subject, instructor: User, give: Give, held: Held
) -> None:
    row = give(instructor, Duty.REGISTRAR)
    service.end_duty(session, ada, settings, row.id, reason="A mistake")
    with pytest.raises(NotFound):
        service.end_duty(session, ada, settings, row.id, reason="Once more")
    give(instructor, Duty.REGISTRAR)
    assert Duty.REGISTRAR in held(instructor)


def test_a_last_day_may_be_set(
    session: Session, settings: Settings, ada: Subject, instructor: User, give: Give, held: Held, today: date
) -> None:
    row = give(instructor, Duty.REGISTRAR)
    with pytest.raises(Invalid):
        service.end_duty(session, ada, settings, row.id, last_day=today - DAY, reason="Too late")
    service.end_duty(session, ada, settings, row.id, last_day=today, reason="Done tonight")
    assert Duty.REGISTRAR in held(instructor)
    assert row.ends_on == today


@pytest.mark.parametrize(("first", "last"), [(-1, None), (3, 2)])
def test_dates_that_make_no_sense_are_refused(
    instructor: User, give: Give, today: date, first: int, last: int | None
) -> None:
    with pytest.raises(Invalid):
        give(instructor, Duty.BURSAR, today + first * DAY, None if last is None else today + last * DAY)


def test_the_system_may_do_what_an_administrator_may(
    session: Session, settings: Settings, instructor: User, today: date, held: Held
) -> None:
    service.give_duty(
        session, SYSTEM, settings, instructor.id, Duty.EVALUATOR, starts_on=today, reason="Set up by command"
    )
    assert Duty.EVALUATOR in held(instructor)


# Pages


def test_the_list_shows_duties_filters_by_them_and_is_a_file(
    signed_in: SignedIn, admin: User, instructor: User, student: User, give: Give, session: Session
) -> None:
    give(instructor, Duty.REGISTRAR)
    session.commit()
    office = signed_in(admin)
    page = office.get("/people")
    assert "Instructor, Registrar" in page.text.replace("Registrar, Instructor", "Instructor, Registrar")
    shown = office.get("/people?duty=registrar").text
    assert instructor.full_name in shown
    assert student.full_name not in shown
    everybody = office.get("/api/v1/users?duty=administrator").json()["items"]
    assert [person["id"] for person in everybody] == [admin.id]
    assert office.get("/people?duty=janitor").status_code == 422
    file = office.get("/people?format=csv&duty=registrar").text
    assert "Registrar" in file
    assert student.email not in file


def test_an_administrator_gives_and_ends_a_duty_on_the_page(
    signed_in: SignedIn, admin: User, instructor: User, session: Session, today: date, held: Held
) -> None:
    office = signed_in(admin)
    address = f"/people/{instructor.id}/duties"
    sent = {"duty": "auditor", "starts_on": today.isoformat(), "ends_on": "", "reason": "State visit"}
    refused = office.post(address, data=sent | {"reason": ""})
    assert refused.status_code == 422
    assert office.post(address, data=sent).status_code == 303
    again = office.post(address, data=sent)
    assert again.status_code == 409
    assert "has that duty on some of these days already" in again.text
    assert Duty.AUDITOR in held(instructor)
    row = session.scalars(select(UserDuty).where(UserDuty.duty == Duty.AUDITOR)).one()
    assert office.get(f"{address}/{row.id}/end").status_code == 200
    done = office.post(f"{address}/{row.id}/end", data={"reason": "Over"})
    assert done.headers["location"] == f"{address}?saved=ended"
    assert Duty.AUDITOR not in held(instructor)
    assert office.get(f"{address}/{row.id}/end").status_code == 404
    own = office.get(f"/people/{admin.id}/duties")
    assert "You cannot assign or end your own duties" in own.text


def test_a_person_sees_their_own_duties_under_account(
    signed_in: SignedIn, instructor: User, give: Give, session: Session
) -> None:
    give(instructor, Duty.BURSAR)
    session.commit()
    browser = signed_in(instructor)
    assert "Your duties" in browser.get("/account").text
    assert len(browser.get(f"/api/v1/users/{instructor.id}/duties").json()) == 2


def test_a_registrar_keeps_the_accounts_of_students_alone(
    signed_in: SignedIn, make_user: Make, session: Session, student: User, admin: User, give: Give
) -> None:
    registrar = make_user(role=Role.INSTRUCTOR)
    give(registrar, Duty.REGISTRAR)
    session.commit()
    browser = signed_in(registrar)
    assert browser.get(f"/people/{student.id}/edit").status_code == 200
    assert browser.get(f"/people/{admin.id}/edit").status_code == 403
    body = {"full_name": "Nina Neu", "email": "nina@example.org", "role": "student"}
    assert browser.post("/api/v1/users", json=body | {"role": "admin"}).status_code == 403
    assert browser.post("/api/v1/users", json=body).status_code == 201
    assert browser.patch(f"/api/v1/users/{student.id}", json={"role": "admin"}).status_code == 403
    assert browser.patch(f"/api/v1/users/{admin.id}", json={"email": "me@example.org"}).status_code == 403


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    auditor = Subject(1, "a@example.org", "A", Role.INSTRUCTOR, duties=frozenset({Duty.AUDITOR}))
    changing = (
        "change",
        "manage",
        "correct",
        "issue",
        "end",
        "mark_lessons",
        "run",
        "enter",
        "approve",
        "reveal",
        "write",
        "check_off",
        "export",
        "post",
        "record",
        "prepare",
        "sign",
        "excuse",
    )
    for permission in Permission:
        reads = permission.value.partition(".")[2].startswith("read")
        assert reads or permission.value.partition(".")[2] in changing
        # A packet for an inspector is a copy of what an auditor reads.
        if permission is Permission.INSPECTIONS_RUN:
            assert auditor.may(permission)
            continue
        assert auditor.may(permission) == (reads and not permission.value.endswith("own_classes"))
