"""A cmi5 session at its launch: what it is known by, and what the LMS writes into the LRS."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.content import queries
from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.cmi5 import own_statements
from app.content.runtimes.cmi5.units import session_of
from app.content.runtimes.protocol import registration_of
from app.core.installation import installation
from app.db.models import Launch
from app.lrs import service as record_store
from app.rules import cmi5, scorm12

JsonObject = dict[str, Any]


def prepare(session: Session, launch: Launch, item: Item) -> None:
    """Give a launch what its session is known by."""
    home_page = installation(session).home_page
    name = queries.user_name(session, launch.user_id)
    mode = cmi5.NORMAL
    if launch.enrollment_id is None or launch.preview:
        mode = cmi5.REVIEW if launch.enrollment_id else cmi5.BROWSE
    launch.session_state = {
        "actor": record_store.agent_of(home_page, launch.user_id, name),
        "activity": own_statements.activity_of(home_page, launch.package_id, item.id),
        "publisher": item.details["publisher"],
        "registration": registration_of(home_page, launch),
        "session": launch.id,
        "mode": mode,
    }


def launched(
    session: Session,
    version: Version,
    launch: Launch,
    item: Item,
    base: str,
    address: str,
    *,
    left: Sequence[Launch],
    first: bool,
    now: datetime,
) -> None:
    """Write what goes with a launch: the ends of sessions it takes over from, what is satisfied from the start, the
    launch data and `launched` itself, with the AU's `address`. Takes the LRS's turn, so it comes last in its
    transaction."""
    said: list[JsonObject] = []
    for former in left:
        was = session_of(former.session_state)
        if was.initialized and not was.terminated and not was.abandoned:
            former.session_state = {**former.session_state, "abandoned": True}
            seconds = int((former.last_seen_at - former.created_at).total_seconds())
            said.append(own_statements.abandoned(former.session_state, seconds, now))
    if first and launch.session_state["mode"] == cmi5.NORMAL:
        said += satisfied(session, version, launch, None, now)
    said.append(own_statements.launched(launch.session_state, item, address, now))
    record_store.put_state(
        session,
        activity=launch.session_state["activity"],
        agent=launch.session_state["actor"],
        registration=launch.session_state["registration"],
        name="LMS.LaunchData",
        value=own_statements.launch_data(launch.session_state, item, f"{base}/returned"),
    )
    session.flush()
    record_store.store_own(session, said)


def satisfied(
    session: Session, version: Version, launch: Launch, item: Item | None, now: datetime
) -> Iterator[JsonObject]:
    """What the LMS says of blocks and the course that are satisfied now that `item` is; None for all that are."""
    done = {
        one.sco_id
        for one in queries.attempts_in_package(session, launch.enrollment_id or 0, launch.package_id)
        if one.status in scorm12.DONE
    }
    home_page = installation(session).home_page

    def said(kind: str, item_id: str, publisher: str, title: str) -> JsonObject:
        activity = own_statements.activity_of(home_page, version.id, item_id)
        return own_statements.satisfied(launch.session_state, kind, activity, publisher, title, now)

    def blocks(items: Sequence[Item]) -> Iterator[JsonObject]:
        for block in items:
            if not block.children:
                continue
            yield from blocks(block.children)
            units = [one.id for one in block.walk() if one.opens]
            if all(one in done for one in units) and (item is None or item.id in units):
                yield said("block", block.id, block.details["publisher"], block.title)

    yield from blocks(version.manifest.items)
    if all(one.id in done for one in version.manifest.launchable()):
        yield said("course", "course", version.manifest.identifier, version.manifest.title)
