"""What students of the demo school wrote and answered: a lesson that is written here with its quiz, and an assignment.

Apart from the rest of the school, and after its commit: it is done by the students and the instructor as the pages do
it, now, and each needs files.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.content import service as content
from app.content.assignments.definitions import service as definitions
from app.content.assignments.grading import service as grading
from app.content.assignments.hand_ins import service as hand_ins
from app.content.assignments.schemas import AssignmentForm, DueForm, Grading, Upload
from app.content.authoring import media
from app.content.authoring import service as authoring
from app.content.authoring.schemas import PoolIn, Quiz
from app.content.bank import service as bank
from app.content.bank.schemas import Asked, QuestionForm
from app.content.quizzes import service as quizzes
from app.content.quizzes.schemas import Answer, AnswerIn, SubmitIn
from app.content.schemas import CommitIn
from app.core import clock
from app.core.files import FileStore, open_store
from app.core.later import later
from app.core.permissions import Subject
from app.db.models import (
    ClassInstructor,
    ClassSeat,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonText,
    Module,
    QuizAttempt,
    SchoolClass,
    User,
)
from app.db.session import Database
from app.demo import people
from app.settings import Settings

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont
else:
    Image, ImageDraw, ImageFont = later("PIL.Image"), later("PIL.ImageDraw"), later("PIL.ImageFont")

LESSON = "Personal protective equipment"
ASSIGNMENT = "Reading a dental chart"
TAKERS, HANDED_IN = 8, 6
PICTURE = "ppe-order.png"
STEPS = ("Gown", "Mask", "Eyewear", "Gloves")
TEXT = f"""# Before you meet the patient

Personal protective equipment keeps what sprays at the chair away from your skin, eyes and airways. It protects you
only if it is **put on in order**, fits, and comes off without touching what is dirty.

![Four steps: gown, mask, eyewear, gloves]({PICTURE})

## Putting it on

1. Wash your hands, then put on the **gown** and tie it.
2. Put on the **mask** and press the wire to your nose.
3. Put on the **eyewear**; side shields count.
4. Put on the **gloves** last, over the cuffs of the gown.

## Taking it off

Gloves come off first, because they are the dirtiest. Wash your hands again when everything is off.

