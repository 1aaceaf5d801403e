"""A written lesson with a quiz of every kind, exported."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from starlette.datastructures import UploadFile

from app.content.authoring.schemas import Quiz
from app.content.exports import service
from app.db.models import ContentType, QuestionVersion
from tests.content.authoring.conftest import add_file, picture, publish
from tests.content.conftest import School
from tests.content.quizzes.conftest import planner, pools_of, question

ORIGIN = "https://school.example"


def every_kind(school: School) -> list[QuestionVersion]:
    """A question of each kind."""
    image = UploadFile(BytesIO(picture("orange")), filename="x.png")
    return [
        question(school, "choice"),
        question(school, "multiple"),
        question(school, "order"),
        question(school, "match"),
        question(school, "numeric", value="20", tolerance="0.1", prompt="How many *seconds*?"),
        question(school, "hotspot", "* Left | 0 0 50 100\nRight | 50 0 50 100", prompt="Where?", image=image),
    ]


def write_lesson(school: School, *, text: str = "# Wash\n\n![Wet hands](hands.png)", **rules: Any) -> None:
    """Publish a lesson with a picture and, unless `quiz=False`, a quiz of every kind."""
    school.lesson.content_type = ContentType.DOCUMENT
    school.session.flush()
    add_file(school, "hands.png", picture())
    quiz = None
    if rules.pop("quiz", True):
        rules = {"shuffle_questions": False, "pass_percent": 70, **rules}
        quiz = Quiz(pools=pools_of(*every_kind(school)), **rules)
    publish(school, text, quiz)


def exported(school: School, standard: Any) -> bytes:
    target = BytesIO()
    service.export(
        school.session,
        planner(school),
        school.files,
        school.lesson.id,
        standard,
        origin=ORIGIN,
        target=target,
    )
    return target.getvalue()


def names(package: bytes) -> list[str]:
    with zipfile.ZipFile(BytesIO(package)) as archive:
        return archive.namelist()


def read(package: bytes, name: str) -> str:
    with zipfile.ZipFile(BytesIO(package)) as archive:
        return archive.read(name).decode()


Export = Callable[..., bytes]


@pytest.fixture
def export(school: School) -> Export:
    """`export(standard, **rules)` writes the lesson, publishes and exports it."""

    def make(standard: str, **rules: Any) -> bytes:
        write_lesson(school, **rules)
        return exported(school, standard)

    return make
