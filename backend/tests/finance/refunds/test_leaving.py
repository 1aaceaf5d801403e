"""A student asks to leave: the cost first, the time to cancel to the second, and one request."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Enrollment, User, Withdrawal, WithdrawalForm
from app.finance.agreements import service as agreements
from app.finance.agreements.refund_terms import AgreedRefund
from app.finance.agreements.service import SignedAgreement
from app.finance.refunds.time_to_cancel import within
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import ZONE, record, set_policy

NOW = datetime(2026, 5, 20, 16, tzinfo=UTC)


def agreed(signed_at: datetime, policy: str = "gnpec-current") -> SignedAgreement:
    return SignedAgreement(
        1,
        signed_at,
        signed_at,
        AgreedRefund(policy),
        0,
        False,
        (),
        (),
        starts_on=signed_at.date(),
        weeks=None,
    )


@pytest.mark.parametrize(
    "signed", ["2026-03-07T23:30:00-05:00", "2026-10-31T12:00:00-04:00", "2026-05-18T09:00:00-04:00"]
)
@pytest.mark.parametrize(
    ("after", "inside"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), True),
        (timedelta(hours=71, minutes=59, seconds=59), True),
        (timedelta(hours=72), True),
        (timedelta(hours=72, seconds=1), False),
    ],
)
def test_the_time_to_cancel_is_exact_across_changes_of_the_clocks(
    monkeypatch: pytest.MonkeyPatch, signed: str, after: timedelta, inside: bool
) -> None:
    at = datetime.fromisoformat(signed).astimezone(UTC)
    monkeypatch.setattr(agreements, "in_force", lambda *_given: agreed(at))
    session: Any = None
    assert within(session, 1, at + after, ZONE, "student") is inside
    monkeypatch.setattr(agreements, "in_force", lambda *_given: None)
    assert not within(session, 1, at + after, ZONE, "student"), (
        "without an agreement nobody knows when it began"
    )


def test_the_hour_of_a_request_on_paper_is_asked_for_where_it_decides(
    session: Session,
    enrollment: Enrollment,
    signed_in: Callable[[User], TestClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Received at 11:30, within 72 hours of a signature at 11:45: at noon, as a day without an hour would count, it
    would be late."""
    monkeypatch.setattr(agreements, "in_force", lambda *_given: agreed(NOW - timedelta(hours=72, minutes=15)))
    path = f"/enrollments/{enrollment.id}/withdraw"
    form = {"kind": "student", "requested_on": "2026-05-20", "reason": "By letter"}
    with time_machine.travel(NOW, tick=False):
        client = signed_in(School(session).admin())
        for given, words in (
            (form, "Enter the time at which the school received it"),
            (form | {"requested_time": "noon"}, "Time of day"),
            (form | {"requested_time": "12:01"}, "cannot be in the future"),
        ):
            answer = client.post(path, data=given)
            assert (answer.status_code, words in answer.text) == (422, True)
        assert client.post(path, data=form | {"requested_time": "11:30"}).status_code == 303
        row = session.scalars(select(Withdrawal)).one()
        assert row.requested_at == datetime(2026, 5, 20, 15, 30, tzinfo=UTC)
        # To change the reason does not change when it came, to the second.
        row.requested_at += timedelta(seconds=17)
        session.flush()
        assert 'value="11:30"' in client.get(path).text
        for hour, minute, second in (("11:30", 30, 17), ("", 30, 17), ("11:10", 10, 0)):
            again = form | {"requested_time": hour, "reason": "Moving"}
            assert client.post(path, data=again).status_code == 303
            session.expire_all()
            assert row.requested_at == datetime(2026, 5, 20, 15, minute, second, tzinfo=UTC)
        # Longer after the signature only a cancellation needs it.
        monkeypatch.setattr(agreements, "in_force", lambda *_given: None)
        other = form | {"requested_on": "2026-05-12"}
        assert client.post(path, data=other | {"kind": "cancellation"}).status_code == 422
        assert client.post(path, data=other).status_code == 303
        session.expire_all()
        assert row.requested_at == datetime(2026, 5, 12, 16, tzinfo=UTC), "noon at the school"


