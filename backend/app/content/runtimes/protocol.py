"""What every standard of content has to know; the rest of the room knows no standard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from app.content.packages.model import Item, Manifest
from app.content.packages.single_file import Source
from app.content.packages.versions import Version
from app.core.permissions import Subject
from app.db.models import ContentType, Launch, ScormCourse, ScormData
from app.lrs.service import Call
from app.rules.media import Span


@dataclass(frozen=True, slots=True)
class Learner:
    """Whom the content is played to, as it may know them."""

    user_id: int
    full_name: str
    counts: bool
    """Whether anything is recorded."""
    review: bool
    """Whether the program is completed and the lesson only looked at again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the content says at one moment, as far as every standard has it; read once for each commit."""

    data: dict[str, Any]
    """The standard's data model as it came."""
    session_seconds: Decimal
    """How long the content says that this session has lasted."""
    suspended: bool
    """Whether the content wants to go on where it is the next time."""

    def counted_in(self, attempt: ScormData) -> list[Span] | None:
        """The pieces of a film or document that count by now; None for content that has none."""
        return None


@dataclass(frozen=True, slots=True)
class SoFar:
    """What the player remembers of a session, so that its outcome does not depend on when something was saved."""

    before: str
    """The status that the session began with."""
    reached: tuple[dict[str, Any], ...]
    """For each status that the content has set, the moment with the highest score, in the standard's own words."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the statements of one request come to for the session they were said in."""

    seconds: float
    """How long the session has lasted, as far as the content says."""
    ended: bool
    """Whether the content has ended its session for good."""
    kept: bool = True
    """Whether the statements are stored; not where nothing of a session is recorded."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """What a report comes from: one launch, and what the lesson asks for."""

    launch: Launch
    required_percent: int | None
    """How much of a film or document has to be seen; None for what its kind asks for by itself."""
    passing_percent: int | None = None
    """The score that the lesson asks for, if it asks for one."""


_KEPT = "=&/?:@!$'()*+,;%-._~"
"""What may stand in a query or fragment as it is."""


def package_address(item: Item) -> str:
    """The address of a part below that of its launch."""
    address = f"files/{quote(item.path or '')}"
    if item.query:
        address += f"?{quote(item.query, safe=_KEPT)}"
    if item.fragment:
        address += f"#{quote(item.fragment, safe=_KEPT)}"
    return address


def registration_of(home_page: str, launch: Launch) -> str:
    """The registration of content that speaks xAPI: of the enrollment in this version of the lesson, so that all its
    launches share it. Where nothing counts it is the launch's own, and no other knows of it."""
    if launch.enrollment_id is None or launch.preview:
        return launch.id
    place = f"{home_page}/enrollments/{launch.enrollment_id}/content/{launch.package_id}"
    return str(uuid5(NAMESPACE_URL, place))


