"""cmi5: content that speaks xAPI, judged statement by statement. What it means is in `rules/cmi5.py`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from sqlalchemy.orm import Session

from app.content.packages.manifest_links import folded
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import SingleFile, Source
from app.content.packages.versions import Version
from app.content.player import COURSE, WINDOW
from app.content.runtimes.cmi5 import course_structure, sessions
from app.content.runtimes.cmi5.statements import Cmi5Statements
from app.content.runtimes.cmi5.units import unit_of
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address
from app.content.runtimes.usual import Usual
from app.core.permissions import Subject
from app.db.models import ContentType, Launch, ScormData


class Cmi5(Usual):
    """Packages with a cmi5.xml at their root, or a cmi5.xml by itself whose units run on other servers."""

    name = "cmi5"
    label = "cmi5"
    marker = course_structure.NAME
    lesson_kind = ContentType.SCORM
    script = "speaks_to_lrs.js"
    libraries: Mapping[str, Path] = {}
    reports = True

    statements = Cmi5Statements()

    def stage(self, item: Item) -> str:
        if item.details["launchMethod"] == "OwnWindow":
            return WINDOW.format(title=escape(item.title))
        return COURSE.format(title=escape(item.title))

    def recognize(self, archive: Source) -> str | None:
        # "In the root" (14.1); a folder around everything is what people zip all the same.
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        marker = next(path for path in files.values() if folded(path) == folded(root + self.marker))
        document = archive.read(marker, course_structure.MAX_BYTES)
        return course_structure.parse(document, files, alone=isinstance(archive, SingleFile))

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return {"method": item.details["launchMethod"]}

    def continues(self, attempt: ScormData) -> bool:
        return True

    def address(self, launch: Launch, item: Item, base: str) -> str:
        """The AU's address with what it is launched with (8.1)."""
        state = launch.session_state
        parts = urlsplit(self.place(item, base))
        query = [
            *parse_qsl(parts.query, keep_blank_values=True),
            ("endpoint", f"{base}/xapi/"),
            ("fetch", f"{base}/fetch"),
            ("actor", json.dumps(state["actor"], separators=(",", ":"))),
            ("registration", state["registration"]),
            ("activityId", state["activity"]),
        ]
        return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))

    def place(self, item: Item, base: str) -> str:
        """The AU's address without what belongs to the launch."""
        return item.external_url or f"{base}/{package_address(item)}"

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Report:
        return Report(data, Decimal(0), suspended=True)

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
        """Nothing: a cmi5 AU says everything in statements."""

    def needs_nothing(self, item: Item) -> bool:
        return unit_of({}).satisfies(item.details["moveOn"])

    def prepare(self, session: Session, subject: Subject, launch: Launch, item: Item) -> None:
        sessions.prepare(session, launch, item)

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
        address = self.place(item, base)
        sessions.launched(session, version, launch, item, base, address, left=left, first=first, now=now)


CMI5 = Cmi5()
