"""A student hands in: once, again, late; what is refused leaves nothing; files go to those who may read them."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.content.assignments.definitions import service as definitions
from app.content.assignments.schemas import AllowanceForm, DueForm
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from app.core.permissions import SYSTEM
from app.core.student_records import parts
from app.db.models import AuditEntry, ContentType, HandIn, HandInFile, User
from app.settings import Settings
from tests.content.assignments.conftest import NOW, ZONE, Set, wanted
from tests.factories.pdfs import pdf
from tests.factories.school import School, subject_of
from tests.factories.skills import picture

SignedIn = Callable[[User], TestClient]
ESSAY = ("essay.pdf", pdf("My essay"))


def test_a_receipt_names_what_is_kept(given: Set) -> None:
    made = given.hand_in(("tray.jpg", picture()), ESSAY, note="Two files")
    [work] = given.opened().works
    assert (work.row.number, work.row.note, work.row.late_days) == (1, "Two files", 0)
    assert [one.name for one in work.files] == ["tray.jpg", "essay.pdf"]
    for one in work.files:
        assert hashlib.sha256(given.store.read_bytes(one.sha256)).hexdigest() == one.sha256
    claimed = given.session.scalar(
        text("SELECT count(*) FROM file_claims WHERE owner_room = 'content.hand_ins' AND owner_row = :row"),
        {"row": str(made.id)},
    )
    assert claimed == 2
    entry = given.session.scalars(select(AuditEntry).where(AuditEntry.action == "hand_in.received")).one()
    assert entry.student_id == given.student().id
    assert entry.details["sha256"] == [one.sha256 for one in work.files]


def test_sent_twice_it_is_one(given: Set) -> None:
    request = uuid4()
    first = given.hand_in(request=request)
    assert given.hand_in(request=request).id == first.id
    assert given.session.scalar(select(func.count()).select_from(HandIn)) == 1
    with pytest.raises(Conflict):
        given.hand_in(request=request, student=1)


def test_what_is_refused_leaves_nothing(given: Set) -> None:
    with pytest.raises(Invalid) as refused:
        given.hand_in(ESSAY, ("setup.exe", b"MZ"), ("photo.jpg", b"\x7fELF"))
    assert len(refused.value.errors) == 2
    given.change(max_megabytes=1, max_files=1)
    with pytest.raises(TooLarge, match="1 MB"):
        given.hand_in(("big.pdf", b"%PDF-" + bytes(2 * 1024**2)))
    with pytest.raises(Invalid, match="1 file"):
        given.hand_in(ESSAY, ESSAY)
    assert given.session.scalar(select(func.count()).select_from(HandIn)) == 0
    assert given.session.scalar(text("SELECT count(*) FROM stored_files")) == 0


def test_again_until_it_is_due_and_by_permission(given: Set) -> None:
    given.due(date(2026, 5, 5))
    given.hand_in()
    assert given.hand_in().number == 2
    waiting = given.session.scalars(select(HandIn.number).where(HandIn.waits)).all()
    assert waiting == [2]
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        with pytest.raises(Conflict, match="was due"):
            given.hand_in()
        allow(given, again=True)
        made = given.hand_in()
        assert (made.number, made.late_days, made.deduction_pct) == (3, 0, 0)
        with pytest.raises(Conflict):
            given.hand_in()


def test_late_work(given: Set) -> None:
    given.due(date(2026, 5, 5))
    # Due at 11:59 PM of the school's clock: 03:59 UTC of the next day.
    with time_machine.travel(NOW + timedelta(days=1, hours=11, minutes=59), tick=False):
        assert given.hand_in(student=1).late_days == 0
    # The page says “11:59 PM”: its whole minute is in time.
    with time_machine.travel(NOW + timedelta(days=1, hours=11, minutes=59, seconds=59), tick=False):
        assert given.opened(2).lateness.days == 0
    with time_machine.travel(NOW + timedelta(days=1, hours=12), tick=False):
        assert given.opened(2).lateness.days == 1
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        made = given.hand_in()
        assert (made.late_days, made.deduction_pct) == (1, 10)
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        with pytest.raises(Conflict, match="no longer accepted"):
            given.hand_in(student=2)
        allow(given, student=2, day=date(2026, 5, 14))
        assert given.opened(2).own_due
        assert given.hand_in(student=2).late_days == 0


def test_work_is_late_by_when_it_began_to_come(given: Set) -> None:
    given.due(date(2026, 5, 5))
    began_at = NOW + timedelta(days=1, hours=11, minutes=50)
    with time_machine.travel(began_at + timedelta(minutes=20), tick=False):
        assert given.opened().lateness.days == 1
        made = given.hand_in(began_at=began_at)
        assert (made.late_days, made.handed_in_at) == (0, began_at + timedelta(minutes=20))


def test_a_date_is_taken_away_by_name_alone(given: Set, signed_in: SignedIn) -> None:
    given.due(date(2026, 5, 5))
    client = signed_in(given.teacher)
    address = f"/lessons/{given.lesson.id}/assignment"
    page = client.get(address).text
    assert 'name="day" value="2026-05-05"' in page
    assert 'name="at" value="23:59"' in page
    for sent in ({"at": "12:00"}, {"day": "", "at": ""}):
        answer = client.post(f"{address}/dues", data={"class_id": str(given.record.id), **sent})
        assert (answer.status_code, "Enter a day" in answer.text) == (422, True)
    assert given.opened().due_at is not None
    sent = {"class_id": str(given.record.id), "day": "2026-05-05", "at": "12:00", "remove": "yes"}
    assert client.post(f"{address}/dues", data=sent).status_code == 303
    given.session.expire_all()
    assert given.opened().due_at is None
    with pytest.raises(Invalid, match="Enter the day"):
        allow(given, at="12:00", again=True)


def allow(given: Set, *, student: int = 0, by: User | None = None, **values: object) -> None:
    definitions.allow(
        given.session,
        subject_of(by or given.teacher),
        given.lesson.id,
        given.enrollments[student].id,
        AllowanceForm.model_validate({"reason": "Was ill", **values}),
        ZONE,
    )


def test_who_may_allow_and_set_dates(given: Set) -> None:
    with pytest.raises(NotFound):
        allow(given, by=given.stranger, day=date(2026, 5, 14))
    with pytest.raises(Invalid):
        allow(given)
    with pytest.raises(Invalid, match="handed in nothing"):
        allow(given, again=True)
    with pytest.raises(NotFound):
        definitions.set_due(
            given.session,
            subject_of(given.stranger),
            given.lesson.id,
            DueForm(class_id=given.record.id, day=date(2026, 5, 5)),
            ZONE,
        )
    with pytest.raises(Forbidden):
        definitions.save(given.session, subject_of(given.student()), given.lesson.id, wanted())


def test_edits_are_versions_and_nobody_overwrites_what_they_did_not_see(given: Set) -> None:
    made = given.hand_in()
    given.change(instructions="Take two photos.")
    assert given.opened().asked.version.version == 2
    assert given.session.get_one(HandIn, made.id).version_id != given.opened().asked.version.id
    teacher = subject_of(given.teacher)
    with pytest.raises(Conflict):
        definitions.save(given.session, teacher, given.lesson.id, wanted(seen=1, instructions="Other"))
    same = wanted(seen=2, instructions="Take two photos.")
    assert definitions.save(given.session, teacher, given.lesson.id, same).version == 2
    with pytest.raises(Invalid):
        definitions.save(given.session, teacher, given.lesson.id, wanted(seen=2, criteria="A [B]"))


def test_only_an_empty_document_lesson_becomes_one(given: Set) -> None:
    school = School(given.session)
    lesson = school.lesson(school.module(school.program()), content_type=ContentType.SCORM)
    with pytest.raises(Invalid, match="not a document lesson"):
        definitions.save(given.session, subject_of(given.teacher), lesson.id, wanted())


def test_files_are_the_students_and_the_class_instructors(
    given: Set, signed_in: SignedIn, session: Session
) -> None:
    made = given.hand_in(("tray.jpg", picture()), ESSAY)
    photo, essay = session.scalars(select(HandInFile.id).where(HandInFile.hand_in_id == made.id)).all()
    for who in (given.student(), given.teacher):
        client = signed_in(who)
        answer = client.get(f"/hand-ins/files/{essay}")
        assert (answer.status_code, answer.content) == (200, ESSAY[1])
        assert "attachment" in answer.headers["content-disposition"]
        assert "sandbox" in answer.headers["content-security-policy"]
        shown = client.get(f"/hand-ins/files/{photo}/picture")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert client.get(f"/hand-ins/files/{essay}/picture").status_code == 404
    for other in (given.student(1), given.stranger):
        client = signed_in(other)
        assert client.get(f"/hand-ins/files/{essay}").status_code == 404
        assert client.get(f"/hand-ins/{made.id}").status_code == 404
    assert signed_in(given.stranger).get(f"/learn/assignments/{given.lesson.id}").status_code == 404


def test_the_student_hands_in_on_the_page(given: Set, signed_in: SignedIn, settings: Settings) -> None:
    client = signed_in(given.student())
    address = f"/learn/assignments/{given.lesson.id}"
    assert f'href="{address}"' in client.get("/learn").text
    assert client.get(f"/learn/lessons/{given.lesson.id}").headers["location"] == address
    assert client.get(f"/learn/materials/{given.lesson.id}").headers["location"] == address
    sent = {"request": str(uuid4()), "note": "<b>bold</b>"}
    answer = client.post(address, data=sent, files=[("files", ("tray.jpg", picture()))])
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}#hand-in-1")
    page = client.get(address).text
    assert "Received <time" in page
    assert hashlib.sha256(picture()).hexdigest() in page
    assert "&lt;b&gt;bold" in page
    refused = client.post(
        address,
        data={"request": str(uuid4())},
        files=[("files", ("a.exe", b"MZ")), ("files", ("b.jpg", b"MZ"))],
    )
    assert refused.status_code == 422
    assert "a.exe" in refused.text
    assert client.post(address, data={"request": "no"}).status_code == 422


def test_a_body_that_is_too_large_is_refused_while_it_comes(
    given: Set, signed_in: SignedIn, app: object
) -> None:
    client = signed_in(given.student())
    address = f"/learn/assignments/{given.lesson.id}"
    answer = client.post(
        address,
        content=b"x",
        headers={"content-type": "multipart/form-data; boundary=b", "content-length": str(3 * 1024**3)},
    )
    assert answer.status_code == 413
    assert "2 GB" in answer.text or "2,048" in answer.text or "2048" in answer.text


def test_it_is_not_marked_by_hand_nor_replaced_by_a_file(given: Set, signed_in: SignedIn) -> None:
    client = signed_in(given.student())
    client.post(f"/learn/materials/{given.lesson.id}", data={"go": "1"})
    assert given.session.scalar(text("SELECT count(*) FROM lesson_completions")) == 0
    teacher = signed_in(given.teacher)
    answer = teacher.post(
        f"/lessons/{given.lesson.id}/content", files={"package": ("a.pdf", ESSAY[1], "application/pdf")}
    )
    assert "is an assignment" in answer.text
    given.hand_in()
    admin = School(given.session).admin()
    assert "their work is kept" in signed_in(admin).get(f"/lessons/{given.lesson.id}/delete").text


def test_it_is_in_the_students_whole_file(given: Set) -> None:
    made = given.hand_in()
    given.grade(made, release=True)
    found = {
        part.name: [dict(row) for row in part.rows(given.session, given.student().id, SYSTEM)]
        for part in parts()
        if part.name.startswith("lessons/hand_in")
    }
    assert {name: len(rows) for name, rows in found.items()} == {
        "lessons/hand_in_files": 1, "lessons/hand_in_grades": 1, "lessons/hand_ins": 1,
    }  # fmt: skip
