"""Films on YouTube and Vimeo, in their own players; what was watched counts by the same rule as in films of the school.

No script of theirs is loaded: both players speak by messages. How long the film is, whoever adds it says, because what
a student's browser says of it could be anything.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.content.packages.model import Item, Manifest
from app.content.packages.single_file import SingleFile, Source
from app.content.runtimes.linked import links
from app.content.runtimes.linked.links import FilmLink
from app.content.runtimes.media import Media
from app.content.runtimes.media.report import MediaReport
from app.content.runtimes.media.statements import statements_of
from app.content.runtimes.protocol import Learner, Report
from app.db.models import ContentType, Launch, ScormData
from app.rules import scorm12

_HERE = Path(__file__).parent


class Linked(Media):
    """A film on another server, by its link."""

    libraries: Mapping[str, Path] = {
        "linked.js": _HERE / "player.js",
        "linked_players.js": _HERE / "players.js",
        "linked.css": _HERE / "player.css",
    }

    def __init__(self) -> None:
        super().__init__("linked", "Film by link", ContentType.VIDEO, "linked.js")

    def stage(self, item: Item) -> str:
        title = escape(item.title)
        return f"""<link rel="stylesheet" href="vendor/media.css">
<link rel="stylesheet" href="vendor/linked.css">
<main class="media" data-stage>
<h1 class="unseen">{title}</h1>
<p id="problem" class="trouble" role="alert" hidden></p>
<iframe id="film" title="{title}" referrerpolicy="strict-origin-when-cross-origin"
 allow="autoplay; encrypted-media; fullscreen; picture-in-picture"></iframe>
<p id="progress" class="progress"></p>
<p id="completed" class="unseen" role="status"></p>
</main>"""

    def recognize(self, archive: Source) -> str | None:
        return "" if isinstance(archive, SingleFile) and links.NAME in archive.entries else None

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        known = json.loads(archive.read(links.NAME, links.MAX_BYTES))
        film = FilmLink(known["provider"], known["id"], known["key"])
        item = Item(
            "film",
            known["title"],
            external_url=film.player(""),
            plays_outside=True,
            details={"film": known, "milliseconds": known["milliseconds"]},
        )
        outside: dict[str, tuple[str, ...]] = {film.host: ("film",)}
        return Manifest(self.name, "", film.id, known["title"], (item,), outside=outside)

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        film = item.details["film"]
        return {
            **super().start(learner, item, attempt),
            "provider": film["provider"],
            "host": links.HOSTS[film["provider"]],
        }

    def address(self, launch: Launch, item: Item, base: str) -> str:
        film = item.details["film"]
        parts = urlsplit(base)
        return FilmLink(film["provider"], film["id"], film["key"]).player(f"{parts.scheme}://{parts.netloc}")

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
        if isinstance(report, MediaReport):
            done = attempt.cmi_core_lesson_status in scorm12.DONE and before not in scorm12.DONE
            statements_of(session, launch, item, "video", report, attempt, completed=done, now=now)


LINKED = Linked()
