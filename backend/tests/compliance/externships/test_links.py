"""Supervisors' links: one week, once, by whoever it was sent to."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.compliance.externships.hours import service as hours
from app.compliance.externships.links import service
from app.compliance.externships.links.schemas import EvaluationForm, WeekForm
from app.compliance.externships.sites import service as sites
from app.compliance.externships.sites.schemas import SupervisorForm
from app.compliance.externships.weeks import service as weeks
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem, TooManyRequests
from app.core.tokens import hash_token
from app.db.models import (
    AuditEntry,
    Externship,
    ExternshipEvaluation,
    ExternshipHours,
    ExternshipLink,
    ExternshipRubric,
    OutboxMessage,
)
from app.db.session import Database
from app.settings import Settings
from tests.compliance.externships.conftest import NOW
from tests.compliance.externships.test_hours import hours as fields
from tests.conftest import OneConnection
from tests.factories import externships as factory
from tests.factories.externships import ZONE, Placed, placed
from tests.factories.school import School, subject_of

MONDAY, TUESDAY = date(2026, 5, 4), date(2026, 5, 5)
IP = "198.51.100.7"


def look(extern: Placed, secret: str) -> service.WeekView:
    return service.look(extern.session, secret, None, ZONE)


def confirm(extern: Placed, secret: str, **given: Any) -> bool:
    seen = given.pop("seen", None) or look(extern, secret).seen
    return service.confirm(extern.session, secret, None, WeekForm(seen=seen, **given), ZONE, IP)


def mails(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def test_a_week_is_sent_seen_and_confirmed_but_for_the_day_that_is_wrong(
    extern: Placed, session: Session
) -> None:
    good, bad = extern.logged(MONDAY), extern.logged(TUESDAY)
    outside = extern.logged(date(2026, 4, 28))
    weeks.send_week(session, extern.own, extern.id, TUESDAY, ZONE)
    (mail,) = mails(session)
    assert mail.to_address == extern.supervisor.email
    assert "Ana A." in mail.body_text
    assert "Alvarez" not in mail.body_text
    assert mail.sealed_link is not None
    assert "/externship-week/" not in mail.body_text
    secret, _ = extern.link(MONDAY)
    session.flush()
    found = look(extern, secret)
    assert [entry.id for entry in found.to_decide] == [good.id, bad.id]
    assert (found.student, found.minutes, found.state) == ("Ana A.", 480, "open")
    with pytest.raises(Invalid, match="what is wrong"):
        confirm(extern, secret, disputed=[bad.id])
    with pytest.raises(Invalid, match="Check each day"):
        confirm(extern, secret, word="You left at noon on Tuesday")
    with pytest.raises(Invalid, match="not part of this week"):
        confirm(extern, secret, disputed=[outside.id], word="Not here")
    assert confirm(extern, secret, disputed=[bad.id], word="You left at noon")
    session.expire_all()
    assert [(one.state, one.dispute) for one in (good, bad, outside)] == [
        ("confirmed", None), ("disputed", "You left at noon"), ("logged", None),
    ]  # fmt: skip
    assert extern.row().total_hours == 4
    link = session.scalars(
        select(ExternshipLink).where(ExternshipLink.token_hash == hash_token(secret))
    ).one()
    assert (link.used_ip, [day["state"] for day in link.outcome]) == (IP, ["confirmed", "disputed"])
    copy, notice = mails(session)[1:]
    assert (copy.to_address, notice.to_address) == (extern.supervisor.email, extern.student.email)
    assert all("You left at noon" in one.body_text for one in (copy, notice))
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "externship_week.confirmed")).one()
    assert (entry.actor_id, entry.student_id, entry.details["confirmed_minutes"]) == (
        None, extern.student.id, 240,
    )  # fmt: skip


def test_a_link_that_was_used_shows_what_was_confirmed_and_changes_nothing(
    extern: Placed, session: Session
) -> None:
    entry = extern.logged(MONDAY)
    secret, _ = extern.link(MONDAY)
    seen = look(extern, secret).seen
    assert confirm(extern, secret)
    sent, written = len(mails(session)), session.scalar(select(func.count()).select_from(AuditEntry))
    assert not confirm(extern, secret, seen=seen, disputed=[entry.id], word="Changed my mind")
    found = look(extern, secret)
    assert (found.state, [day["minutes"] for day in found.outcome], list(found.to_decide)) == (
        "used",
        [240],
        [],
    )
    assert found.outcome[0]["day"] == MONDAY
    assert entry.state == "confirmed"
    assert len(mails(session)) == sent
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == written


@pytest.mark.parametrize("why", ["expired", "replaced", "other supervisor", "verified", "no such link"])
def test_a_link_that_is_over_shows_no_hours_and_confirms_none(
    extern: Placed, session: Session, why: str
) -> None:
    entry = extern.logged(MONDAY)
    secret, link = extern.link(MONDAY)
    seen = look(extern, secret).seen
    if why == "expired":
        link.expires_at = NOW
        link.created_at = NOW - timedelta(days=14)
    elif why == "replaced":
        weeks.send_week(session, extern.registrar, extern.id, MONDAY, ZONE)
    elif why == "other supervisor":
        other = factory.supervisor(session, extern.site)
        session.execute(
            ExternshipLink.__table__.update().values(
                supervisor_id=other.id
            )  # as if the placement had changed
        )
    elif why == "no such link":
        secret = "nothing"
    session.flush()
    if why == "verified":
        entry.state, entry.link_id = "confirmed", link.id
        session.flush()
    with pytest.raises((Conflict, NotFound)):
        confirm(extern, secret, seen=seen)
    if why not in ("no such link", "verified"):
        found = look(extern, secret)
        assert (found.state in ("expired", "revoked"), found.student, found.to_decide) == (True, "", ())
        refused = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "externship_link.refused")
        ).all()
        assert len(refused) == 1
    assert session.get_one(ExternshipHours, entry.id).state == (
        "confirmed" if why == "verified" else "logged"
    )


def test_what_the_student_changed_meanwhile_is_not_confirmed_unseen(extern: Placed, session: Session) -> None:
    entry = extern.logged(MONDAY)
    secret, _ = extern.link(MONDAY)
    seen = look(extern, secret).seen
    hours.change(session, extern.own, entry.id, fields(), ZONE)
    with pytest.raises(Conflict, match="changed these hours"):
        confirm(extern, secret, seen=seen)
    extern.logged(TUESDAY)
    with pytest.raises(Conflict, match="changed these hours"):
        confirm(extern, secret, seen=seen)
    assert confirm(extern, secret)


def test_a_link_at_an_address_that_was_wrong_stops_working(extern: Placed, session: Session) -> None:
    extern.logged(MONDAY)
    secret, _ = extern.link(MONDAY)
    values = SupervisorForm(name="Dr. Naomi Whitfield", title="DDS", email="right@smiles.example")
    sites.save_supervisor(session, extern.registrar, extern.site.id, values, extern.supervisor.id)
    session.expire_all()
    assert look(extern, secret).state == "revoked"
    assert extern.row().supervisor_email == "right@smiles.example"
    secret, _ = extern.link(MONDAY)
    sites.archive_supervisor(session, extern.registrar, extern.site.id, extern.supervisor.id)
    session.expire_all()
    assert look(extern, secret).state == "revoked"


def test_nobody_of_the_school_uses_a_supervisors_link(extern: Placed, session: Session) -> None:
    """A student to whom the link was forwarded, or who opened the supervisor's mail, does not confirm their hours."""
    extern.logged(MONDAY)
    secret, _ = extern.link(MONDAY)
    seen = look(extern, secret).seen
    for subject in (extern.own, extern.registrar, subject_of(School(session).student())):
        with pytest.raises(Forbidden, match="for the supervisor"):
            service.look(session, secret, subject, ZONE)
        with pytest.raises(Forbidden):
            service.confirm(session, secret, subject, WeekForm(seen=seen), ZONE, IP)
    School(session).instructor(email=extern.supervisor.email)
    with pytest.raises(Invalid, match="own staff"):
        confirm(extern, secret, seen=seen)
    assert extern.row().total_hours == 0


