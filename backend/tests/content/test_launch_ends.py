"""A launch ends with what allowed it: the session that opened it, the password, the account, the enrollment."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts import service as accounts
from app.accounts.access import links
from app.accounts.access import service as access
from app.accounts.people import service as people
from app.content import service
from app.content.launches import statements
from app.core import clock, history
from app.core.permissions import Duty, Role, Subject
from app.db.models import (
    AuditEntry,
    EnrollmentStatus,
    Launch,
    ScormCommit,
    User,
    UserSession,
    XapiCredential,
)
from app.enrollment import service as enrollment
from tests.content.conftest import Played, School, subject_of
from tests.factories.accounts import ApiTokenFactory
from tests.factories.cmi5 import cmi5_course
from tests.factories.withdrawals import withdraw

Play = Callable[..., Played]
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def admin(school: School) -> Subject:
    person = User(email="ada@school.example", full_name="Ada Admin", role=Role.ADMIN, hashed_password="!")
    school.session.add(person)
    school.session.flush()
    return subject_of(person)


def signed_in(school: School) -> Subject:
    """The student in a session of their own."""
    return access.open_session(school.session, school.settings, school.student, access.Visitor()).subject


def opened(school: School, host: TestClient, subject: Subject) -> Played:
    launch = service.launch(school.session, subject, school.settings, school.lesson.id)
    school.session.commit()
    return Played(host, launch, school.settings.content_origin)


def assert_over(school: School, played: Played, sentence: str) -> None:
    """Nothing more is taken or shown, what was stored stays, and the answer says why."""
    before = school.session.scalar(select(func.count()).select_from(ScormCommit))
    answer = played.send({"seq": 99, "cmi": played.cmi(lesson_status="completed", lesson_location="late")})
    body = answer.json()
    assert (answer.status_code, body["result"], body["errorCode"]) == (401, False, 101)
    assert sentence in body["detail"]
    assert school.session.scalar(select(func.count()).select_from(ScormCommit)) == before
    assert school.attempt().location == "p1"
    for path in ("player", "files/index.html", "vendor/shell.js"):
        assert played.host.get(f"{played.base}/{path}").status_code == 410, path


@pytest.mark.parametrize("end", ["sign out", "end the session", "end all others"])
def test_the_end_of_the_session_ends_its_launches_and_no_others(
    school: School, host: TestClient, end: str
) -> None:
    school.upload(None)
    here, elsewhere = signed_in(school), signed_in(school)
    first = opened(school, host, here)
    first.commit(lesson_location="p1")
    assert here.session_id is not None
    if end == "sign out":
        access.sign_out(school.session, here)
    elif end == "end the session":
        access.revoke_session(school.session, elsewhere, here.session_id)
    else:
        access.revoke_other_sessions(school.session, elsewhere)
    school.session.commit()
    assert_over(school, first, "You signed out")
    second = opened(school, host, elsewhere)
    assert second.commit(lesson_location="p2")["result"] is True


def test_a_new_sign_in_over_the_old_one_ends_its_launches(school: School, host: TestClient) -> None:
    school.upload(None)
    old = access.open_session(school.session, school.settings, school.student, access.Visitor())
    played = opened(school, host, old.subject)
    played.commit(lesson_location="p1")
    access.open_session(
        school.session, school.settings, school.student, access.Visitor(old_secret=old.secret)
    )
    school.session.commit()
    assert_over(school, played, "You signed out")


def test_a_new_password_ends_every_launch_but_those_of_the_session_it_was_set_in(
    school: School, host: TestClient
) -> None:
    school.upload(None)
    here, elsewhere = signed_in(school), signed_in(school)
    theirs = opened(school, host, elsewhere)
    theirs.commit(lesson_location="p1")
    links._put_password(school.session, school.settings, school.student, "!new", here, notify=False)
    school.session.commit()
    assert_over(school, theirs, "Your password was changed")
    mine = opened(school, host, here)
    links._put_password(school.session, school.settings, school.student, "!newer", here, notify=False)
    school.session.commit()
    assert mine.commit(lesson_location="p2")["result"] is True


def test_a_deleted_account_ends_its_launches(school: School, host: TestClient, admin: Subject) -> None:
    school.upload(None)
    played = opened(school, host, signed_in(school))
    played.commit(lesson_location="p1")
    # The student signed in with this session; from here on it is the administrator's.
    history.act_as(school.session, admin)
    accounts.delete_person(school.session, admin, school.student.id)
    school.session.commit()
    answer = played.send({"seq": 99, "cmi": played.cmi(lesson_location="late")})
    assert (answer.status_code, answer.json()["result"]) == (404, False)
    accounts.restore_person(school.session, admin, school.student.id)
    school.session.commit()
    assert_over(school, played, "account")


def test_an_administrator_who_ends_a_session_ends_its_launches(
    school: School, host: TestClient, admin: Subject
) -> None:
    school.upload(None)
    here = signed_in(school)
    played = opened(school, host, here)
    played.commit(lesson_location="p1")
    history.act_as(school.session, admin)
    assert access.end_sessions_of(school.session, admin, school.student.id, here.session_id) == 1
    school.session.commit()
    assert_over(school, played, "You signed out")


def test_a_lost_duty_and_a_lost_role_end_previews_and_the_person_stays_signed_in(
    school: School, host: TestClient, admin: Subject
) -> None:
    session, settings = school.session, school.settings
    school.upload(None)
    teacher = User(
        email="t@school.example", full_name="Tom Teacher", role=Role.INSTRUCTOR, hashed_password="!"
    )
    session.add(teacher)
    session.flush()

    def preview() -> Launch:
        history.act_as(session, None)
        entered = access.open_session(session, settings, teacher, access.Visitor())
        launched = service.launch(session, entered.subject, settings, school.lesson.id, preview=True)
        history.act_as(session, admin)
        return session.get_one(Launch, launched.launch_id)

    first = preview()
    author = accounts.give_duty(
        session, admin, settings, teacher.id, Duty.CONTENT_AUTHOR, starts_on=clock.today(ZONE), reason="Help"
    )
    assert first.ended_at is None
    accounts.end_duty(session, admin, settings, author.id, reason="Done")
    assert first.end_reason == "duty_ended"
    second = preview()
    people.update_person(session, admin, settings, teacher.id, role=Role.STUDENT)
    assert second.end_reason == "duty_ended"
    live = session.scalars(select(UserSession.revoked_at).where(UserSession.user_id == teacher.id)).all()
    assert live == [None, None]


def test_withdrawal_ends_the_students_api_tokens(school: School, admin: Subject) -> None:
    token = ApiTokenFactory(session=school.session, user_id=school.student.id)
    now = clock.now()
    withdraw(school.session, admin, school.enrollment.id, now)
    school.session.refresh(token)
    assert token.revoked_at is not None
    entry = school.session.scalars(select(AuditEntry).where(AuditEntry.action == "api_token.revoked")).one()
    assert (entry.student_id, entry.reason) == (
        school.student.id,
        "Its owner was withdrawn from the program",
    )


def test_withdrawal_ends_the_enrollments_launches(school: School, play: Play, admin: Subject) -> None:
    played = play()
    played.commit(lesson_location="p1")
    now = clock.now()
    withdraw(school.session, admin, school.enrollment.id, now)
    school.session.commit()
    assert_over(school, played, "You are no longer enrolled in this program")


def test_completion_ends_the_enrollments_launches(school: School, play: Play, admin: Subject) -> None:
    played = play()
    played.commit(lesson_status="completed", lesson_location="p1")
    enrollment.complete(
        school.session, admin, school.enrollment.id, today=date(2026, 12, 1), zone=ZONE, exception="As agreed"
    )
    school.session.commit()
    assert_over(school, played, "Your program is completed")
    review = play()
    assert review.launch.review
    assert review.commit(lesson_location="p7")["result"] is True, (
        "nothing is recorded, and that is no trouble"
    )


@pytest.mark.parametrize("status", [EnrollmentStatus.COMPLETED, EnrollmentStatus.WITHDRAWN])
def test_an_enrollment_that_is_not_active_takes_no_commit_even_if_nothing_ended_its_launch(
    school: School, play: Play, status: EnrollmentStatus
) -> None:
    """As in the moment before the launch's end is committed, or in rows that were changed by hand."""
    played = play()
    played.commit(lesson_location="p1")
    school.enrollment.status = status
    school.enrollment.completed_at = date(2026, 12, 1) if status is EnrollmentStatus.COMPLETED else None
    school.session.commit()
    answer = played.send({"seq": 2, "cmi": played.cmi(lesson_status="completed", lesson_location="late")})
    assert (answer.status_code, answer.json()["errorCode"]) == (401, 101)
    assert "What was saved before is kept" in answer.json()["detail"]
    assert school.attempt().location == "p1"


def test_the_record_stores_token_of_a_launch_ends_with_it(school: School, host: TestClient) -> None:
    school.upload(cmi5_course())
    here = signed_in(school)
    played = opened(school, host, here)
    token = played.base.rpartition("/")[2]
    assert "auth-token" in statements.access(school.session, token, school.settings.app_origin)
    school.session.commit()
    credential_id = school.session.get_one(Launch, played.launch.launch_id).credential_id
    assert school.session.get_one(XapiCredential, credential_id).revoked_at is None
    access.sign_out(school.session, here)
    school.session.commit()
    school.session.expire_all()
    assert school.session.get_one(XapiCredential, credential_id).revoked_at is not None
