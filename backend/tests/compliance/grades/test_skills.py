"""Checking off: who may, what is refused, repeats and voids, and what the student sees of it."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select

from app.compliance.grades import service as door
from app.compliance.grades.skills.board import service
from app.compliance.grades.skills.lists import service as lists
from app.compliance.grades.skills.progress import service as progress
from app.compliance.grades.skills.schemas import SkillFields
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Duty, Subject
from app.db.models import (
    AuditEntry,
    ClassSeat,
    Program,
    SkillAttempt,
    User,
)
from tests.compliance.grades.conftest import NOW, TODAY, ZONE, CheckedOff
from tests.factories import skills as given
from tests.factories.school import School, subject_of


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


def test_who_left_the_class_is_no_longer_seen_by_its_instructors(checked: CheckedOff) -> None:
    """Their skills go on in another class, and those attempts are not this instructor's to read."""
    made = checked.save(checked.attempt())
    taught, gone = checked.taught, checked.taught.enrollments[0].id
    place = (taught.id, checked.skills[0], gone, ZONE)
    seat = checked.session.query(ClassSeat).filter_by(class_id=taught.id, enrollment_id=gone).one()
    seat.ends_on = TODAY - timedelta(days=1)
    checked.session.flush()
    board = service.read_board(checked.session, taught.teacher, taught.id, ZONE)
    assert gone not in [one.enrollment_id for one in board.students]
    assert len(board.students) == 2
    with pytest.raises(NotFound, match="not in this class"):
        service.read_check_off(checked.session, taught.teacher, *place)
    with pytest.raises(NotFound):
        checked.save(checked.attempt(seen=made.id, performed_on=TODAY - timedelta(days=2)))
    assert service.read_check_off(checked.session, taught.registrar, *place).attempts
    with time_machine.travel(datetime(2026, 6, 29, 16, tzinfo=UTC), tick=False):
        assert not service.read_board(checked.session, taught.teacher, taught.id, ZONE).students


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
        checked.save(checked.attempt(performed_on=date(2026, 4, 1)), student=2, by=taught.registrar)
    checked.save(checked.attempt(performed_on=date(2026, 3, 31)), student=2, by=taught.registrar)
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