def test_links_are_limited_by_link_and_by_externship(extern: Placed, session: Session) -> None:
    extern.logged(MONDAY)
    for _ in range(weeks.SENT.most):
        weeks.send_week(session, extern.own, extern.id, MONDAY, ZONE)
    with pytest.raises(TooManyRequests):
        weeks.send_week(session, extern.own, extern.id, MONDAY, ZONE)
    for _ in range(service.OPENED.most):
        service.count_use(session, "some secret")
    with pytest.raises(TooManyRequests):
        service.count_use(session, "some secret")
    service.count_use(session, "another")
    open_links = session.scalars(select(ExternshipLink).where(ExternshipLink.revoked_at.is_(None))).all()
    assert len(open_links) == 1


@pytest.fixture
def database(connection: Connection, settings: Settings) -> Database:
    return OneConnection(connection, settings)


def test_every_monday_each_week_that_waits_is_sent_once(
    extern: Placed, session: Session, database: Database
) -> None:
    extern.logged(date(2026, 4, 21))
    extern.logged(date(2026, 4, 22))
    extern.logged(date(2026, 4, 28))
    extern.logged(MONDAY)  # this week is not over
    session.commit()
    assert weeks.send_due(database, ZONE) == 2
    assert weeks.send_due(database, ZONE) == 0
    found = session.scalars(select(ExternshipLink.week).order_by(ExternshipLink.week)).all()
    assert found == [date(2026, 4, 19), date(2026, 4, 26)]
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert weeks.send_due(database, ZONE) == 3
    with time_machine.travel(NOW + weeks.SENT_FOR + timedelta(days=14), tick=False):
        assert weeks.send_due(database, ZONE) == 0
    with pytest.raises(Conflict, match="No day of this week"):
        weeks.send_week(session, extern.own, extern.id, date(2026, 5, 13), ZONE)
    with pytest.raises(NotFound):
        weeks.send_week(session, subject_of(School(session).student()), extern.id, MONDAY, ZONE)


