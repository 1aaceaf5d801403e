"""What the student does with the player, as statements of xAPI's video profile (https://w3id.org/xapi/video).

They are handed to a worker, because storing takes the record store's turn and saving must not wait for it. Each has an
identifier made of the launch and its number, so that one which is sent or stored again is the same.
"""

from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from app.content import jobs, queries
from app.content.packages.model import Item
from app.content.runtimes.media.report import Event, MediaReport, length_of, seen_in
from app.core.installation import installation
from app.core.jobs import enqueue
from app.db.models import Launch, ScormData
from app.lrs import service as record_store
from app.lrs.service import About, Verb, vocabulary
from app.rules import media

_PROFILE = "https://w3id.org/xapi/video"
_EXTENSIONS = f"{_PROFILE}/extensions/"
_TYPES = {
    "video": f"{_PROFILE}/activity-type/video",
    "audio": "https://w3id.org/xapi/audio/activity-type/audio",
}
_VERBS = {
    "initialized": vocabulary.INITIALIZED,
    "played": vocabulary.PLAYED,
    "paused": vocabulary.PAUSED,
    "seeked": vocabulary.SEEKED,
    "terminated": vocabulary.TERMINATED,
}


def statements_of(
    session: Session,
    launch: Launch,
    item: Item,
    kind: str,
    report: MediaReport,
    attempt: ScormData,
    *,
    completed: bool,
    now: Any,
) -> None:
    """Hand the events of a report to the worker that stores them; `completed`: the lesson is complete by it."""
    if launch.enrollment_id is None or not (report.events or completed):
        return
    home_page = installation(session).home_page
    person = (launch.user_id, queries.user_name(session, launch.user_id))
    about = About(f"/content/{launch.package_id}/{item.id}", item.title, _TYPES[kind])
    registration = record_store.registration_of(home_page, launch.enrollment_id)
    length = length_of(item)
    seen = seen_in(attempt.cmi.get("seen"))

    def statement(key: str, verb: Verb, at: Any, extensions: dict[str, Any], **result: Any) -> dict[str, Any]:
        made = record_store.statement_of(
            home_page,
            uuid5(UUID(launch.id), key),
            person=person,
            verb=verb,
            about=about,
            # A browser's clock may be wrong; nothing happened before the lesson was opened, or later than now.
            at=min(max(at, launch.created_at - timedelta(seconds=1)), now),
            registration=registration,
            result={
                **result,
                "extensions": {f"{_EXTENSIONS}{name}": value for name, value in extensions.items()},
            },
        )
        context = made["context"]
        context["contextActivities"] = {"category": [{"id": _PROFILE}]}
        context["extensions"] = {
            f"{_EXTENSIONS}session-id": launch.id,
            f"{_EXTENSIONS}length": length // 1000,
            f"{_EXTENSIONS}speed": f"{report.speed:g}x",
        }
        return made

    made = [
        statement(str(event.number), _VERBS[event.name], event.at, _result(event, seen, length))
        for event in report.events
    ]
    if completed:
        extensions = {
            "time": _seconds(length),
            "progress": _share(seen, length),
            "played-segments": _segments(seen),
        }
        made.append(
            statement(
                "completed",
                vocabulary.COMPLETED,
                now,
                extensions,
                completion=True,
                duration=f"PT{launch.session_seconds}S",
            )
        )
    enqueue(session, jobs.store_statements, statements=made)


def _result(event: Event, seen: list[media.Span], length: int) -> dict[str, Any]:
    if event.name == "seeked":
        return {"time-from": _seconds(event.came_from), "time-to": _seconds(event.place)}
    said: dict[str, Any] = {"time": _seconds(event.place)}
    if event.name in ("paused", "terminated"):
        said |= {"progress": _share(seen, length), "played-segments": _segments(seen)}
    return said


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _share(seen: list[media.Span], length: int) -> float:
    return float(round(media.percent(seen, length) / Fraction(100), 4))


def _segments(seen: list[media.Span]) -> str:
    """As the profile writes them: `0[.]12.5[,]30[.]45`."""
    return "[,]".join(f"{start / 1000:g}[.]{end / 1000:g}" for start, end in seen)
