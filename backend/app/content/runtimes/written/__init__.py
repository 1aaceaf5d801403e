"""Lessons that are written here: a text that is read to its end, and a quiz that the server grades."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content.bank import policy as bank
from app.content.packages.model import Item, Manifest
from app.content.packages.single_file import Source
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address
from app.content.runtimes.usual import Usual
from app.content.scores import exact_percent
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.db.models import ContentType, Launch, ScormData
from app.rules import scorm12
from app.rules.quizzes import LessonState, lesson_status

_HERE = Path(__file__).parent
_MOST_SECONDS = 10**7
WHOLE = 1_000
"""A place at the end of the text, in thousandths."""


@dataclass(frozen=True, slots=True)
class WrittenReport(Report):
    """How far the text was read."""

    read_to_end: bool
    place: int
    """Where the student is, in thousandths of the text."""


class Written(Usual):
    """A text with pictures and films, and perhaps a quiz behind it; the player is ours."""

    name = "written"
    label = "Written lesson"
    marker = ""
    lesson_kind = ContentType.DOCUMENT
    script = "written.js"
    statements = None
    reports = True
    libraries: Mapping[str, Path] = {
        name: _HERE / name
        for name in (
            "written.js",
            "reading.js",
            "quiz.js",
            "quiz_answers.js",
            "quiz_server.js",
            "written.css",
        )
    }

    def stage(self, item: Item) -> str:
        return f'<link rel="stylesheet" href="vendor/written.css">\n{stage_of(item)}'

    def recognize(self, archive: Source) -> str | None:
        return None  # it is never uploaded

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        raise Invalid("Lessons of this kind are written here and not uploaded.")

    def prepare(self, session: Session, subject: Subject, launch: Launch, item: Item) -> None:
        """Whoever looks at the lesson sees right answers only where the bank of questions shows them, too."""
        if launch.enrollment_id is None:
            program_id = academics.lesson_place(session, launch.lesson_id).program_id
            launch.session_state = {"shows_keys": bank.may_read(session, subject, program_id)}

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        kept = {} if attempt is None else attempt.cmi
        return {
            "end": bool(kept.get("end")),
            "place": kept.get("place") or 0,
            "quiz": bool(item.details.get("quiz")),
            "done": attempt is not None and attempt.cmi_core_lesson_status in scorm12.DONE,
            "counts": learner.counts,
        }

    def address(self, launch: Launch, item: Item, base: str) -> str:
        return f"{base}/{package_address(item)}"

    def continues(self, attempt: ScormData) -> bool:
        return True

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> WrittenReport:
        """The report. Raises Invalid with a sentence for what no player sends."""
        end, place, seconds = data.get("end", False), data.get("place", 0), data.get("seconds", 0)
        if not isinstance(end, bool) or not _is_whole(place, WHOLE) or not _is_whole(seconds, _MOST_SECONDS):
            raise Invalid("The player sent something other than how far was read. Reload the lesson.")
        return WrittenReport(
            data={"end": end, "place": place, "seconds": seconds},
            session_seconds=Decimal(seconds),
            suspended=True,
            read_to_end=end,
            place=place,
        )

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
        """Keep how far was read; what was read to the end stays so."""
        assert isinstance(report, WrittenReport)  # noqa: S101 -- from `read`
        kept = {**attempt.cmi, "end": bool(attempt.cmi.get("end")) or report.read_to_end}
        if not late:
            kept["place"] = report.place
            attempt.location = str(report.place)
        attempt.cmi = kept
        judge(attempt, item, now)


def stage_of(item: Item) -> str:
    """The text, its end, the place of its quiz and what the lesson comes to, as the scripts expect them."""
    quiz = (
        '<section id="quiz" class="quiz" aria-labelledby="quiz-name">'
        '<h2 id="quiz-name" tabindex="-1">Quiz</h2><div id="quiz-body"></div>'
        '<p id="quiz-said" class="unseen" role="status"></p></section>'
        if item.details.get("quiz")
        else ""
    )
    return f"""<main class="written" data-stage tabindex="-1">
<article>
<h1>{escape(item.title)}</h1>
{item.details["html"]}
<p id="end" class="end"><span id="end-text">You have reached the end of the text.</span></p>
</article>
{quiz}
<p id="standing" class="standing" role="status"></p>
</main>"""


def judge(attempt: ScormData, item: Item, now: datetime) -> None:
    """Write what the text that was read and the quiz together come to; what is completed stays completed."""
    if attempt.cmi_core_lesson_status in scorm12.DONE:
        return
    quiz = item.details.get("quiz")
    state = LessonState(
        read_to_end=bool(attempt.cmi.get("end")),
        has_quiz=quiz is not None,
        percent=exact_percent(attempt.score_raw, attempt.score_min, attempt.score_max, attempt.score_pct),
        pass_percent=0 if quiz is None else quiz["pass_percent"],
    )
    attempt.cmi_core_lesson_status = lesson_status(state)
    if attempt.cmi_core_lesson_status in scorm12.DONE:
        attempt.finished_at = now


def _is_whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


WRITTEN = Written()
