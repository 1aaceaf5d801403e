"""What H5P content says, as the school's own statements: of the student who opened it, about an activity of ours.

Of the content's words only the verb, the result and the description of what was asked are taken; who it was, what it
is called by and when it can have been are known better here. They are handed to a worker, because storing takes the
record store's turn and saving must not wait for it. Each has an identifier made of the launch and the player's own, so
that one which is sent or stored again is the same.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy.orm import Session

from app.content import jobs, queries
from app.content.packages.model import Item
from app.content.runtimes.h5p.report import H5pReport, Said
from app.core.installation import installation
from app.core.jobs import enqueue
from app.db.models import Launch
from app.lrs import service as record_store

log = structlog.get_logger(__name__)
_SUB_CONTENT = "http://h5p.org/x-api/h5p-subContentId"
_PART = re.compile(r"[?&]subContentId=([0-9A-Za-z-]{1,64})(?:&|$)")
_LIBRARY = re.compile(r"https?://h5p\.org/libraries/[\w.-]{1,255}", re.ASCII)
_OF_SCHOOLS = "http://adlnet.gov/expapi/verbs/voided"
_MOST_AROUND = 10


def activity_of(home_page: str, package_id: int, item: Item) -> str:
    """The IRI that the content is known by in the LRS."""
    return f"{home_page}/content/{package_id}/{item.id}"


def hand_on(session: Session, launch: Launch, item: Item, report: H5pReport, now: datetime) -> None:
    """Hand the statements of a report to the worker that stores them."""
    if launch.enrollment_id is None or not report.said:
        return
    home_page = installation(session).home_page
    maker = _Maker(
        launch=launch,
        activity=activity_of(home_page, launch.package_id, item),
        actor=record_store.agent_of(home_page, launch.user_id, queries.user_name(session, launch.user_id)),
        registration=str(record_store.registration_of(home_page, launch.enrollment_id)),
        title=item.title,
        now=now,
    )
    made = [maker.statement(one) for one in report.said]
    kept = [one for one in made if record_store.is_statement(one)]
    if len(kept) < len(made):
        log.warning("content.h5p.no_statement", launch_id=launch.id, number=len(made) - len(kept))
    if kept:
        enqueue(session, jobs.store_statements, statements=kept)


class _Maker:
    """Statements of one report."""

    def __init__(
        self,
        *,
        launch: Launch,
        activity: str,
        actor: dict[str, Any],
        registration: str,
        title: str,
        now: datetime,
    ) -> None:
        self._launch = launch
        self._activity = activity
        self._actor = actor
        self._registration = registration
        self._title = title
        self._now = now

    def statement(self, said: Said) -> dict[str, Any]:
        """The statement, whole or not as the content made it: the caller has it looked at."""
        verb, result = said.statement["verb"], said.statement.get("result")
        # A browser's clock may be wrong; nothing happened before the lesson was opened, or later than now.
        at = min(max(said.at, self._launch.created_at - timedelta(seconds=1)), self._now)
        made: dict[str, Any] = {
            "id": str(uuid5(UUID(self._launch.id), str(said.id))),
            "actor": self._actor,
            "verb": {
                "id": verb["id"],
                "display": verb.get("display") or {"en-US": verb["id"].rpartition("/")[2]},
            },
            "object": self._object(said.statement),
            "context": {
                "platform": "AADA LMS",
                "language": "en-US",
                "registration": self._registration,
                "contextActivities": self._around(said.statement),
            },
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        # Whether a statement is void is the school's to say.
        if verb["id"] == _OF_SCHOOLS:
            made["verb"] = None
        return {**made, "result": result} if isinstance(result, dict) and result else made

    def _object(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        about = statement.get("object")
        definition = about.get("definition") if isinstance(about, dict) else None
        kept = dict(definition) if isinstance(definition, dict) else {}
        extensions = kept.get("extensions")
        part = extensions.get(_SUB_CONTENT) if isinstance(extensions, dict) else None
        kept.setdefault("name", {"en-US": self._title})
        return {"objectType": "Activity", "id": self._place(part), "definition": kept}

    def _place(self, part: Any) -> str:
        is_part = isinstance(part, str) and re.fullmatch(r"[0-9A-Za-z-]{1,64}", part)
        return f"{self._activity}?subContentId={part}" if is_part else self._activity

    def _around(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        """What the activity stands in, by our names; and which library of H5P's it is."""
        context = statement.get("context")
        given = context.get("contextActivities") if isinstance(context, dict) else None
        given = given if isinstance(given, dict) else {}
        around: dict[str, Any] = {}
        for kind in ("parent", "grouping"):
            places = [self._place(_part_in(one)) for one in _ids(given.get(kind))]
            if places:
                around[kind] = [{"objectType": "Activity", "id": one} for one in dict.fromkeys(places)]
        libraries = [one for one in _ids(given.get("category")) if _LIBRARY.fullmatch(one)]
        if libraries:
            around["category"] = [{"objectType": "Activity", "id": one} for one in libraries]
        return around


def part_of(statement: Mapping[str, Any]) -> str:
    """What a question inside the content is called by; the whole content is called `content`."""
    about = statement.get("object")
    definition = about.get("definition") if isinstance(about, dict) else None
    extensions = definition.get("extensions") if isinstance(definition, dict) else None
    part = extensions.get(_SUB_CONTENT) if isinstance(extensions, dict) else None
    return part[:64] if isinstance(part, str) and part else "content"


def _ids(value: Any) -> list[str]:
    """The identifiers of a list of activities, or of one."""
    listed = value if isinstance(value, list) else [value]
    found = [one.get("id") for one in listed[:_MOST_AROUND] if isinstance(one, dict)]
    return [one for one in found if isinstance(one, str)]


def _part_in(address: str) -> str | None:
    found = _PART.search(address)
    return found[1] if found else None
