"""A cmi5 session from its launch to its end: what the LMS writes into the LRS, and what follows from an AU's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from app.content import queries
from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.cmi5 import CMI5, keep_result, keep_unit, own_statements, session_of, unit_of
from app.core.installation import installation
from app.db.models import Launch, ScormData
from app.lrs import service as record_store
from app.rules import cmi5, scorm12

JsonObject = dict[str, Any]


def prepare(session: Session, launch: Launch, item: Item) -> None:
    """Give a launch what its session is known by."""
    home_page = installation(session).home_page
    name = queries.user_name(session, launch.user_id)
    if launch.enrollment_id is None or launch.preview:
        # Nothing counts: a registration of its own, so that no other knows of it.
        registration, mode = launch.id, cmi5.REVIEW if launch.enrollment_id else cmi5.BROWSE
    else:
        kept = own_statements.registration_of(home_page, launch.enrollment_id, launch.package_id)
        registration, mode = str(kept), cmi5.NORMAL
    launch.session_state = {
        "actor": record_store.agent_of(home_page, launch.user_id, name),
        "activity": own_statements.activity_of(home_page, launch.package_id, item.id),
        "publisher": item.details["publisher"],
        "registration": registration,
        "session": launch.id,
        "mode": mode,
    }


def launched(
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
    """Write what goes with a launch: the ends of sessions it takes over from, what is satisfied from the start, the
    launch data and `launched` itself. Takes the LRS's turn, so it comes last in its transaction."""
    said: list[JsonObject] = []
    for former in left:
        was = session_of(former.session_state)
        if was.initialized and not was.terminated and not was.abandoned:
            former.session_state = {**former.session_state, "abandoned": True}
            seconds = int((former.last_seen_at - former.created_at).total_seconds())
            said.append(own_statements.abandoned(former.session_state, seconds, now))
    if first and launch.session_state["mode"] == cmi5.NORMAL:
        said += _satisfied(session, version, launch, None, now)
    said.append(own_statements.launched(launch.session_state, item, CMI5.place(item, base), now))
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


def satisfy_what_needs_nothing(session: Session, version: Version, launch: Launch, now: datetime) -> None:
    """Write that the units with moveOn NotApplicable are satisfied, which they are from the registration on."""
    for one in version.manifest.launchable():
        if unit_of({}).satisfies(one.details["moveOn"]):
            _done_from_the_start(session, launch, one, now)
    session.flush()


def _done_from_the_start(session: Session, launch: Launch, item: Item, now: datetime) -> None:
    attempt = queries.latest_attempt(
        session,
        user_id=launch.user_id,
        enrollment_id=launch.enrollment_id or 0,
        lesson_id=launch.lesson_id,
        package_id=launch.package_id,
        sco_id=item.id,
    )
    if attempt is None:
        attempt = ScormData(
            user_id=launch.user_id,
            enrollment_id=launch.enrollment_id,
            lesson_id=launch.lesson_id,
            package_id=launch.package_id,
            sco_id=item.id,
            attempt_no=1,
            started_at=now,
            updated_at=now,
            cmi={},
        )
        session.add(attempt)
    keep_unit(attempt, unit_of(attempt.cmi), item.details["moveOn"])


def take(
    launch: Launch, item: Item, attempt: ScormData | None, statements: Sequence[Mapping[str, Any]]
) -> float:
    """Judge an AU's statements one after the other and write what they come to. Raises `cmi5.Refused`.

    Answers the seconds that the session has lasted, as far as the AU says.
    """
    terms = CMI5.terms(launch, item)
    state = dict(launch.session_state)
    now, unit = session_of(state), unit_of(state if attempt is None else attempt.cmi)
    seconds = 0.0
    for statement in statements:
        now, unit = cmi5.accept(statement, terms, now, unit)
        said = (statement.get("result") or {}).get("duration")
        if statement["verb"]["id"] == cmi5.TERMINATED and said is not None:
            seconds = record_store.seconds_of(said) or 0.0
        if attempt is not None and statement["verb"]["id"] in (cmi5.PASSED, cmi5.FAILED):
            keep_result(attempt, statement)
    launch.session_state = {**state, **asdict(now), **({"unit": asdict(unit)} if attempt is None else {})}
    if attempt is not None:
        keep_unit(attempt, unit, item.details["moveOn"])
    return seconds


def follow_up(
    session: Session, version: Version, launch: Launch, item: Item, now: datetime
) -> list[JsonObject]:
    """What the LMS says after an AU has become satisfied: its blocks, then the course, where they are complete."""
    return list(_satisfied(session, version, launch, item, now))


def waive(
    session: Session,
    version: Version,
    launch: Launch,
    item: Item,
    attempt: ScormData,
    reason: str,
    now: datetime,
) -> list[JsonObject]:
    """Write that an AU need not be done, and what is satisfied by that. `launch` is not stored: a waiver has a session
    id of its own."""
    launch.session_state = {**launch.session_state, "session": str(uuid4())}
    keep_unit(attempt, replace(unit_of(attempt.cmi), waived=True), item.details["moveOn"])
    session.flush()
    said = [own_statements.waived(launch.session_state, reason, now)]
    return [*said, *_satisfied(session, version, launch, item, now)]


def _satisfied(
    session: Session, version: Version, launch: Launch, item: Item | None, now: datetime
) -> Iterator[JsonObject]:
    """`item`: what has become satisfied; None for whatever is."""
    done = {
        one.sco_id
        for one in queries.attempts_in_package(
            session,
            enrollment_id=launch.enrollment_id or 0,
            lesson_id=launch.lesson_id,
            package_id=launch.package_id,
        )
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
