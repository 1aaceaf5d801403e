"""State, Agent Profile and Activity Profile (1.0.3 Communication 2.3, 2.6, 2.7; 2.0 4.1.6.2, .5, .6)."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TypeVar

from app.lrs.engine import jsonio
from app.lrs.engine.documents import service
from app.lrs.engine.documents.service import Conditions, Key
from app.lrs.engine.http import LARGEST_DOCUMENT, Answer, Call, nothing, tagged_answer
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements.actors import identity_of_parameter
from app.lrs.engine.statements.checks import LONGEST_KEY
from app.lrs.engine.statements.filters import iri_of, json_of, timestamp_of, uuid_of

T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Resource:
    """What distinguishes the three kinds."""

    kind: str
    scope: str
    id_name: str
    needs: tuple[str, ...]
    allows: frozenset[str]


STATE = Resource(
    "state",
    "state",
    "stateId",
    ("activityId", "agent"),
    frozenset(("activityId", "agent", "registration", "stateId", "since")),
)
AGENT_PROFILE = Resource(
    "agent_profile", "profiles", "profileId", ("agent",), frozenset(("agent", "profileId", "since"))
)
ACTIVITY_PROFILE = Resource(
    "activity_profile",
    "profiles",
    "profileId",
    ("activityId",),
    frozenset(("activityId", "profileId", "since")),
)


async def get(runtime: Runtime, call: Call, resource: Resource) -> Answer:
    """One document, or the ids of all with `since`."""
    call.access.require(f"read {resource.scope}")
    key = _key(call, resource)
    if key.document_id is None:
        since = call.parameters.get("since")
        moment = timestamp_of(since, "since", call.version) if since is not None else None
        names, newest = await runtime.read(service.ids(key, moment))
        answer = tagged_answer(names)
        if newest is not None:
            answer.headers["Last-Modified"] = format_datetime(newest, usegmt=True)
        return answer
    if "since" in call.parameters:
        raise Refusal(f"since goes with a list, not with {resource.id_name}.", path="since")
    document = await runtime.read(service.find(key))
    if document is None:
        raise Refusal("There is no such document.", status=404)
    return Answer(
        200,
        document.content,
        document.content_type,
        {"ETag": f'"{document.etag}"', "Last-Modified": format_datetime(document.updated_at, usegmt=True)},
    )


async def put(runtime: Runtime, call: Call, resource: Resource) -> Answer:
    """Replace or make a document."""
    call.access.require(f"write {resource.scope}")
    key = _key(call, resource, needs_id=True)
    content, content_type = await _document(call)
    if call.content_type == "application/json":
        await _read(runtime, content, lambda: jsonio.loads(content))
    await runtime.write(
        service.replace(key, content, content_type, _conditions(call, resource), runtime.directory)
    )
    return nothing()


async def post(runtime: Runtime, call: Call, resource: Resource) -> Answer:
    """Merge a JSON object into a document, or make it."""
    call.access.require(f"write {resource.scope}")
    key = _key(call, resource, needs_id=True)
    content, content_type = await _document(call)
    newer = await _read(
        runtime, content, lambda: service.object_of(content, content_type, "The document sent")
    )
    conditions = _conditions(call, resource)
    await runtime.write(service.merge(key, content, content_type, newer, conditions, runtime.directory))
    return nothing()


async def _read(runtime: Runtime, content: bytes, reader: Callable[[], T]) -> T:
    return await runtime.in_thread(reader) if len(content) > service.ASIDE else reader()


async def delete(runtime: Runtime, call: Call, resource: Resource) -> Answer:
    """Delete a document; of State also all documents of an activity and agent."""
    call.access.require(f"write {resource.scope}")
    key = _key(call, resource, needs_id=resource is not STATE)
    if "since" in call.parameters:
        raise Refusal("DELETE takes no since.", path="since")
    if key.document_id is None:
        await runtime.write(service.remove_all(key))
    else:
        await runtime.write(service.remove(key, _conditions(call, resource)))
    return nothing()


def _conditions(call: Call, resource: Resource) -> Conditions:
    is_state = resource is STATE
    return Conditions(
        call.headers.get("if-match"),
        call.headers.get("if-none-match"),
        # Version 1.0.3 leaves State unguarded and guards profiles even when they are new.
        overwrite=is_state and not call.version.second,
        create=is_state or call.version.second,
    )


async def _document(call: Call) -> tuple[bytes, str]:
    content_type = call.headers.get("content-type", "application/octet-stream")
    if len(content_type) > 255 or not (content_type.isascii() and content_type.isprintable()):
        raise Refusal("A Content-Type has at most 255 characters, of ASCII alone.", path="Content-Type")
    return await call.body(LARGEST_DOCUMENT), content_type


def _key(call: Call, resource: Resource, *, needs_id: bool = False) -> Key:
    given = call.parameters
    for name in given:
        if name not in resource.allows:
            raise Refusal("This resource has no such parameter.", path=name)
    for name in (*resource.needs, *((resource.id_name,) if needs_id else ())):
        if name not in given:
            raise Refusal("The parameter is missing.", path=name)
    agent = person = None
    if "agent" in given:
        value = json_of(given["agent"], "agent")
        agent = identity_of_parameter(value, "agent")
        person = value if isinstance(value, dict) else None
        call.access.require_agent(agent)
    activity = iri_of(given["activityId"], "activityId") if "activityId" in given else None
    registration = uuid_of(given["registration"], "registration") if "registration" in given else None
    if activity is not None and agent is not None:
        call.access.require_state(activity, registration)
    elif activity is not None:
        call.access.require_activity_profile(activity, reading=call.method in ("GET", "HEAD"))
    document_id = given.get(resource.id_name)
    if document_id is not None and len(document_id.encode()) > LONGEST_KEY:
        raise Refusal(f"An id may have {LONGEST_KEY} octets.", path=resource.id_name)
    return Key(
        resource.kind,
        agent,
        activity,
        registration,
        document_id,
        person,
    )
