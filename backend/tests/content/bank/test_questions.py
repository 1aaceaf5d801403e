"""The bank of questions: typed as lines, seen by those who teach the program, and put right when a key was wrong."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from starlette.datastructures import UploadFile

from app.content.bank import service as bank
from app.content.bank.lines import as_lines, corrected, parse
from app.content.bank.schemas import CorrectionForm, EditForm, QuestionForm
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.db.models import AuditEntry, ClassInstructor, LessonCompletion, QuizAttempt, SchoolClass
from app.rules.quizzes import credit
from app.web.paging import Paging
from tests.content.authoring.conftest import picture
from tests.content.conftest import School, subject_of
from tests.content.quizzes.conftest import LINES, Take, planner, question

WORD = st.text("abcdefghij ", min_size=1, max_size=8).map(str.strip).filter(bool)
WORDS = st.lists(WORD, min_size=2, max_size=6, unique=True)


@given(WORDS, st.data())
def test_what_was_typed_comes_back_and_its_key_earns_all(words: list[str], data: st.DataObject) -> None:
    right = data.draw(st.lists(st.sampled_from(words), min_size=1, unique=True))
    for kind in ("choice", "multiple", "order", "match"):
        if kind == "match":
            lines = "\n".join(f"{word} = {data.draw(st.sampled_from(words))}" for word in words)
        elif kind == "order":
            lines = "\n".join(words)
        else:
            marked = right[:1] if kind == "choice" else right
            lines = "\n".join(f"* {word}" if word in marked else word for word in words)
        parsed = parse(kind, lines)
        assert as_lines(kind, parsed.content, parsed.key) == lines
        assert credit(kind, parsed.content, parsed.key, parsed.key) == 1
        again = corrected(kind, parsed.content, parse(kind, lines))
        assert again.key == parsed.key


@pytest.mark.parametrize(
    ("kind", "lines", "sentence"),
    [
        ("choice", "A", "at least two lines"),
        ("choice", "A\nB", "Mark what is right"),
        ("choice", "* A\n* B", "Mark one line only"),
        ("choice", "* A\nA", "is listed twice"),
        ("choice", "* \nA", "nothing after it"),
        ("match", "A = 1\nB", "as a pair"),
        ("match", "A = 1\n= 2", "at least two pairs"),
        ("match", "A = 1\nB =", "after the equals sign"),
        ("order", "A\nA", "is listed twice"),
        ("hotspot", "* A | 1 2 3\nB | 1 1 1 1", "is not an area"),
        ("hotspot", "* A | 90 2 30 3\nB | 1 1 1 1", "not within the picture"),
        ("hotspot", "A | 1 2 3 4\nB | 1 1 1 1", "Mark the right area"),
        ("multiple", "* A\n" + "\n".join(str(n) for n in range(60)), "at most 40 lines"),
    ],
)
def test_what_is_typed_wrong_is_said(kind: str, lines: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        parse(kind, lines)


def test_the_names_of_options_say_nothing_of_their_order() -> None:
    first, second = parse("order", "A\nB\nC"), parse("order", "A\nB\nC")
    assert first.key != second.key


def test_a_place_on_a_picture_needs_the_picture(school: School) -> None:
    lines = "* Molar | 10 10 20 20\nCanine | 50 50 10 10"
    with pytest.raises(Invalid, match="Choose the picture"):
        question(school, "hotspot", lines)
    with pytest.raises(Invalid, match="can’t be read as a picture"):
        question(school, "hotspot", lines, image=UploadFile(BytesIO(b"<svg/>"), filename="x.png"))
    made = question(school, "hotspot", lines, image=UploadFile(BytesIO(picture()), filename="x.png"))
    assert (made.image_type, school.files.read_bytes(made.image_sha256 or "")) == ("image/png", picture())
    phone = BytesIO()
    first, second = (Image.new("RGB", (8, 8), color) for color in ("red", "blue"))
    first.save(phone, "MPO", save_all=True, append_images=[second])
    assert (
        question(school, "hotspot", lines, image=UploadFile(phone, filename="x.jpg")).image_type
        == "image/jpeg"
    )
    edit = EditForm(prompt="Where?", lines=lines, version=1)
    again = bank.change(school.session, planner(school), school.files, made.question_id, edit)
    assert again.image_sha256 == made.image_sha256


def test_a_picture_is_asked_without_where_its_places_are(
    school: School,
    quiz_of: Callable[..., School],
    take: Take,
) -> None:
    lines = "* Molar | 10 10 20 20\nCanine | 50 50 10 10"
    made = question(school, "hotspot", lines, image=UploadFile(BytesIO(picture()), filename="x.png"))
    quiz_of(made)
    taker = take()
    state = taker.start()
    (asked,) = state["open"]["questions"]
    assert {tuple(sorted(area)) for area in asked["content"]["areas"]} == {("id", "label")}
    assert taker.played.host.get(f"{taker.played.base}/{asked['image']}").content == picture()
    assert taker.played.host.get(f"{taker.played.base}/quiz/pictures/999999").status_code == 404
    taker.answer(state, 1, {"x": 15.5, "y": 12})
    assert taker.submit(state)["past"][0]["percent"] == 100


def test_only_those_who_plan_or_teach_the_program_see_its_questions(school: School) -> None:
    made = question(school, "choice")
    instructor = subject_of(school.instructor)
    with pytest.raises(NotFound):
        bank.read(school.session, instructor, made.question_id)
    with pytest.raises(Forbidden):
        bank.read(school.session, subject_of(school.student), made.question_id)
    today = date.today()  # noqa: DTZ011
    taught = SchoolClass(
        program_id=school.program.id,
        code="DA-1",
        name="Class",
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=60),
    )
    school.session.add(taught)
    school.session.flush()
    school.session.add(
        ClassInstructor(class_id=taught.id, user_id=instructor.user_id, starts_on=taught.starts_on)
    )
    school.session.flush()
    assert bank.read(school.session, instructor, made.question_id).lines == LINES["choice"][1]


def test_an_edit_is_a_version_and_the_later_of_two_is_refused(school: School) -> None:
    made = question(school, "choice")
    edit = EditForm(prompt="Which now?", lines="* A\nB", version=1)
    assert bank.change(school.session, planner(school), school.files, made.question_id, edit).version == 2
    with pytest.raises(Conflict, match="while you were editing it"):
        bank.change(school.session, planner(school), school.files, made.question_id, edit)


def test_a_question_that_was_taken_out_is_not_offered(school: School) -> None:
    made = question(school, "choice")
    bank.set_retired(school.session, planner(school), made.question_id, retired=True)
    assert bank.choices(school.session, planner(school), school.program.id) == []
    listing = bank.list_questions(school.session, planner(school), Paging(), school.program.id)
    assert listing.total() == 0
    out = bank.list_questions(school.session, planner(school), Paging(), school.program.id, retired=True)
    assert [one.id for one in out.page().items] == [made.question_id]
    bank.set_retired(school.session, planner(school), made.question_id, retired=False)
    assert len(bank.choices(school.session, planner(school), school.program.id)) == 1


@pytest.mark.parametrize("words", ["first", "WHICH"])
def test_questions_are_found_by_their_words(school: School, words: str) -> None:
    question(school, "choice")
    question(school, "numeric", value="5")
    found = (
        bank.list_questions(school.session, planner(school), Paging(q=words), school.program.id).page().items
    )
    assert [one.kind for one in found] == ["choice"]


# A wrong key


def correct(school: School, question_id: int, lines: str, version: int = 1) -> int:
    values = CorrectionForm(version=version, lines=lines, reason="Water comes first")
    return bank.correct(school.session, planner(school), question_id, values)


def test_a_corrected_key_grades_again_with_who_and_why_and_completes_the_lesson(
    school: School,
    quiz_of: Callable[..., School],
    take: Take,
) -> None:
    made = question(school, "choice", "Water\n* Towel\nGloves")
    quiz_of(made, pass_percent=60)
    taker = take()
    taker.played.send({"seq": 1, "cmi": {"end": True, "place": 1000, "seconds": 0}})
    state = taker.start()
    water = next(
        one["id"] for one in state["open"]["questions"][0]["content"]["options"] if one["text"] == "Water"
    )
    taker.answer(state, 1, {"id": water})
    assert taker.submit(state)["lesson_status"] == "failed"
    assert correct(school, made.question_id, "* Water\nTowel\nGloves") == 1
    school.session.commit()
    assert school.attempt().cmi_core_lesson_status == "passed"
    assert school.session.scalars(select(LessonCompletion)).one().score_pct == 100
    entry = school.session.scalars(select(AuditEntry).where(AuditEntry.action == "quiz.regraded")).one()
    assert (entry.actor_id, entry.reason, entry.student_id) == (
        school.instructor.id,
        "Water comes first",
        school.student.id,
    )
    assert taker.get()["past"][0]["percent"] == 100
    # Corrected back: the attempt says so, and what is completed stays completed.
    assert correct(school, made.question_id, "Water\n* Towel\nGloves", version=2) == 1
    school.session.commit()
    assert school.session.scalars(select(QuizAttempt)).one().points == 0
    assert school.attempt().cmi_core_lesson_status == "passed"
    assert len(school.session.scalars(select(LessonCompletion)).all()) == 1


def test_a_correction_changes_only_the_key(school: School) -> None:
    made = question(school, "choice")
    with pytest.raises(Invalid, match="leave the options as they are"):
        correct(school, made.question_id, "* Water\nTowel\nSoap")
    with pytest.raises(Invalid, match="the same as before"):
        correct(school, made.question_id, LINES["choice"][1])


def test_a_new_question_is_not_asked_by_a_quiz_that_is_published(
    school: School,
    quiz_of: Callable[..., School],
    take: Take,
) -> None:
    made = question(school, "choice")
    quiz_of(made)
    edit = EditForm(prompt="Another", lines="* A\nB", version=1)
    bank.change(school.session, planner(school), school.files, made.question_id, edit)
    school.session.commit()
    assert "Which first?" in take().start()["open"]["questions"][0]["prompt"]


def test_a_question_of_another_program_is_not_taken(school: School, quiz_of: Callable[..., School]) -> None:
    from app.db.models import Program

    made = question(school, "choice")
    other = Program(name="Other")
    school.session.add(other)
    school.session.flush()
    form = QuestionForm(prompt="Which?", lines="* A\nB")
    foreign = bank.create(school.session, planner(school), school.files, other.id, form)
    with pytest.raises(Invalid, match="not in this program’s bank"):
        quiz_of(made, foreign)
