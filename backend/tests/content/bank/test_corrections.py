"""A wrong key of an older wording, and what a correction changes, which is shown before it is made."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.content.bank import service as bank
from app.content.bank.schemas import CorrectionForm, EditForm
from app.core.errors import Conflict, NotFound
from app.db.models import AuditEntry, QuestionVersion, QuizAttempt
from tests.content.conftest import School, subject_of
from tests.content.quizzes.conftest import Take, planner, question


def values(version: int, lines: str, edit: int | None = None) -> CorrectionForm:
    return CorrectionForm(version=version, lines=lines, edit=edit, reason="Water comes first")


def answered_wrongly(school: School, quiz_of: Callable[..., School], take: Take) -> int:
    """A question whose key is wrong, answered by the student as is right, and edited since; its number."""
    made = question(school, "choice", "Water\n* Towel\nGloves")
    quiz_of(made, pass_percent=60)
    taker = take()
    state = taker.start()
    options = state["open"]["questions"][0]["content"]["options"]
    taker.answer(state, 1, {"id": next(one["id"] for one in options if one["text"] == "Water")})
    taker.submit(state)
    edit = EditForm(prompt="Which one?", lines="Water\n* Towel\nSoap", version=1)
    bank.change(school.session, planner(school), school.files, made.question_id, edit)
    return made.question_id


def points(school: School) -> list[float]:
    school.session.expire_all()
    return [float(one.points or 0) for one in school.session.scalars(select(QuizAttempt))]


def test_the_key_of_an_older_wording_is_corrected_and_the_newest_is_asked_next(
    school: School, quiz_of: Callable[..., School], take: Take
) -> None:
    number = answered_wrongly(school, quiz_of, take)
    who = planner(school)
    # The newest wording is another question to those who were asked the old one.
    assert bank.correct(school.session, who, number, values(2, "* Water\nTowel\nSoap")) == 0
    assert points(school) == [0]
    right = values(1, "* Water\nTowel\nGloves", edit=1)
    foreseen = bank.foresee(school.session, who, number, right)
    assert foreseen.asked == 1
    (change,) = foreseen.changes
    assert (change.full_name, change.before, change.after) == ("Maria Lopez", 0, 100)
    assert (change.passed_before, change.passed_after) == (False, True)
    assert points(school) == [0]
    assert bank.correct(school.session, who, number, right) == 1
    assert points(school) == [1]
    newest = bank.read(school.session, who, number)
    assert (newest.prompt, newest.version, newest.edit) == ("Which one?", 3, 2)
    versions = school.session.scalars(select(QuestionVersion).order_by(QuestionVersion.version)).all()
    assert [(one.version, one.edit_version) for one in versions] == [(1, None), (2, None), (3, 2), (4, 1)]
    assert bank.newest_versions(school.session, [number]) == {number: versions[2].id}
    rows = school.session.scalars(select(AuditEntry).where(AuditEntry.action == "quiz.regraded")).all()
    assert [(one.reason, one.student_id) for one in rows] == [("Water comes first", school.student.id)]
    # Edited again, it counts on; and the correction of a correction finds the same attempt.
    edit = EditForm(prompt="Which?", lines="* Water\nTowel\nSoap", version=3)
    assert bank.change(school.session, who, school.files, number, edit).version == 5
    assert bank.correct(school.session, who, number, values(4, "Water\nTowel\n* Gloves", edit=1)) == 1
    assert points(school) == [0]


def test_a_correction_of_what_one_did_not_see_is_refused(
    school: School, quiz_of: Callable[..., School], take: Take
) -> None:
    number = answered_wrongly(school, quiz_of, take)
    who = planner(school)
    bank.correct(school.session, who, number, values(1, "* Water\nTowel\nGloves", edit=1))
    with pytest.raises(Conflict):
        bank.correct(school.session, who, number, values(1, "Water\nTowel\n* Gloves", edit=1))
    with pytest.raises(NotFound):
        bank.correct(school.session, who, number, values(1, "* Water\nTowel\nGloves", edit=9))
    with pytest.raises(NotFound):
        bank.foresee(
            school.session, subject_of(school.instructor), number, values(1, "* Water\nTowel\nGloves", 1)
        )


def test_the_page_shows_what_changes_and_corrects_only_what_it_has_shown(
    school: School, quiz_of: Callable[..., School], take: Take, signed_in: Callable[..., TestClient]
) -> None:
    from app.core.permissions import Role

    number = answered_wrongly(school, quiz_of, take)
    school.instructor.role = Role.ADMIN
    school.session.commit()
    client = signed_in(school.instructor)
    address = f"/questions/{number}/key/edit"
    page = client.get(f"/questions/{number}").text
    assert f"{address}?edit=1" in page
    assert "An older wording" in client.get(f"{address}?edit=1").text
    sent = {"version": "1", "edit": "1", "lines": "* Water\nTowel\nGloves", "reason": "Water first"}
    shown = client.post(address, data=sent)
    assert shown.status_code == 200
    assert "Maria Lopez" in shown.text
    assert "100%, passed" in shown.text
    assert points(school) == [0]
    seen = values(1, sent["lines"], 1).fingerprint()
    # Changed after it was shown: shown again.
    assert (
        client.post(address, data={**sent, "lines": "Water\nTowel\n* Gloves", "seen": seen}).status_code
        == 200
    )
    assert points(school) == [0]
    assert client.post(address, data={**sent, "seen": seen}).status_code == 303
    assert points(school) == [1]
