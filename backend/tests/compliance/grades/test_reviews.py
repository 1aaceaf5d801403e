"""Reviews of academic progress: at checkpoints, once each, with letters and appeals."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.grades.reviews import service
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.permissions import SYSTEM
from app.db.models import ClassMeeting, OutboxMessage, ProgressReview, User
from app.projections.notices import SUBSCRIBER
from app.web.paging import Paging
from tests.compliance.grades.conftest import NOW, ZONE, Taught
from tests.documents.poppler import text_of
from tests.factories.school import School, subject_of
from tests.projecting import project

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def met(session: Session, school: School, taught: Taught) -> Taught:
    """The class meets two days a week for five hours since January: 170 of the program's 400 hours by now. Ana came
    nearly always, Bea for a quarter, Cem never."""
    for weekday in range(2):
        session.add(ClassMeeting(class_id=taught.id, weekday=weekday, starts_at=time(8), ends_at=time(13)))
    session.flush()
    monday = datetime(2026, 1, 5, 13, tzinfo=UTC)
    for week in range(17):
        for day in range(2):
            begins = monday + timedelta(weeks=week, days=day)
            school.attendance(taught.enrollments[0], begins, minutes=300)
            if week % 5 == 0:
                school.attendance(taught.enrollments[1], begins, minutes=300)
    return taught


def states(session: Session) -> dict[int, str]:
    return {row.enrollment_id: row.state for row in session.scalars(select(ProgressReview))}


def test_who_reaches_a_checkpoint_is_reviewed_once(session: Session, met: Taught) -> None:
    assert len(service.run(session, SYSTEM, ZONE)) == 3
    found = states(session)
    assert found[met.enrollments[0].id] == "good"
    assert found[met.enrollments[1].id] == "warning"
    row = session.scalars(
        select(ProgressReview).where(ProgressReview.enrollment_id == met.enrollments[1].id)
    ).one()
    # It is noon on Monday, 4 May, and that day's meeting goes on: 34 of five hours are over, 170 of 400 hours.
    assert (row.checkpoint_pct, row.scheduled_minutes, row.attended_minutes) == (25, 34 * 300, 8 * 300)
    assert "which is below the minimum of 67%" in row.explanation
    assert service.run(session, SYSTEM, ZONE) == []


def test_a_letter_goes_to_those_who_are_short_of_it(session: Session, met: Taught) -> None:
    service.run(session, SYSTEM, ZONE)
    project(session, SUBSCRIBER)
    mails = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    addresses = {met.students[1].email, met.students[2].email}
    assert {one.to_address for one in mails} == addresses
    assert "This is a warning" in mails[0].body_text


def test_the_next_time_it_is_not_met_and_an_appeal_makes_it_probation(
    session: Session, met: Taught, signed_in: SignedIn
) -> None:
    service.run(session, SYSTEM, ZONE)
    with time_machine.travel(NOW + timedelta(weeks=4), tick=False):
        service.run(session, met.registrar, ZONE)
        bea = met.students[1]
        rows = service.list_reviews(session, met.registrar, Paging(), at_risk=True).page().items
        row = next(one for one in rows if one.user_id == bea.id)
        assert (row.state, row.checkpoint_pct) == ("not_met", 50)
        client = signed_in(bea)
        assert "you can appeal until" in client.get("/grades").text
        address = f"/academic-progress/{row.id}"
        assert client.post(f"{address}/appeal", data={"reason": "Ill"}).status_code == 422
        done = client.post(f"{address}/appeal", data={"reason": "I was ill until May and am well again."})
        assert done.headers["location"] == address
        assert client.post(f"{address}/appeal", data={"reason": "And once more, please."}).status_code == 409
        (waiting,) = service.list_reviews(session, met.registrar, Paging(), appeals=True).page().items
        office = signed_in(session.get_one(User, met.registrar.user_id))
        decision = {"decision": "grant", "note": "Come to the study hall."}
        other = f"/academic-progress/{row.id + 1}/appeal/{waiting.appeal_id}"
        assert office.post(other, data=decision).status_code == 404, "it is not this review's"
        assert office.post(f"{address}/appeal/{waiting.appeal_id}", data=decision).status_code == 303
        assert service.read_review(session, met.registrar, row.id, ZONE).row.state == "probation"
        assert office.post(f"{address}/appeal/{waiting.appeal_id}", data=decision).status_code == 409


def test_an_appeal_comes_in_time_and_from_the_student(session: Session, met: Taught) -> None:
    service.run(session, SYSTEM, ZONE)
    with time_machine.travel(NOW + timedelta(weeks=4), tick=False):
        service.run(session, SYSTEM, ZONE)
        rows = service.list_reviews(session, met.registrar, Paging(), state="not_met").page().items
        review_id, user_id = rows[0].id, rows[0].user_id
        student = subject_of(session.get_one(User, user_id))
        with pytest.raises(Forbidden, match="The student appeals"):
            service.appeal(session, met.registrar, review_id, "For them", ZONE)
        with pytest.raises(NotFound):
            service.appeal(session, subject_of(met.students[0]), review_id, "For them", ZONE)
    late = time_machine.travel(NOW + timedelta(weeks=4, days=15), tick=False)
    with late, pytest.raises(Conflict, match="time to appeal is over"):
        service.appeal(session, student, review_id, "Too late, I fear", ZONE)


def test_others_see_nothing(session: Session, school: School, met: Taught, signed_in: SignedIn) -> None:
    service.run(session, SYSTEM, ZONE)
    number = session.scalars(select(ProgressReview.id)).first()
    stranger = signed_in(school.instructor())
    assert stranger.get(f"/academic-progress/{number}").status_code == 404
    assert stranger.get("/academic-progress?format=json").json()["rows"] == []
    assert stranger.post("/academic-progress").status_code in (403, 415)
    with pytest.raises(Forbidden):
        service.run(session, met.teacher, ZONE)


def test_the_letter_is_a_signed_document(
    session: Session, met: Taught, signed_in: SignedIn, tmp_path: Path
) -> None:
    service.run(session, SYSTEM, ZONE)
    student, enrollment_id = met.students[1], met.enrollments[1].id
    client, address = signed_in(student), f"/enrollments/{enrollment_id}/progress-letter"
    assert address in client.get("/documents").text
    page = client.get(address)
    request = re.search(r'name="request" value="([^"]+)"', page.text)
    assert request is not None
    assert client.get(f"{address}/preview").headers["content-type"] == "application/pdf"
    issued = client.post(address, data={"request": request[1]})
    assert issued.status_code == 303, issued.text
    path = tmp_path / "letter.pdf"
    path.write_bytes(client.get(f"{issued.headers['location']}/file").content)
    text = " ".join(text_of(path).split())
    assert "Dear Bea Brown" in text
    assert "This is a warning" in text
    assert "below the minimum of 67%" in text
    other, teacher = signed_in(met.students[0]), signed_in(session.get_one(User, met.teacher.user_id))
    for stranger in (other, teacher):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, data={"request": str(uuid4())}).status_code == 404