def test_one_log_with_too_many_weeks_holds_up_no_other(
    extern: Placed, session: Session, database: Database
) -> None:
    late = [factory.FIRST + timedelta(days=7 * week) for week in range(weeks.SENT.most + 1)]
    with time_machine.travel(NOW + timedelta(days=7 * len(late)), tick=False):
        for day in late:
            extern.logged(day)
        session.commit()
        assert weeks.send_due(database, ZONE) == weeks.SENT.most
    extern.supervisor.email = extern.student.email
    session.flush()
    with pytest.raises(Conflict, match="own email address"):
        weeks.send_week(session, extern.own, extern.id, late[-1], ZONE)


def test_skills_are_evaluated_by_the_rubric_of_the_day_once_a_link(extern: Placed, session: Session) -> None:
    extern.logged(MONDAY)
    secret, _ = extern.link(MONDAY)
    rubric = look(extern, secret).rubric
    assert rubric is not None

    def send(*ratings: int, rubric_id: int = rubric.id) -> None:
        values = EvaluationForm(rubric_id=rubric_id, ratings=list(ratings), comment="Kind to patients")
        service.evaluate(session, secret, None, values, ZONE)

    with pytest.raises(Invalid, match="every skill"):
        send(4)
    send(3, 4)
    with pytest.raises(Conflict, match="already"):
        send(1, 1)
    made = session.scalars(select(ExternshipEvaluation)).one()
    assert (made.ratings, made.supervisor_name, made.evaluated_on) == (
        [3, 4],
        "Dr. Naomi Whitfield",
        NOW.date(),
    )
    assert look(extern, secret).evaluated
    later, _ = extern.link(TUESDAY)
    assert look(extern, later).rubric is None
    session.add(
        ExternshipRubric(
            program_id=extern.enrollment.program_id, effective_from=NOW.date(), skills=["X-rays"]
        )
    )
    session.flush()
    with pytest.raises(Problem, match="list of skills changed"):
        service.evaluate(session, later, None, EvaluationForm(rubric_id=rubric.id, ratings=[1, 1]), ZONE)


def test_two_who_confirm_at_once_confirm_it_once(live_database: Database) -> None:
    """And two links of one externship at the same moment leave no hour out of its sum."""
    with live_database.begin() as session:
        there = placed(session)
        days = [date(2026, 4, 21), date(2026, 4, 28)]
        for day in days:
            there.logged(day)
        secrets = [there.link(day)[0] for day in days]
        seen = [service.look(session, secret, None, ZONE).seen for secret in secrets]
        number = there.id
    answers: list[bool] = []
    gate = threading.Barrier(6)

    def work(secret: str, mark: str) -> None:
        gate.wait()
        with live_database.begin() as session:
            answers.append(service.confirm(session, secret, None, WeekForm(seen=mark), ZONE, IP))

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(secrets, seen, strict=True) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [False] * 4 + [True] * 2
    with live_database.begin() as session:
        assert session.get_one(Externship, number).total_hours == 8
        confirmed = select(func.count()).where(AuditEntry.action == "externship_week.confirmed")
        assert session.scalar(confirmed) == 2


def test_the_page_needs_no_account_and_leaves_no_trace_elsewhere(
    extern: Placed, session: Session, client: TestClient
) -> None:
    entry = extern.logged(MONDAY)
    secret, _ = extern.link(MONDAY)
    session.commit()
    place = f"/externship-week/{secret}"
    page = client.get(place)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"
    assert "Ana A." in page.text
    assert "Alvarez" not in page.text
    assert extern.student.email not in page.text
    seen = look(extern, secret).seen
    wrong = client.post(place, data={"seen": seen, "disputed": entry.id})
    assert wrong.status_code == 422
    assert "Say in a word" in wrong.text
    assert wrong.headers["referrer-policy"] == "no-referrer"
    stale = client.post(place, data={"seen": "old"})
    assert (stale.status_code, "Nothing was confirmed" in stale.text) == (409, True)
    # A page without a referrer has no origin: browsers that know nothing better say null.
    done = client.post(place, data={"seen": seen}, headers={"origin": "null"})
    assert (done.status_code, done.headers["location"]) == (303, place)
    again = client.post(place, data={"seen": seen})
    assert again.status_code == 303
    shown = client.get(place)
    assert "Your answer is recorded" in shown.text
    assert "Confirm the hours" not in shown.text
    unknown = client.get("/externship-week/nothing")
    assert (unknown.status_code, "Nothing was changed" in unknown.text) == (410, True)
    assert client.post("/externship-week/nothing", data={"seen": "x"}).status_code == 410
    with time_machine.travel(NOW + timedelta(days=15), tick=False):
        gone = client.get(place)
        assert (gone.status_code, "expired" in gone.text, "Ana" in gone.text) == (410, True, False)
        assert client.post(place, data={"seen": seen}).status_code in (409, 410)
