"""Shapes of the authoring pages, and of the quiz in a lesson's text."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.datastructures import UploadFile

from app.content.authoring.markdown import LONGEST, Rendered
from app.core.errors import FieldError, Invalid
from app.rules import hours
from app.web.field_types import EARLIEST_DAY, LATEST_DAY, RecordId, chosen

Method = Literal["highest", "last", "first", "average"]
Feedback = Literal["question", "submission", "due", "none"]
Body = Annotated[str, StringConstraints(max_length=LONGEST)]


class PoolIn(BaseModel):
    """Some questions of the bank, of which a student gets `draw`."""

    model_config = ConfigDict(extra="forbid")

    draw: int = Field(ge=1, le=200)
    questions: list[RecordId] = Field(min_length=1, max_length=200)


class Quiz(BaseModel):
    """The quiz at the end of a lesson, as it is kept with the lesson's text."""

    model_config = ConfigDict(extra="forbid")

    pools: list[PoolIn] = Field(default=[], max_length=10)
    shuffle_questions: bool = True
    shuffle_answers: bool = True
    attempts: int | None = Field(default=None, ge=1, le=100)
    """How often a student may take it; None for as often as they like."""
    minutes: int | None = Field(default=None, ge=1, le=600)
    """Time limit; None without one."""
    pass_percent: int = Field(default=70, ge=0, le=100)
    method: Method = "highest"
    """Which of several attempts counts."""
    feedback: Feedback = "submission"
    """When right answers and explanations are shown."""
    due_at: datetime | None = None
    """From when they are shown, where that is after the due date."""

    @property
    def is_there(self) -> bool:
        return bool(self.pools)


class TextForm(BaseModel):
    """What the editor sends."""

    body: Annotated[Body, Field(title="Text")] = ""
    version: Annotated[int, Field(ge=0, title="Version")] = 0
    """The version that the text was made from; 0 for the first."""


class PreviewForm(BaseModel):
    """The text as it stands in the editor, to be shown beside it."""

    body: Body = ""


class PublishForm(BaseModel):
    """What is published."""

    version: Annotated[int, Field(ge=1, title="Version")]


class MediaForm(BaseModel):
    """Files for the text of a lesson."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[UploadFile, chosen("Choose a picture, video, recording or captions.")]


class MediaRemovalForm(BaseModel):
    """A file that the text does not need any more."""

    name: Annotated[str, Field(min_length=1, max_length=120)]


@dataclass(frozen=True, slots=True)
class MediaOut:
    """A file of the lesson."""

    name: str
    media_type: str
    size_bytes: int
    used: bool
    """Whether the text shows it."""


@dataclass(frozen=True, slots=True)
class TextOut:
    """The newest state of a lesson's text."""

    lesson_id: int
    version: int
    """0 while nothing has been saved."""
    body: str
    quiz: Quiz
    saved_by: str | None
    saved_at: datetime | None
    published_version: int | None
    """The version of the text that students get; None for none."""
    rendered: Rendered
    media: list[MediaOut]

    @property
    def is_published(self) -> bool:
        return self.version > 0 and self.published_version == self.version


POOLS = (1, 2, 3, 4)


class QuizForm(BaseModel):
    """The quiz of a lesson as it is filled in: up to four pools of questions, and the rules."""

    version: Annotated[int, Field(ge=0)] = 0
    pool_1: Annotated[list[RecordId], Field(max_length=200, title="Questions of pool 1")] = []
    draw_1: Annotated[int | None, Field(ge=1, le=200, title="How many of pool 1")] = None
    pool_2: Annotated[list[RecordId], Field(max_length=200, title="Questions of pool 2")] = []
    draw_2: Annotated[int | None, Field(ge=1, le=200, title="How many of pool 2")] = None
    pool_3: Annotated[list[RecordId], Field(max_length=200, title="Questions of pool 3")] = []
    draw_3: Annotated[int | None, Field(ge=1, le=200, title="How many of pool 3")] = None
    pool_4: Annotated[list[RecordId], Field(max_length=200, title="Questions of pool 4")] = []
    draw_4: Annotated[int | None, Field(ge=1, le=200, title="How many of pool 4")] = None
    shuffle_questions: bool = False
    shuffle_answers: bool = False
    attempts: Annotated[int | None, Field(ge=1, le=100, title="Attempts")] = None
    minutes: Annotated[int | None, Field(ge=1, le=600, title="Time limit")] = None
    pass_percent: Annotated[int, Field(ge=0, le=100, title="Passing score")] = 70
    method: Method = "highest"
    feedback: Annotated[Feedback, Field(title="Right answers")] = "submission"
    due_at: Annotated[datetime | None, Field(title="Due")] = None

    def quiz(self, zone: ZoneInfo) -> Quiz:
        """The quiz, with its due date in the school's zone. Raises Invalid for a date that is none there."""
        pools = []
        for number in POOLS:
            questions = list(dict.fromkeys(getattr(self, f"pool_{number}")))
            if questions:
                asked = min(getattr(self, f"draw_{number}") or len(questions), len(questions))
                pools.append(PoolIn(draw=asked, questions=questions))
        due = None if self.due_at is None else _instant(self.due_at, zone)
        rules = self.model_dump(
            include={
                "shuffle_questions",
                "shuffle_answers",
                "attempts",
                "minutes",
                "pass_percent",
                "method",
                "feedback",
            }
        )
        return Quiz(pools=pools, due_at=due, **rules)


def _instant(due: datetime, zone: ZoneInfo) -> datetime:
    if not EARLIEST_DAY <= due.date() <= LATEST_DAY:
        raise _wrong(f"Enter a due date from {EARLIEST_DAY.year} to {LATEST_DAY.year}.")
    if due.tzinfo is not None:
        return due.astimezone(UTC)
    found = hours.read_wall_clock(due, zone, second=True).instant
    if found is None:
        raise _wrong(
            "This time does not exist: the clocks went forward over it that day. Enter another time."
        )
    return found


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("due_at", sentence)])