| Piece | Changed |
|---|---|
| Gloves | for each patient, and when torn |
| Mask | for each patient, and when wet |
| Eyewear | cleaned after each patient |
| Gown | each day, and when soiled |
"""
_QUESTIONS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "choice",
        "What do you put on last?",
        "Gown\nMask\nEyewear\n* Gloves",
        {"feedback": "Gloves cover the cuffs."},
    ),
    ("multiple", "What is changed for each patient?", "* Gloves\n* Mask\nShoes\nHair cover", {}),
    ("order", "In which order do you put it on?", "\n".join(STEPS), {}),
    ("match", "What does each piece protect?", "Gloves = hands\nMask = airways\nEyewear = eyes\n= feet", {}),
    ("numeric", "How many pieces are put on?", "", {"value": "4"}),
    (
        "hotspot",
        "Where is the first step?",
        "* First box | 2 20 22 60\nSecond box | 27 20 22 60\nThird box | 52 20 22 60\nFourth box | 76 20 22 60",
        {},
    ),
)
_RUBRIC = (
    "Teeth are numbered right [No 0, Partly 1, Yes 2]\nFindings have their symbols [No 0, Partly 1, Yes 2]\n"
    "! The patient cannot be recognized [Missed 0, Kept 1]"
)


def write_work(database: Database, settings: Settings) -> int:
    """Write the lesson and the assignment with what students did in them; how many attempts and hand-ins."""
    store = open_store(settings)
    with database.begin() as session:
        if session.scalar(select(LessonText.id).limit(1)) is not None:
            return 0
        admin = _subject(session, people.ADMIN.email)
        lessons = [_lesson(session, title) for title in (LESSON, ASSIGNMENT)]
        if None in lessons:
            return 0
        written, assigned = (one for one in lessons if one is not None)
        students = _students(session)
        _write(session, admin, store, written)
        for number, student in enumerate(students[:TAKERS]):
            _take(session, student, settings, written.id, Random(number), reads=number % 3 != 2)
        _assign(session, admin, store, settings, assigned, students[:HANDED_IN])
        return len(students[:TAKERS]) + len(students[:HANDED_IN])


def _write(session: Session, admin: Subject, store: FileStore, lesson: Lesson) -> None:
    media.upload(session, admin, store, lesson.id, BytesIO(_picture(named=True)), PICTURE)
    program_id = session.get_one(Module, lesson.module_id).program_id
    numbers = []
    for kind, prompt, lines, more in _QUESTIONS:
        image = (
            UploadFile(BytesIO(_picture(named=False)), filename="boxes.png") if kind == "hotspot" else None
        )
        form = QuestionForm.model_validate(
            {
                "kind": kind,
                "prompt": prompt,
                "lines": lines,
                "module_id": lesson.module_id,
                "image": image,
                **more,
            }
        )
        numbers.append(bank.create(session, admin, store, program_id, form).question_id)
    quiz = Quiz(pools=[PoolIn(draw=5, questions=numbers)], pass_percent=70, attempts=3, minutes=15)
    text = authoring.save(session, admin, lesson.id, made_from=0, body=TEXT, quiz=quiz)
    authoring.publish(session, admin, store, lesson.id, version=text.version)


def _take(
    session: Session, student: Subject, settings: Settings, lesson_id: int, random: Random, *, reads: bool
) -> None:
    """One attempt, or a second after one that failed; somebody stops in the middle."""
    launch = content.launch(session, student, settings, lesson_id)
    token = launch.player_url.split("/p/")[1].partition("/")[0]
    if reads:
        sent = CommitIn(seq=1, cmi={"end": True, "place": 1000, "seconds": random.randint(240, 900)})
        content.commit(session, token, sent)
    for _ in range(2):
        state = quizzes.start(session, token)
        attempt = session.get_one(QuizAttempt, state["open"]["attempt"])
        asked = bank.asked(session, [one["version"] for one in attempt.drawn])
        for position, one in enumerate(attempt.drawn, start=1):
            knows = random.random() < 0.8
            given = Answer.model_validate(_answer(asked[one["version"]], random, knows=knows))
            quizzes.answer(
                session, token, AnswerIn(attempt=attempt.id, position=position, seq=1, answer=given)
            )
        if random.random() < 0.1:
            return
        state = quizzes.submit(session, token, SubmitIn(attempt=attempt.id))
        if state["past"][-1]["passed"]:
            return


def _answer(question: Asked, random: Random, *, knows: bool) -> dict[str, Any]:
    """A right answer, or one of those that people give."""
    key = question.key
    if question.kind == "numeric":
        return {"value": key["value"] if knows else random.choice(("3", "5"))}
    if question.kind == "hotspot":
        return {"id": key["ids"][0] if knows else question.content["areas"][-1]["id"]}
    if knows:
        return {name: key[name] for name in ("id", "ids", "pairs") if name in key}
    options = [one["id"] for one in question.content["options"]]
    if question.kind == "match":
        return {"pairs": {left: random.choice(options) for left in key["pairs"]}}
    if question.kind == "choice":
        return {"id": random.choice(options)}
    mixed = random.sample(options, len(options))
    return {"ids": mixed if question.kind == "order" else mixed[:2]}


def _assign(
    session: Session,
    admin: Subject,
    store: FileStore,
    settings: Settings,
    lesson: Lesson,
    students: Sequence[Subject],
) -> None:
    """Some hand-ins wait, one is a draft, some are released."""
    form = AssignmentForm.model_validate(
        {
            "instructions": "Chart the practice case on paper, take a photo of the sheet, and hand it in. Leave the "
            "patient’s name out.",
            "criteria": _RUBRIC,
            "kinds": ["picture", "pdf"],
            "late": "reduce",
            "late_pct": 10,
        }
    )
    definitions.save(session, admin, lesson.id, form)
    teacher = _subject(session, people.INSTRUCTOR.email)
    today = clock.today(settings.zone)
    for number in _classes(session, teacher.user_id):
        day = today.replace(day=28)
        due = DueForm(class_id=number, day=day if day > today else today, remove=False)
        definitions.set_due(session, teacher, lesson.id, due, settings.zone)
    for number, student in enumerate(students):
        made = hand_ins.hand_in(
            session,
            student,
            store,
            lesson.id,
            [Upload("chart.png", BytesIO(_chart(number)))],
            request=uuid4(),
            note="The third molar is missing." if number == 1 else None,
            zone=settings.zone,
        )
        if number % 2:
            continue
        marks = ((2, 2, 1), (1, 2, 1), (1, 0, 1))[number // 2 % 3]
        values = Grading(
            uuid4(), 0, list(marks), "Check the symbol for a crown." if marks[1] < 2 else "Well done."
        )
        grading.grade(session, teacher, store, made.id, values)
        if number < HANDED_IN - 2:
            grading.release(session, teacher, made.id)


def _subject(session: Session, email: str) -> Subject:
    user = session.scalars(select(User).where(User.email == email)).one()
    return Subject(user.id, user.email, user.full_name, user.role)


def _lesson(session: Session, title: str) -> Lesson | None:
    return session.scalars(select(Lesson).where(Lesson.title == title).order_by(Lesson.id)).first()


def _classes(session: Session, instructor_id: int) -> list[int]:
    """The demo instructor's classes of the lessons' program."""
    program = (
        select(Module.program_id).join(Lesson, Lesson.module_id == Module.id).where(Lesson.title == LESSON)
    )
    return list(
        session.scalars(
            select(ClassInstructor.class_id)
            .join(SchoolClass, SchoolClass.id == ClassInstructor.class_id)
            .where(
                ClassInstructor.user_id == instructor_id,
                ClassInstructor.ends_on.is_(None),
                SchoolClass.program_id.in_(program),
            )
            .order_by(ClassInstructor.class_id)
        )
    )


def _students(session: Session) -> list[Subject]:
    """Students of the demo instructor who study the program of the lessons, the demo's own student first."""
    teacher = _subject(session, people.INSTRUCTOR.email)
    rows = session.scalars(
        select(User)
        .join(Enrollment, Enrollment.user_id == User.id)
        .join(ClassSeat, ClassSeat.enrollment_id == Enrollment.id)
        .where(
            Enrollment.status == EnrollmentStatus.ACTIVE,
            ClassSeat.class_id.in_(_classes(session, teacher.user_id)),
            ClassSeat.ends_on.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(User.email != people.STUDENT.email, User.id)
    ).unique()
    return [Subject(one.id, one.email, one.full_name, one.role) for one in dict.fromkeys(rows)]


# Pictures


def _picture(*, named: bool) -> bytes:
    """Four boxes in a row, with what each stands for or its number."""
    image = Image.new("RGB", (800, 240), "#f4f7f8")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=32)
    for place, name in enumerate(STEPS):
        left = 20 + place * 196
        pen.rounded_rectangle(
            (left, 50, left + 172, 190), radius=16, fill="#ffffff", outline="#0b5c6b", width=4
        )
        pen.text((left + 86, 120), name if named else str(place + 1), fill="#123f4a", font=font, anchor="mm")
    return _png(image)


def _chart(number: int) -> bytes:
    """A sheet with a row of teeth, some of them marked."""
    image = Image.new("RGB", (900, 420), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=22)
    pen.text((20, 16), f"Practice case {number + 1}", fill="black", font=font)
    for tooth in range(16):
        left = 20 + tooth * 54
        for row, top in enumerate((90, 250)):
            marked = (tooth * 7 + row * 3 + number) % 6 == 0
            pen.ellipse(
                (left, top, left + 44, top + 64),
                outline="#333333",
                fill="#f0c4c4" if marked else None,
                width=3,
            )
            label = str(tooth + 1 if row == 0 else 32 - tooth)
            pen.text((left + 22, top + 88), label, fill="black", font=font, anchor="mm")
    return _png(image)


def _png(image: Any) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
