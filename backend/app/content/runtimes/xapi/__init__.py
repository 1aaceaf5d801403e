"""Packages of xAPI with a tincan.xml: content that is launched with query parameters and speaks to the LRS itself. What
its statements amount to is in `rules/xapi_launch.py`."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from sqlalchemy.orm import Session

from app.content import queries
from app.content.packages.manifest_links import folded
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import Source
from app.content.packages.versions import Version
from app.content.player import COURSE_OR_WINDOW, WINDOW
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address, registration_of
from app.content.runtimes.usual import Usual
from app.content.runtimes.xapi import tincan
from app.content.runtimes.xapi.statements import XapiStatements
from app.core.installation import installation
from app.core.permissions import Subject
from app.db.models import ContentType, Launch, ScormData
from app.lrs import service as record_store


class Xapi(Usual):
    """Packages with a tincan.xml at their root."""

    name = "xapi"
    label = "xAPI"
    marker = tincan.NAME
    lesson_kind = ContentType.SCORM
    script = "speaks_to_lrs.js"
    libraries: Mapping[str, Path] = {}
    reports = True

    statements = XapiStatements()

    def stage(self, item: Item) -> str:
        # Most servers do not let their pages be shown in a frame of ours.
        return (COURSE_OR_WINDOW if item.external_url is None else WINDOW).format(title=escape(item.title))

    def recognize(self, archive: Source) -> str | None:
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        marker = next(path for path in files.values() if folded(path) == folded(root + self.marker))
        return tincan.parse(archive.read(marker, tincan.MAX_BYTES), files)

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return {}

    def continues(self, attempt: ScormData) -> bool:
        return True

    def address(self, launch: Launch, item: Item, base: str) -> str:
        """The page's address with what it is launched with. `registration` and `activity_id` are the parameters' own
        spelling."""
        state = launch.session_state
        parts = urlsplit(item.external_url or f"{base}/{package_address(item)}")
        query = [
            *parse_qsl(parts.query, keep_blank_values=True),
            ("endpoint", f"{base}/xapi/"),
            ("auth", f"Basic {record_store.basic(state['key'], _secret(base))}"),
            ("actor", json.dumps(state["actor"], separators=(",", ":"))),
            ("registration", state["registration"]),
            ("activity_id", state["activity"]),
        ]
        return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))

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
        """Nothing: the content says everything in statements."""

    def prepare(self, session: Session, subject: Subject, launch: Launch, item: Item) -> None:
        home_page = installation(session).home_page
        name = queries.user_name(session, launch.user_id)
        launch.session_state = {
            "actor": record_store.agent_of(home_page, launch.user_id, name),
            # Unlike in cmi5 it is the publisher's, which the content also has in it.
            "activity": item.details["activity"],
            "registration": registration_of(home_page, launch),
        }

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
        """Make the key that goes with the address; nothing can ask for one later."""
        state = launch.session_state
        made = record_store.launch_token(
            session,
            installation(session).home_page,
            user_id=launch.user_id,
            agent=state["actor"],
            activity=state["activity"],
            registration=state["registration"],
            scopes=record_store.GATED_SCOPES,
            secret=_secret(base),
        )
        launch.credential_id = made.api_key.id
        launch.session_state = {**state, "key": made.api_key.key}


def _secret(base: str) -> str:
    """The secret of a launch's key, made of the launch's token: the player makes the content's address again when its
    page is loaded again, and neither is kept."""
    return hashlib.sha256(f"xapi launch {base.rpartition('/')[2]}".encode()).hexdigest()


XAPI = Xapi()