def test_an_older_agreement_has_business_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed on a Friday under Standard Nine: to the end of Wednesday."""
    signed = datetime(2024, 6, 7, 15, tzinfo=UTC)
    monkeypatch.setattr(agreements, "in_force", lambda *_given: agreed(signed, "standard-nine"))
    session: Any = None
    assert within(session, 1, datetime(2024, 6, 13, 3, 59, 59, tzinfo=UTC), ZONE, "student")
    assert not within(session, 1, datetime(2024, 6, 13, 4, tzinfo=UTC), ZONE, "student")


@pytest.fixture
def enrollment(session: Session) -> Enrollment:
    school = School(session)
    program = school.program(clock_hours=480, tuition_amount_cents=504_000, name="Dental Assistant")
    enrollment = school.enrollment(school.student(full_name="Maria Lopez"), program)
    school.attendance(enrollment, datetime(2026, 5, 4, 12, tzinfo=UTC), minutes=480)
    return enrollment


@pytest.mark.parametrize(
    ("kind", "hours", "basis"),
    [
        ("student", 71, "receipt_of_request"),
        ("administrative", 71, "determination"),
        ("student", 73, "last_attendance"),
        ("administrative", 73, "last_attendance"),
    ],
)
def test_what_came_in_the_time_to_cancel_goes_by_that_moment(
    session: Session,
    enrollment: Enrollment,
    monkeypatch: pytest.MonkeyPatch,
    kind: Any,
    hours: int,
    basis: str,
) -> None:
    """By the last attendance nobody could tell that it came in time: the student would pay for the days attended."""
    monkeypatch.setattr(agreements, "in_force", lambda *_given: agreed(NOW - timedelta(hours=hours)))
    set_policy(session, student_date="last_attendance", administrative_date="last_attendance")
    school = School(session)
    attended = NOW - timedelta(hours=30)
    school.attendance(enrollment, attended, minutes=480)
    with time_machine.travel(NOW, tick=False):
        row = record(session, subject_of(school.admin()), enrollment.id, kind=kind)
    assert row.date_basis == basis
    assert row.moment == (NOW if hours < 72 else attended + timedelta(minutes=480))


@pytest.mark.parametrize("hours", [71, 73])
def test_the_cost_stands_before_the_request(
    session: Session,
    enrollment: Enrollment,
    signed_in: Callable[[User], TestClient],
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
) -> None:
    monkeypatch.setattr(agreements, "in_force", lambda *_given: agreed(NOW - timedelta(hours=hours)))
    student = session.get_one(User, enrollment.user_id)
    school = School(session)
    path = f"/account/withdraw/{enrollment.id}"
    with time_machine.travel(NOW, tick=False):
        client = signed_in(student)
        page = client.get(path).text
        assert "If you leave today" in page
        assert page.index("If you leave today") < page.index("Send the request")
        shown = page.partition('name="shown" value="')[2].partition('"')[0]
        form = {"request": str(uuid4()), "shown": shown, "reason": "Moving away", "agreed": "true"}
        assert client.post(path, data=form | {"reason": " "}).status_code == 422
        unread = client.post(path, data={name: value for name, value in form.items() if name != "agreed"})
        assert (unread.status_code, "Nothing was sent" in unread.text) == (409, True)
        stale = client.post(path, data=form | {"shown": "1"})
        assert (stale.status_code, "The estimate has changed" in stale.text) == (409, True)
        assert session.scalars(select(Withdrawal)).all() == []
        for other in (school.student(), school.admin()):
            stranger = signed_in(other)
            assert stranger.get(path).status_code == 404
            assert stranger.post(path, data=form).status_code == 404
        assert {client.post(path, data=form).status_code for _ in range(2)} == {303}
        assert "waiting for the office" in client.get(path).text
        row, sent = session.scalars(select(Withdrawal)).one(), session.scalars(select(WithdrawalForm)).one()
        assert row.kind == ("cancellation" if hours < 72 else "student")
        assert sent.acknowledged.startswith("I ask to withdraw from Dental Assistant. On ")
        assert "estimated to refund $" in sent.acknowledged
        mine = client.get(f"/enrollments/{enrollment.id}").text
        assert ("Cancel the withdrawal" in mine, "<dd>None</dd>" in mine) == (True, False)
        assert (
            client.post(f"/enrollments/{enrollment.id}/withdrawal/cancel", data={"b": ""}).status_code == 303
        )
        again = client.post(f"/enrollments/{enrollment.id}/withdrawal/cancel", data={"b": ""})
        assert (again.status_code, "Nothing was changed" in again.text) == (409, True)
