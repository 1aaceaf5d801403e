"""Plain web pages with an index.html: they report nothing, so that they were opened counts as viewed, and a person says
that the lesson is done."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from app.content.packages.manifest_links import folded
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import Source
from app.content.packages.web_page import title_of
from app.content.player import COURSE
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address
from app.content.runtimes.usual import Usual
from app.db.models import ContentType, Launch, ScormData
from app.rules import scorm12

_LARGEST_PAGE = 10 * 1024**2
_LARGEST_SPAN = Decimal(86_400)


class Html5(Usual):
    """Zips with an index.html at their root, if they follow no standard."""

    name = "html5"
    label = "Plain web pages"
    marker = "index.html"
    lesson_kind = ContentType.SCORM
    script = "html5.js"
    libraries: Mapping[str, Path] = {"html5.js": Path(__file__).parent / "player.js"}
    reports = False

    statements = None

    def stage(self, item: Item) -> str:
        return COURSE.format(title=escape(item.title))

    def recognize(self, archive: Source) -> str | None:
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        path, inside = next(one for one in files.items() if folded(one[0]) == self.marker)
        title = title_of(archive.read(inside, _LARGEST_PAGE)) or "Web pages"
        return Manifest(
            standard=self.name,
            edition="",
            identifier=path,
            title=title,
            items=(Item(id="pages", title=title, path=path),),
            warnings=(
                "These pages report nothing. The lesson is completed when the student or an instructor marks it.",
            ),
        )

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return {}

    def continues(self, attempt: ScormData) -> bool:
        return True

    def address(self, launch: Launch, item: Item, base: str) -> str:
        return f"{base}/{package_address(item)}"

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Report:
        seconds = data.get("seconds")
        fits = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0
        span = min(Decimal(str(seconds)), _LARGEST_SPAN) if fits else Decimal(0)
        return Report({}, span, suspended=True)

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
        """The player page has shown them."""
        attempt.cmi = {"viewed": True}
        attempt.cmi_core_lesson_status = scorm12.BROWSED


HTML5 = Html5()
