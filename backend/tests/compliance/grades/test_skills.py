"""Checking off: who may, what is refused, repeats and voids, and what the student sees of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.compliance.grades import service as door
from app.compliance.grades.skills.board import service
from app.compliance.grades.skills.lists import service as lists
from app.compliance.grades.skills.progress import service as progress
from app.compliance.grades.skills.schemas import Attempt, SkillFields
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import (
    AuditEntry,
    ClassSeat,
    Enrollment,
    OutboxMessage,
    Program,
    SkillAttempt,
    SkillVersion,
    User,
)
from app.db.session import Database
from app.projections.notices import SUBSCRIBER as NOTICES
from app.settings import Settings
from tests.compliance.grades.conftest import NOW, TODAY, ZONE, Taught, make_taught
from tests.factories import skills as given
from tests.factories.school import School, subject_of
from tests.projecting import project

SignedIn = Callable[[User], TestClient]


@dataclass
class CheckedOff:
    """The taught class with a list of two skills, and a way to save an attempt."""

    taught: Taught
    store: FileStore
    skills: list[int]
    versions: list[SkillVersion]

    @property
    def session(self) -> Session:
        return self.taught.session

    def save(
        self, values: Attempt, student: int = 0, skill: int = 0, by: Subject | None = None
    ) -> SkillAttempt:
        return service.check_off(
            self.session, by or self.taught.teacher, self.store, self.taught.id, self.skills[skill],
            self.taught.enrollments[student].id, values, ZONE,
        )  # fmt: skip

    def attempt(self, *marks: int, skill: int = 0, **fields: object) -> Attempt:
        values = marks or (given.PASSED if skill == 0 else (1, 1))
        return given.attempt(self.versions[skill], values, **fields)  # type: ignore[arg-type]

    def standing(self, student: int = 0, skill: int = 0) -> tuple[str, int]:
        """The state of a skill, and how many attempts count."""
        board = service.read_board(self.session, self.taught.registrar, self.taught.id, ZONE)
        line = next(one for one in board.skills if one.id == self.skills[skill])
        found = board.standing(self.taught.enrollments[student].id, line)
        return found.state.value, found.attempts


@pytest.fixture
def checked(taught: Taught, settings: Settings) -> CheckedOff:
    session, program = taught.session, taught.record.program_id
    made = [
        given.skill(session, program),
        given.skill(session, program, "Pass instruments", section="Chairside", required_passes=2,
                    criteria="Passes with one hand\nKeeps the field dry"),
    ]  # fmt: skip
    return CheckedOff(
        taught,
        open_store(settings),
        [one.id for one in made],
        [given.version_of(session, one) for one in made],
    )


def test_attempts_are_rated_repeated_and_all_kept(checked: CheckedOff) -> None:
    assert checked.standing() == ("open", 0)
    first = checked.save(checked.attempt(*given.FAILED, note="Receptor upside down"))
    assert (first.passed, first.points, first.points_possible) == (False, 2, 5)
    assert checked.standing() == ("attempted", 1)
    missed = checked.save(checked.attempt(*given.MISSED, seen=first.id))
    assert (missed.passed, missed.points) == (False, 4), "80 percent, and a critical step missed"
    third = checked.save(checked.attempt(seen=missed.id))
    assert third.passed
    assert checked.standing() == ("passed", 3)
    # Two passes are needed here.
    one = checked.save(checked.attempt(skill=1), skill=1)
    assert checked.standing(skill=1) == ("attempted", 1)
    checked.save(checked.attempt(skill=1, seen=one.id), skill=1, by=checked.taught.colleague)
    assert checked.standing(skill=1) == ("passed", 2)
    (mine,) = progress.skills_of(checked.session, checked.taught.registrar, checked.taught.students[0].id)
    assert (mine.passed, len(mine.required)) == (2, 2)
    assert [view.outcome for view in mine.skills[0].attempts] == ["passed", "failed", "failed"]
    assert [level.label for _, level in mine.skills[0].attempts[2].lines] == [
        "Done",
        "Wrong",
        "Done",
        "Not done",
    ]
    entry = checked.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "skill.attempted").order_by(AuditEntry.id)
    ).first()
    assert entry is not None
    assert (entry.student_id, entry.details["skill"], entry.details["passed"]) == (
        checked.taught.students[0].id, "Expose a bitewing radiograph", False,
    )  # fmt: skip


def test_a_voided_attempt_stays_and_does_not_count(checked: CheckedOff) -> None:
    made = checked.save(checked.attempt())
    service.void(checked.session, checked.taught.colleague, made.id, "Wrong student", ZONE)
    assert checked.standing() == ("open", 0)
    with pytest.raises(Conflict, match="voided already"):
        service.void(checked.session, checked.taught.registrar, made.id, "Again", ZONE)
    found = service.read_attempt(checked.session, checked.taught.teacher, made.id, ZONE)
    assert (found.view.outcome, found.view.row.void_reason, found.may_void) == (
        "voided",
        "Wrong student",
        False,
    )
    again = checked.save(checked.attempt(seen=made.id))
    assert checked.standing() == ("passed", 1)
    assert again.id != made.id


def test_what_graduation_asks(checked: CheckedOff, school: School) -> None:
    student, other = checked.taught.enrollments[:2]
    elsewhere = school.enrollment(school.student())
    checked.save(checked.attempt())
    found = door.skills_missing(checked.session, [student.id, other.id, elsewhere.id])
    assert {number: str(one) for number, one in found.items()} == {
        student.id: "Skills missing: 1 of 2",
        other.id: "Skills missing: 2 of 2",
        elsewhere.id: "The program has no skill list.",
    }
    # What leaves the list is needed no longer, whatever was attempted.
    lists.archive_skill(checked.session, subject_of(school.admin()), checked.skills[1])
    assert str(door.skills_missing(checked.session, [student.id])[student.id]) == "All skills passed"
    assert door.skills_missing(checked.session, []) == {}


def test_only_who_may_and_never_oneself(checked: CheckedOff, school: School) -> None:
    taught = checked.taught
    evaluator = school.with_duty(Duty.EVALUATOR)
    school.teach(taught.record, evaluator)
    as_evaluator = Subject(
        evaluator.id, evaluator.email, "Eva", evaluator.role, duties=frozenset({Duty.EVALUATOR})
    )
    auditor = school.with_duty(Duty.AUDITOR)
    as_auditor = Subject(auditor.id, auditor.email, "Aud", auditor.role, duties=frozenset({Duty.AUDITOR}))
    strangers = [subject_of(school.instructor()), subject_of(taught.students[1])]
    for stranger in strangers:
        with pytest.raises(NotFound):
            checked.save(checked.attempt(), by=stranger)
    with pytest.raises(Forbidden, match="by the instructors of the class"):
        checked.save(checked.attempt(), by=as_auditor)
    program = taught.session.get_one(Program, taught.record.program_id)
    own = school.enrollment(taught.session.get_one(User, taught.teacher.user_id), program)
    school.seat(taught.record, own)
    taught.enrollments.append(own)
    with pytest.raises(Forbidden, match="cannot change your own skills"):
        checked.save(checked.attempt(), student=3)
    made = checked.save(checked.attempt(), by=as_evaluator)
    checked.save(checked.attempt(seen=made.id), by=taught.registrar)
    assert checked.standing() == ("passed", 2)
    for stranger in strangers:
        with pytest.raises(NotFound):
            service.void(checked.session, stranger, made.id, "Why not", ZONE)
        with pytest.raises(NotFound):
            service.read_attempt(checked.session, stranger, made.id, ZONE)
    with pytest.raises(Forbidden):
        service.void(checked.session, as_auditor, made.id, "Why not", ZONE)
    with pytest.raises(NotFound):
        service.void(checked.session, subject_of(taught.students[0]), made.id, "I passed", ZONE)


TOMORROW = TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"marks": (1, 3, 1, 1)}, "3 is outside the scale"),
        ({"marks": (1, -1, 1, 1)}, "outside the scale"),
        ({"marks": (1, 2, 1)}, "Rate every criterion: 3 of 4"),
        ({"marks": (1, None, 1, 1)}, "Rate every criterion: 3 of 4"),
        ({"performed_on": TOMORROW}, "in the future"),
        ({"performed_on": date(2026, 1, 4)}, "enrolled on Jan 5, 2026"),
        ({"confirmed": False}, "Sign in the box"),
        ({"signature": given.drawn(empty=True)}, "The box is empty"),
        ({"signature": "data:image/png;base64,AAAA"}, "could not be read"),
        ({"signature": "data:text/html;base64,PGI+"}, "could not be read"),
        ({"signature": "data:image/png;base64,!!"}, "could not be read"),
        ({"photo": b"%PDF-1.7 %%EOF"}, "is a PDF and not a photo"),
        ({"photo": b"<svg onload=alert(1)>"}, "not a PDF, JPEG or PNG"),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_is_saved(
    checked: CheckedOff, fields: dict[str, object], sentence: str
) -> None:
    values = given.attempt(checked.versions[0], **{"marks": given.PASSED} | fields)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match=sentence.replace("(", r"\(")):
        checked.save(values)
    assert checked.session.scalar(select(func.count()).select_from(SkillAttempt)) == 0


def test_days_of_the_enrollment_and_things_that_are_elsewhere(checked: CheckedOff, school: School) -> None:
    session, taught = checked.session, checked.taught
    seat = session.scalars(select(ClassSeat).where(ClassSeat.enrollment_id == taught.enrollments[2].id)).one()
    seat.ends_on = date(2026, 3, 31)
    session.flush()
    with pytest.raises(Invalid, match="Cem Castillo left on Mar 31, 2026"):
        checked.save(checked.attempt(performed_on=date(2026, 4, 1)), student=2)
    checked.save(checked.attempt(performed_on=date(2026, 3, 31)), student=2)
    other = given.skill(session, school.program().id)
    mine, checked.skills[0] = checked.skills[0], other.id
    with pytest.raises(NotFound, match="no such skill"):
        checked.save(checked.attempt())
    checked.skills[0] = mine
    with pytest.raises(NotFound, match="no such skill"):
        checked.save(given.attempt(given.version_of(session, other)))
    taught.enrollments.append(school.enrollment(school.student()))
    with pytest.raises(NotFound, match="not in this class"):
        checked.save(checked.attempt(), student=3)


def test_the_same_form_is_one_attempt_and_another_evaluator_is_seen(checked: CheckedOff) -> None:
    request = uuid4()
    first = checked.save(checked.attempt(request=request))
    assert checked.save(checked.attempt(request=request)).id == first.id
    with pytest.raises(Conflict, match="another attempt"):
        checked.save(checked.attempt(request=request), student=1)
    with pytest.raises(Conflict, match="Tess Carter recorded an attempt of Ana Alvarez at 12:00"):
        checked.save(checked.attempt(), by=checked.taught.colleague)
    checked.save(checked.attempt(seen=first.id), by=checked.taught.colleague)
    assert checked.standing() == ("passed", 2)


def test_a_rubric_that_was_changed_is_a_new_version_and_attempts_keep_theirs(
    checked: CheckedOff, school: School
) -> None:
    session, admin = checked.session, subject_of(school.admin())
    kept = checked.save(checked.attempt())
    values = SkillFields(
        section="radiography",
        name="Expose a bitewing",
        criteria="Does it [Badly 0, Well 9]",
        required_passes=2,
    )
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        row = lists.change_skill(session, admin, checked.skills[0], values, seen=1)
    assert (row.version, row.section) == (2, "Radiography")
    with pytest.raises(Conflict, match="at version 2, and you saw version 1"):
        lists.change_skill(session, admin, checked.skills[0], values, seen=1)
    found = service.read_attempt(session, admin, kept.id, ZONE)
    assert next(one.text for one, _ in found.view.lines) == "Puts on gloves, mask and eyewear"
    assert checked.standing() == ("attempted", 1), "two passes are needed now"
    # It was open on the tablet meanwhile; a day later it is over.
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        late = checked.save(checked.attempt(seen=kept.id))
    assert (late.version_id, late.points_possible) == (kept.version_id, 5)
    with (
        time_machine.travel(NOW + timedelta(hours=20), tick=False),
        pytest.raises(Conflict, match="now version 2"),
    ):
        checked.save(checked.attempt(seen=late.id))
    checked.save(given.attempt(given.version_of(session, row), (9,), seen=late.id))
    assert checked.standing() == ("passed", 3)
    # Nothing new to say is no new version.
    lists.change_skill(session, admin, checked.skills[0], values, seen=2)
    assert [one.SkillVersion.version for one in lists.read_skill(session, admin, row.id).versions] == [2, 1]


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


WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@pytest.mark.parametrize("same", [True, False], ids=["the same form", "two evaluators"])
def test_two_at_once(live_database: Database, live_settings: Settings, same: bool) -> None:
    store = open_store(live_settings)
    with live_database.begin() as session:
        taught = make_taught(session, School(session), students=1)
        skill = given.skill(session, taught.record.program_id)
        version = given.version_of(session, skill)
        version_id, place = version.id, (taught.id, skill.id, taught.enrollments[0].id)
        people = (taught.teacher, taught.teacher if same else taught.colleague)
    key = UUID(int=1)
    answers: list[int | Problem] = []

    def work(session: Session, subject: Subject, request: UUID) -> int:
        values = Attempt(request, version_id, 0, TODAY, given.PASSED, confirmed=True)
        return service.check_off(session, subject, store, *place, values, ZONE).id

    def second() -> None:
        try:
            with live_database.begin() as session:
                answers.append(work(session, people[1], key if same else UUID(int=2)))
        except Problem as problem:
            answers.append(problem)

    with live_database.begin() as session:
        first = work(session, people[0], key)
        thread = threading.Thread(target=second)
        thread.start()
        waits = False
        while thread.is_alive() and not waits:
            with live_database.begin() as watching:
                waits = bool(watching.scalar(WAITING))
    thread.join()
    with live_database.begin() as session:
        assert session.scalars(select(SkillAttempt.id)).all() == [first]
        assert session.scalar(select(func.count()).select_from(Enrollment)) == 1
    (answer,) = answers
    assert answer == first if same else "Tess Carter recorded an attempt" in str(answer)
