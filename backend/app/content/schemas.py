"""Shapes that go in and out of the content room."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from app.core.errors import FieldError, Invalid
from app.web.field_types import RecordId, Text, chosen

REPORTED = "reported by content"
"""The label of every status, score and time here: the course in the student's browser says so."""


class PackageForm(BaseModel):
    """The upload of a package."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    package: Annotated[UploadFile, chosen("Choose the file of the lesson.")]
    beside: list[UploadFile] = Field(default=[], max_length=20)
    """Captions, chapters and poster of a film."""
    plain_pages: Annotated[bool, Field(title="Plain web pages")] = False
    """The zip may be web pages that follow no standard and report nothing."""


class SeveralForm(BaseModel):
    """Several files, each of which becomes a lesson."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    packages: Annotated[list[UploadFile], Field(min_length=1, max_length=20, title="Files")]


class ReuseForm(BaseModel):
    """A package of another lesson."""

    package_id: Annotated[RecordId, Field(title="Package or file")]


class ShareForm(BaseModel):
    """How much of a film or document completes the lesson."""

    required_percent: Annotated[int, Field(ge=1, le=100, title="Percent")]


class ShareIn(BaseModel):
    """How much of a film or document completes the lesson; null for what its kind asks for by itself."""

    required_percent: int | None = Field(ge=1, le=100)


class FilmIn(BaseModel):
    """A film on YouTube or Vimeo as the content of a video lesson."""

    address: Text = Field(min_length=1, max_length=512, title="YouTube or Vimeo link")
    length: Text = Field(min_length=1, max_length=10, title="Length")
    """As `4:05` or `1:04:05`."""


class SessionIn(BaseModel):
    """What the player remembers of the session, whatever of it was saved before."""

    before: str = Field(max_length=64)
    """The status that the session began with."""
    reached: list[dict[str, Any]] = Field(default=[], max_length=10)
    """For each status the course has set, the moment with the highest score: `{lesson_status, score}`."""


class CommitIn(BaseModel):
    """What the player sends: the whole data model of a SCO, and where in the session it stands."""

    seq: int = Field(ge=1, le=1_000_000_000)
    """Counts up within a launch; the same number again changes nothing."""
    finish: bool = False
    """The course has ended its session (LMSFinish)."""
    leaving: bool = False
    """The page is going away."""
    session: SessionIn | None = None
    """How the session went up to here; a player loaded before there was this does not say."""
    cmi: dict[str, Any]
    """`cmi` as the run-time renders it. An element that is not there is unchanged."""


class CommitOut(BaseModel):
    """The answer to a commit, in the words SCORM run-times use, and what is on record now."""

    result: bool = True
    errorCode: int = 0  # noqa: N815 - the run-time's own name
    seq: int
    lesson_status: str
    complete: bool
    counted: list[tuple[int, int]] | None = None
    """What of a film or document counts so far, as pieces in milliseconds; the player shows nothing else as seen."""
    allowed: dict[str, Any] | None = None
    """Where the content may ask to go by now, in a course that has rules for that."""


class LaunchIn(BaseModel):
    """Which part of a lesson to open; the first unfinished one unless named."""

    sco_id: str | None = Field(default=None, max_length=255)
    preview: bool = False
    """Staff only: play as a student would, record nothing."""


class Waiver(BaseModel):
    """A part of a cmi5 course that need not be done."""

    sco_id: str = Field(min_length=1, max_length=255, title="Part")
    reason: Text = Field(min_length=1, max_length=500, title="Reason")
    """Why; it is in the history and in the statement."""


class WaiverIn(Waiver):
    """A part of a cmi5 course that a student need not do."""

    user_id: RecordId


class WaiverForm(Waiver):
    """The same on the student's page of the lesson, where it is confirmed."""

    confirmed: Annotated[bool, Field(title="Confirmation")] = False

    def require_confirmed(self) -> None:
        """Raises Invalid unless the box is checked."""
        if not self.confirmed:
            sentence = "Check the box if the student need not do this part. It cannot be undone."
            raise Invalid(sentence, errors=[FieldError("confirmed", sentence)])


