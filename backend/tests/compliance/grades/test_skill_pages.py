"""Check-offs as pages: evidence, mail, and from the class to the student."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.compliance.grades.skills.board import service
from app.db.models import (
    OutboxMessage,
    User,
)
from app.db.session import Database
from app.projections.notices import SUBSCRIBER as NOTICES
from tests.compliance.grades.conftest import NOW, ZONE, CheckedOff
from tests.factories import skills as given
from tests.factories.school import School
from tests.projecting import project

SignedIn = Callable[[User], TestClient]


def test_evidence_is_kept_and_shown_to_those_who_may_see_it(
    checked: CheckedOff, signed_in: SignedIn, school: School
) -> None:
    made = checked.save(checked.attempt(photo=given.picture(), signature=given.drawn()))
    plain = checked.save(checked.attempt(skill=1), skill=1)
    student = signed_in(checked.taught.students[0])
    page = student.get(f"/skills/attempts/{made.id}").text
    assert "Signed by Tess Carter" in page
    assert "Void this attempt" not in page
    for what, kind in {"photo": "image/jpeg", "signature": "image/png"}.items():
        answer = student.get(f"/skills/attempts/{made.id}/{what}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert "sandbox" in answer.headers["content-security-policy"]
        assert student.get(f"/skills/attempts/{plain.id}/{what}").status_code == 404
    other = signed_in(checked.taught.students[1])
    for path in ("", "/photo", "/signature"):
        assert other.get(f"/skills/attempts/{made.id}{path}").status_code == 404
    assert other.get(f"/skills/students/{checked.taught.students[0].id}").status_code == 404
    claimed = checked.session.scalar(
        text(
            "SELECT count(*) FROM file_claims WHERE owner_room = 'compliance.skill_attempts' AND owner_row = :row"
        ),
        {"row": str(made.id)},
    )
    assert claimed == 2


def test_the_student_is_mailed_once_a_day_and_of_every_void(checked: CheckedOff) -> None:
    first = checked.save(checked.attempt())
    checked.save(checked.attempt(skill=1), skill=1)
    service.void(checked.session, checked.taught.teacher, first.id, "Wrong skill", ZONE)
    with time_machine.travel(NOW + timedelta(hours=13), tick=False):
        checked.save(checked.attempt(seen=first.id))
    project(checked.session, NOTICES)
    mails = checked.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [one.subject.partition(": ")[2] for one in mails] == [
        "skills were checked off", "a skill attempt was voided", "skills were checked off",
    ]  # fmt: skip
    assert "Wrong skill" in mails[1].body_text
    assert "passed" not in mails[0].body_text


def test_pages_from_the_class_to_the_student(checked: CheckedOff, signed_in: SignedIn) -> None:
    taught, skill = checked.taught, checked.skills[0]
    teacher = signed_in(checked.session.get_one(User, taught.teacher.user_id))
    assert f"/classes/{taught.id}/skills" in teacher.get("/check-offs").text
    base = f"/classes/{taught.id}/skills"
    assert "Ana Alvarez" in teacher.get(base).text
    assert "Bea Brown" not in teacher.get(f"{base}?skill={skill}&q=ana").text
    assert teacher.get(f"{base}?skill=999999").status_code == 404
    address = f"{base}/{skill}/{taught.enrollments[0].id}/new"
    form = {
        "request": str(uuid4()),
        "version_id": checked.versions[0].id,
        "seen": "0",
        "performed_on": "2026-05-04",
    }
    tapped = {"mark-1": "1", "mark-2": "2", "mark-3": "1"}
    refused = teacher.post(address, data=form | tapped)
    assert refused.status_code == 422
    assert "Rate every criterion: 3 of 4" in refused.text
    assert 'name="mark-2" value="2" required checked' in refused.text, "what was tapped stays"
    done = teacher.post(
        address,
        data=form | tapped | {"mark-4": "1", "confirmed": "yes", "following": "yes"},
        files={"photo": ("photo.jpg", given.picture(), "image/jpeg")},
    )
    assert done.headers["location"] == f"{base}/{skill}/{taught.enrollments[1].id}/new"
    assert teacher.post(address, data=form | tapped | {"mark-4": "1", "confirmed": "yes"}).status_code == 303
    assert checked.standing() == ("passed", 1)
    rows = teacher.get("/skills?format=json").json()["rows"]
    assert [(row["student"], row["passed"], row["missing"]) for row in rows] == [
        ("Ana Alvarez", 1, 1), ("Bea Brown", 0, 2), ("Cem Castillo", 0, 2),
    ]  # fmt: skip
    header, first, *_ = teacher.get(f"{base}?format=csv").content.decode("utf-8-sig").splitlines()
    assert header == "Student,Passed,Required,Expose a bitewing radiograph,Pass instruments"
    assert first == "Ana Alvarez,1,2,Passed,Open 0/2"
    (number,) = [
        row["skill"] for row in teacher.get("/skills/attempts?outcome=passed&format=json").json()["rows"]
    ]
    assert number == "Expose a bitewing radiograph"
    assert f"/skills/lists/skills/{skill}" in teacher.get("/search?q=BITEWING").text
    student = signed_in(taught.students[0])
    assert "1 of 2 passed" in student.get("/grades").text
    assert "Evidence photo" not in student.get(f"/skills/students/{taught.students[0].id}").text
    assert student.get("/skills").headers["location"] == f"/skills/students/{taught.students[0].id}"


def test_the_database_keeps_attempts_from_the_system(live_database: Database) -> None:
    for statement in (
        "UPDATE skill_attempts SET passed = true",
        "DELETE FROM skill_attempts",
        "UPDATE skill_versions SET pass_pct = 1",
        "DELETE FROM skill_voids",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), live_database.begin() as session:
            session.execute(text(statement))
