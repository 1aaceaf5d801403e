"""A written lesson with a quiz, and a student who takes it through the content host."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from app.content.authoring.schemas import PoolIn, Quiz
from app.content.bank import service as bank
from app.content.bank.schemas import QuestionForm
from app.core import clock
from app.core.permissions import Role, Subject
from app.db.models import ContentType, QuestionVersion
from tests.content.authoring.conftest import publish
from tests.content.conftest import Play, Played, School, subject_of

LINES = {
    "choice": ("Which first?", "* Water\nTowel\nGloves"),
    "multiple": ("Which are barriers?", "* Gloves\n* Mask\nTowel"),
    "match": ("What goes with what?", "Autoclave = heat\nAlcohol = wiping\n= cold"),
    "order": ("In which order?", "Wet\nLather\nScrub\nRinse"),
}


def planner(school: School) -> Subject:
    """The instructor, as somebody who plans every program."""
    return replace(subject_of(school.instructor), role=Role.ADMIN)


def question(school: School, kind: str, lines: str = "", prompt: str = "", **values: Any) -> QuestionVersion:
    default = LINES.get(kind, ("How many?", ""))
    form = QuestionForm(kind=kind, prompt=prompt or default[0], lines=lines or default[1], **values)  # type: ignore[arg-type]
    return bank.create(school.session, planner(school), school.files, school.program.id, form)


def pools_of(*versions: QuestionVersion, draw: int | None = None) -> list[PoolIn]:
    return [PoolIn(draw=draw or len(versions), questions=[one.question_id for one in versions])]


@dataclass
class Taker:
    """A student at the quiz of a launch."""

    played: Played

    def get(self) -> dict[str, Any]:
        return self.played.host.get(f"{self.played.base}/quiz").json()  # type: ignore[no-any-return]

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.played.host.post(
            f"{self.played.base}/quiz/{path}", json=body, headers={"Origin": self.played.origin, **headers}
        )

    def start(self) -> dict[str, Any]:
        answer = self.post("start", {})
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def answer(
        self, state: dict[str, Any], position: int, given: dict[str, Any], seq: int = 1, **more: Any
    ) -> Any:
        sent = {
            "attempt": state["open"]["attempt"],
            "position": position,
            "seq": seq,
            "answer": given,
            **more,
        }
        return self.post("answer", sent)

    def submit(self, state: dict[str, Any]) -> dict[str, Any]:
        answer = self.post("submit", {"attempt": state["open"]["attempt"]})
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]


Take = Callable[..., Taker]


@pytest.fixture
def quiz_of(school: School) -> Callable[..., School]:
    """`quiz_of(versions, **rules)` publishes a lesson whose quiz asks them."""

    def make(*versions: QuestionVersion, draw: int | None = None, **rules: Any) -> School:
        school.lesson.content_type = ContentType.DOCUMENT
        school.session.flush()
        publish(school, "# Hands\n\nWash them.", Quiz(pools=pools_of(*versions, draw=draw), **rules))
        school.session.commit()
        return school

    return make


@pytest.fixture
def take(play: Play) -> Take:
    def open_it(*, preview: bool = False) -> Taker:
        return Taker(play(preview=preview))

    return open_it


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`time(30)` lets thirty seconds pass by the server's clock."""
    passed = timedelta()
    real = clock.now

    def later(seconds: float) -> None:
        nonlocal passed
        passed += timedelta(seconds=seconds)

    monkeypatch.setattr(clock, "now", lambda: real() + passed)
    return later