class Runtime(Protocol):
    """One standard: its packages, its start, what it reports and what that amounts to."""

    @property
    def name(self) -> str:
        """As in `content_packages.standard`: `scorm12`."""

    @property
    def label(self) -> str:
        """As people say it: `SCORM 1.2`."""

    @property
    def marker(self) -> str:
        """The file that makes a zip a package of this standard, for the sentence that misses it; or empty."""

    @property
    def lesson_kind(self) -> ContentType:
        """The kind of lesson that it is the content of."""

    @property
    def script(self) -> str:
        """Name of its module, among `libraries` or the player's own: what plays it in the player page."""

    @property
    def libraries(self) -> Mapping[str, Path]:
        """What the player page loads for it, by the name in its address."""

    @property
    def reports(self) -> bool:
        """Whether its content says itself when a part is done; where not, a person marks the lesson."""

    def stage(self, item: Item) -> str:
        """The HTML that the module plays on; where content is a page of its own, `player.COURSE`."""

    def recognize(self, archive: Source) -> str | None:
        """The folder that is the root of the package (`""` for the top), or None for another standard's zip."""

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        """The table of contents. `files` are paths from the root -> paths in the zip. Raises Invalid with a
        sentence; the manifest may name another standard, which is not played."""

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        """The data model that the content starts from, at its launch."""

    def address(self, launch: Launch, item: Item, base: str) -> str:
        """Where the content of a launch is opened; `base` is the launch's own address, as far as `/p/token`."""

    def continues(self, attempt: ScormData) -> bool:
        """Whether the next launch goes on with this attempt instead of starting another."""

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Report:
        """What the content reports, read kindly: nonsense in one element loses only that."""

    def take(
        self,
        attempt: ScormData,
        item: Item,
        report: Report,
        sitting: Sitting,
        *,
        ended: bool,
        left: bool,
        late: bool,
        now: datetime,
    ) -> None:
        """Write a report into the attempt. `ended`: the content ended its session for good; `left`: the learner left
        the page; `late`: a newer report has been taken already."""

    def hand_on(
        self,
        session: Session,
        launch: Launch,
        item: Item,
        report: Report,
        before: str,
        attempt: ScormData,
        now: datetime,
    ) -> None:
        """Give the LRS what it is to hear of a report beside what follows from the history, once that is kept.
        `before` is the status the attempt had."""

    def needs_nothing(self, item: Item) -> bool:
        """Whether a part is done from the start, without being opened."""

    def prepare(self, session: Session, subject: Subject, launch: Launch, item: Item) -> None:
        """Give a launch what its session is known by and what its person may see, before anything is said of it."""

    def launched(
        self,
        session: Session,
        version: Version,
        launch: Launch,
        item: Item,
        base: str,
        *,
        left: Sequence[Launch],
        first: bool,
        now: datetime,
    ) -> None:
        """What goes with a launch, last in its transaction. `base` is its own address, `left` are the launches it
        takes over from, `first`: whether the student had not begun this version of the lesson."""

    @property
    def sequencing(self) -> "Sequencing | None":
        """For packages that say themselves which part comes next; None where the student chooses freely."""

    @property
    def statements(self) -> "Statements | None":
        """For content that speaks to the LRS by itself; None where it reports to the player."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a request to go elsewhere in a course has led."""

    opens: str | None = None
    """The part to open now."""
    refused: bool = False
    """Whether the course does not allow it; nothing has changed then."""
    over: bool = False
    """Whether the course has come to its end."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What a student may do in a course as a whole where they are."""

    current: str | None
    """The part they are in."""
    requests: tuple[str, ...] = ()
    """Of `previous`, `continue`, `exitAll` and `suspendAll`, those that make sense."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the parts of a course amount to by its own rules."""

    status: str
    """One of the statuses that all standards share."""
    controls: Controls | None
    """None for a course of one part."""
    choosable: frozenset[str]
    """The parts that may be chosen now."""


class Sequencing(Protocol):
    """What a standard adds whose packages say themselves which part comes next, and what their parts amount to
    together. It is asked for work that counts, with the enrollment held for whatever changes something."""

    def open(self, session: Session, version: Version, enrollment_id: int, sco_id: str | None) -> Item:
        """The part to open: the one that the student has chosen, else where they are.

        Raises Invalid for one that the course does not let them open now, Conflict when there is none left.
        """

    def navigate(
        self,
        session: Session,
        version: Version,
        enrollment_id: int,
        request: str,
        target: str | None,
        *,
        at: str | None,
        now: datetime,
    ) -> Moved:
        """Carry out a request that was made in the part `at`; made elsewhere, it changes nothing."""

    def reported(
        self, session: Session, version: Version, launch: Launch, item: Item, attempt: ScormData
    ) -> None:
        """Take what a part has reported, once the attempt has it."""

    def standing(self, version: Version, course: ScormCourse | None) -> Standing | None:
        """What the parts amount to, by what is kept of the course; None before it is opened."""

    def inform(
        self, session: Session, version: Version, launch: Launch, item: Item, cmi: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Put into the data model of a part that starts what the course knows of it; answers what the player is given
        beside it, or None for nothing."""

    def weights(self, version: Version) -> dict[str, Fraction]:
        """How much the score of each part counts in that of the whole."""

    def allowed(self, session: Session, version: Version, enrollment_id: int) -> dict[str, Any]:
        """What the content may ask for now."""


class Statements(Protocol):
    """What a standard adds whose content writes its statements into the LRS itself."""

    async def admit(self, call: Call, state: Mapping[str, Any]) -> Mapping[str, object]:
        """Refuse a request that is not the content's to make. `state` is the launch's session state; answers what it
        gains by the request.

        Raises `lrs.service.Refusal`.
        """

    def has_ended(self, launch: Launch) -> bool:
        """Whether the content has said all it may in this session."""

    def take(
        self, launch: Launch, item: Item, attempt: ScormData | None, statements: Sequence[Mapping[str, Any]]
    ) -> Heard:
        """Judge statements one after the other and write what they come to; `attempt` is None in a preview.

        Raises `lrs.service.Refusal`.
        """

    def follow_up(
        self, session: Session, version: Version, launch: Launch, item: Item, now: datetime
    ) -> list[dict[str, Any]]:
        """The LMS's own statements after a part is done."""

    def waive(
        self,
        session: Session,
        version: Version,
        launch: Launch,
        item: Item,
        attempt: ScormData,
        reason: str,
        *,
        first: bool,
        now: datetime,
    ) -> list[dict[str, Any]]:
        """Write that a part need not be done; answers the LMS's own statements. `launch` is not stored, `first`:
        whether the student had not begun this version of the lesson."""