class NavigationIn(BaseModel):
    """A wish to go elsewhere in a course that decides itself which part comes next."""

    request: Literal[
        "continue", "previous", "choice", "jump", "exit", "exitAll", "abandon", "abandonAll", "suspendAll"
    ]
    target: str | None = Field(default=None, min_length=1, max_length=255)
    """The part that is chosen."""
    at: str | None = Field(default=None, max_length=255)
    """The part in which the wish was made; the same wish again changes nothing."""
    launch_id: str | None = Field(default=None, max_length=36)
    """The launch in which the wish was made …"""
    seq: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """… and the number of its last report, without which nobody can say where the wish leads."""


class NavigationOut(BaseModel):
    """Where it has led."""

    opens: str | None
    """The part to open now; None where there is none."""
    over: bool
    """Whether the course has come to its end."""
    sentence: str
    """What to say of it; empty where a part is opened."""


class ControlsOut(BaseModel):
    """What may be done in a course as a whole."""

    model_config = ConfigDict(from_attributes=True)

    current: str | None
    requests: list[str]


class LaunchOut(BaseModel):
    """A part of a lesson, ready to be played. `player_url` works for this person and this attempt only."""

    launch_id: str
    player_url: str
    content_url: str
    """Where the content itself is opened, for a window of its own; SCORM content needs the player around it."""
    sco_id: str
    attempt_no: int
    preview: bool
    """Nothing is recorded: a preview by staff, or a review."""
    review: bool
    """The student's program is completed: the lesson is only reviewed."""
    expires_at: datetime


class PartOut(BaseModel):
    """One line of a lesson's table of contents with the student's best result in it."""

    sco_id: str
    title: str
    depth: int
    opens: bool
    status: str
    score_pct: Decimal | None
    total_seconds: int
    attempts: int
    available: bool = True
    """Whether the student may choose it now."""


class ResultOut(BaseModel):
    """Where a student stands in a lesson."""

    lesson_id: int
    package_id: int
    complete: bool
    reason: str
    done: int
    total: int
    score_pct: Decimal | None
    """The mean of the parts' scores, rounded for showing."""
    total_seconds: int
    parts: list[PartOut]
    source: str = REPORTED
    reports: bool = True
    """Whether the content says itself when it is done; where not, the student or an instructor marks the lesson."""
    sequenced: bool = False
    """Whether the course decides itself which part comes next."""
    missed: bool = False
    """Whether something was tried and not passed, so far as the best attempts go."""
    to_check: bool = False
    """Whether all is done, and staff check it before the lesson is complete."""
    navigation: ControlsOut | None = None
    """Where it lets the student go now; None before it is opened, and for a course of one part."""


class StudentWorkOut(BaseModel):
    """Where one student stands in a lesson, as the staff see it."""

    student_name: str
    result: ResultOut | None
    """None where the lesson has no package or is in no program that the student is enrolled in."""
    waivable: list[PartOut]
    """Parts that the person who looks may waive."""


class AttemptOut(BaseModel):
    """One attempt at a part of a lesson, as the school's records have it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    lesson_id: int
    lesson_title: str
    package_version: int | None
    sco_id: str
    sco_title: str
    attempt_no: int
    lesson_status: str | None
    completion_status: str | None
    """How far the student has come, of a standard that says so apart (SCORM 2004)."""
    success_status: str | None
    """How well they did, likewise."""
    score_raw: int | None
    score_max: int | None
    score_pct: Decimal | None
    location: str | None
    suspend_data: str | None
    exit: str | None
    total_seconds: int
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    source: str = REPORTED


class PackageOut(BaseModel):
    """One version of a lesson's package."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    lesson_id: int
    version: int
    standard: str
    title: str
    file_name: str
    sha256: str
    size_bytes: int
    warnings: list[str]
    uploaded_by: int | None
    created_at: datetime
    replaced_at: datetime | None
