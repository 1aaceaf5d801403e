"""Films, recordings and documents that are uploaded as they are. What counts as seen is in `rules/media.py`."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.content.packages.media import recognition
from app.content.packages.model import Item, Manifest
from app.content.packages.single_file import Source
from app.content.runtimes.media import pages
from app.content.runtimes.media.report import MediaReport, length_of, read, seen_in
from app.content.runtimes.media.statements import statements_of
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address
from app.content.runtimes.usual import Usual
from app.core.errors import Invalid
from app.db.models import ContentType, Launch, ScormData
from app.rules import media, scorm12

_HERE = Path(__file__).parent


class Media(Usual):
    """One film, recording or document; the player is ours."""

    marker = ""
    statements = None
    reports = True
    libraries: Mapping[str, Path] = {
        name: _HERE / name
        for name in ("film.js", "film_controls.js", "transcript.js", "watched.js", "document.js", "media.css")
    }

    def __init__(self, name: str, label: str, lesson_kind: ContentType, script: str) -> None:
        self.name, self.label, self.lesson_kind, self.script = name, label, lesson_kind, script

    @property
    def is_document(self) -> bool:
        return self.lesson_kind is ContentType.DOCUMENT

    def default_percent(self) -> int:
        """What completes a lesson unless an instructor sets another share."""
        return media.DEFAULT_PAGES_PERCENT if self.is_document else media.DEFAULT_PERCENT

    def stage(self, item: Item) -> str:
        return pages.document_stage(item) if self.is_document else pages.film_stage(item, self.name)

    def recognize(self, archive: Source) -> str | None:
        # The first of the three answers for all: which one it is, the bytes say.
        return recognition.root_of(archive)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        return recognition.manifest_of(archive, root)

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        kept = {} if attempt is None else attempt.cmi
        return {
            "seen": kept.get("seen") or [],
            "place": kept.get("place") or 0,
            "speed": kept.get("speed") or 1,
            "done": attempt is not None and attempt.cmi_core_lesson_status in scorm12.DONE,
            "length": length_of(item),
            "pages": item.details.get("pages"),
        }

    def address(self, launch: Launch, item: Item, base: str) -> str:
        return f"{base}/{package_address(item)}"

    def continues(self, attempt: ScormData) -> bool:
        return True

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> MediaReport:
        return read(data)

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
        """Count what was seen, as far as the clock allows; the place is that of the newest report.

        The attempt keeps what was claimed and how much can have been played, so that opening the lesson again gains
        nothing, and what an earlier session claimed counts as soon as there is room.
        """
        assert isinstance(report, MediaReport)  # noqa: S101 -- from `read`
        length, kept = length_of(item), attempt.cmi
        before = seen_in(kept.get("seen"))
        claimed = media.union(
            before, seen_in(kept.get("claimed")), report.spans_within(length, is_document=self.is_document)
        )
        if len(claimed) > media.MOST_SPANS:
            raise Invalid(
                f"More than {media.MOST_SPANS:,} separate pieces of this lesson were played. Play it through without "
                "jumping. What was saved is kept."
            )
        room = media.Room(*kept.get("room") or ()).grown(
            _milliseconds(sitting.launch.created_at),
            _milliseconds(now),
            speed=1 if self.is_document else media.FASTEST,
        )
        seen = media.counted(before, claimed, room.most)
        kept = {**kept, "seen": seen, "claimed": claimed, "room": room}
        if not late:
            kept |= {"place": report.place, "speed": report.speed}
            attempt.location = str(report.place)
        attempt.cmi = kept
        required = sitting.required_percent or self.default_percent()
        if attempt.cmi_core_lesson_status in scorm12.DONE:
            return
        if media.is_enough(seen, length, required):
            attempt.cmi_core_lesson_status = scorm12.COMPLETED
            attempt.finished_at = now
        elif seen:
            attempt.cmi_core_lesson_status = scorm12.INCOMPLETE

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
        if isinstance(report, MediaReport) and not self.is_document:
            done = attempt.cmi_core_lesson_status in scorm12.DONE and before not in scorm12.DONE
            statements_of(session, launch, item, self.name, report, attempt, completed=done, now=now)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


VIDEO = Media("video", "Video", ContentType.VIDEO, "film.js")
AUDIO = Media("audio", "Audio", ContentType.VIDEO, "film.js")
DOCUMENT = Media("document", "Document", ContentType.DOCUMENT, "document.js")
