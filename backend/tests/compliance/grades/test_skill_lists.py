"""Skill lists: rubrics typed and refused, the order, files out and in, and the record as a document."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pikepdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.compliance.grades.skills.board import service as board
from app.compliance.grades.skills.lists import service
from app.core.errors import Conflict
from app.core.files import open_store
from app.core.permissions import Subject
from app.db.models import DataImport, Skill, User
from app.settings import Settings
from app.web.imports import service as imports
from tests.compliance.grades.conftest import ZONE, Taught
from tests.documents.poppler import text_of
from tests.factories import skills as given
from tests.factories.school import School, subject_of

SignedIn = Callable[[User], TestClient]
FORM = {"section": "Radiography", "name": "Expose a bitewing", "pass_pct": "80", "required_passes": "1"}


@pytest.fixture
def admin(school: School) -> User:
    return school.admin()


def names(session: Session, subject: Subject, program_id: int) -> list[str]:
    session.expire_all()
    found = service.read_list(session, subject, program_id)
    assert [line.skill.order_num for line in found.skills] == list(range(1, len(found.skills) + 1))
    return [line.skill.name for line in found.skills]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"criteria": ""}, "This field is required."),
        ({"criteria": "Sets time [Poor, Good]"}, "Line 1: write each level as a name and its points"),
        ({"criteria": "Sets time [Good 2, Poor 0]"}, "must rise"),
        ({"criteria": "! Sets time [Fair 1, Good 2]"}, "cannot be missed"),
        ({"criteria": "Sets time", "pass_pct": "0"}, "Enter 1 or more."),
        ({"criteria": "Sets time", "required_passes": "21"}, "Enter 20 or less."),
        ({"criteria": "Sets time", "name": "Pass INSTRUMENTS"}, "has a skill of this name already"),
    ],
)
def test_a_rubric_with_a_mistake_is_shown_again(
    session: Session, school: School, admin: User, signed_in: SignedIn, fields: dict[str, str], sentence: str
) -> None:
    program = school.program()
    given.skill(session, program.id, "Pass instruments")
    answer = signed_in(admin).post(f"/skills/lists/{program.id}/new", data=FORM | fields)
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    assert session.query(Skill).count() == 1


def test_a_list_is_typed_and_put_in_order(
    session: Session, school: School, admin: User, signed_in: SignedIn
) -> None:
    client, program, subject = signed_in(admin), school.program(), subject_of(admin)
    made = client.post(f"/skills/lists/{program.id}/new", data=FORM | {"criteria": given.BITEWING})
    assert made.status_code == 303
    page = client.get(made.headers["location"]).text
    assert page.count("Critical") == 2
    address = f"{made.headers['location']}/edit"
    shown = client.get(address).text
    assert "! Puts on gloves, mask and eyewear\nPlaces the receptor [Wrong 0, With help 1, Alone 2]" in shown
    changed = client.post(address, data=FORM | {"criteria": "Does it", "seen": "1"})
    assert changed.status_code == 303
    assert client.post(address, data=FORM | {"criteria": "Does it not", "seen": "1"}).status_code == 409
    rows = [
        given.skill(session, program.id, name, section=section)
        for section, name in (("Chairside", "Charts"), ("RADIOGRAPHY", "Mounts"), ("Chairside", "Passes"))
    ]
    start = ["Expose a bitewing", "Mounts", "Charts", "Passes"]
    assert names(session, subject, program.id) == start, "a section stays together"
    for move, expected in (
        ((rows[1], "up"), ["Mounts", "Expose a bitewing", "Charts", "Passes"]),
        ((rows[1], "down"), start),
        ((rows[2], "down"), start),
        ((rows[0], "up"), ["Charts", "Passes", "Expose a bitewing", "Mounts"]),
        ((rows[1], "down"), ["Charts", "Passes", "Expose a bitewing", "Mounts"]),
    ):
        service.move_skill(session, subject, move[0].id, move[1])  # type: ignore[arg-type]
        assert names(session, subject, program.id) == expected
    archive = f"/skills/lists/skills/{rows[0].id}/archive"
    assert client.post(archive, data={"archived": "yes"}).status_code == 303
    assert names(session, subject, program.id) == ["Passes", "Expose a bitewing", "Mounts"]
    given.skill(session, program.id, "Charts", section="Chairside")
    assert client.post(archive, data={"archived": "no"}).status_code == 409, "its name is taken"
    with pytest.raises(Conflict, match="Restore it first"):
        service.move_skill(session, subject, rows[0].id, "up")
    instructor = signed_in(school.instructor())
    assert instructor.get(f"/skills/lists/{program.id}").status_code == 200
    assert (
        instructor.post(f"/skills/lists/{program.id}/new", data=FORM | {"criteria": "Does it"}).status_code
        == 403
    )


def test_a_list_goes_out_as_a_file_and_comes_in_for_another_program(
    session: Session, school: School, admin: User, signed_in: SignedIn, settings: Settings
) -> None:
    program, other = school.program(name="Dental Assistant"), school.program(name="Expanded Functions")
    given.skill(session, program.id)
    given.skill(
        session, program.id, "Pass instruments", section="Chairside", criteria="Passes", required_passes=3
    )
    subject, store = subject_of(admin), open_store(settings)
    content = signed_in(admin).get(f"/skills/lists/{program.id}?format=csv").content
    text = content.decode("utf-8-sig")

    def send(text: str) -> DataImport:
        file = BytesIO(text.encode())
        return imports.send(session, subject, settings, store, "skills", file, "skills.csv")

    wrong = send(text)
    assert [fault["message"][:40] for fault in wrong.faults] == [
        "The list has a skill of this name alread"
    ] * 2
    bad = send(
        text.replace("Dental Assistant", "Expanded Functions")
        .replace("With help 1", "With help")
        .replace("80", "0000000080180")
    )
    assert {fault["field"] for fault in bad.faults} == {"Criteria", "Points needed"}
    good = send(text.replace("Dental Assistant", "Expanded Functions"))
    assert (good.rows_bad, good.rows_total) == (0, 2)
    done = imports.run(session, subject, settings, store, good.id)
    assert done.rows_done == 2
    copied = service.read_list(session, subject, other.id).skills
    kept = service.read_list(session, subject, program.id).skills
    assert [(line.skill.section, line.criteria, line.version.required_passes) for line in copied] == [
        (line.skill.section, line.criteria, line.version.required_passes) for line in kept
    ]
    imports.undo(session, subject, good.id)
    assert names(session, subject, other.id) == []


def test_the_skills_record_is_a_signed_document(
    session: Session, taught: Taught, settings: Settings, signed_in: SignedIn, school: School, tmp_path: Path
) -> None:
    row = given.skill(session, taught.record.program_id)
    version, store, student = given.version_of(session, row), open_store(settings), taught.students[0]
    place = (taught.id, row.id, taught.enrollments[0].id)
    first = board.check_off(
        session, taught.teacher, store, *place, given.attempt(version, given.FAILED), ZONE
    )
    board.void(session, taught.teacher, first.id, "Rated for somebody else", ZONE)
    board.check_off(session, taught.teacher, store, *place, given.attempt(version, seen=first.id), ZONE)
    client = signed_in(student)
    assert "Skills record" in client.get("/documents").text
    page = client.get(f"/people/{student.id}/skills-record")
    assert page.status_code == 200
    request = re.search(r'name="request" value="([^"]+)"', page.text)
    assert request is not None
    form = {"request": request[1], "enrollment_id": str(taught.enrollments[0].id)}
    preview = client.get(
        f"/people/{student.id}/skills-record/preview?enrollment_id={taught.enrollments[0].id}"
    )
    assert preview.headers["content-type"] == "application/pdf"
    issued = client.post(f"/people/{student.id}/skills-record", data=form)
    assert issued.status_code == 303, issued.text
    pdf = client.get(f"{issued.headers['location']}/file").content
    path = tmp_path / "record.pdf"
    path.write_bytes(pdf)
    text = " ".join(text_of(path).split())
    assert all(words in text for words in ("Skills passed", "Ana Alvarez", "1 of 1", "Radiography"))
    assert "passed, 5 of 5 points, Tess Carter" in text
    assert "voided, 2 of 5 points, Tess Carter (Rated for somebody else)" in text
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert "document.json" in opened.attachments
    other = signed_in(taught.students[1])
    assert other.get(f"/people/{student.id}/skills-record").status_code == 404
    assert (
        other.post(f"/people/{student.id}/skills-record", data=form | {"request": str(uuid4())}).status_code
        == 404
    )
    teacher = signed_in(session.get_one(User, taught.teacher.user_id))
    assert teacher.get(f"/people/{student.id}/skills-record").status_code == 404
