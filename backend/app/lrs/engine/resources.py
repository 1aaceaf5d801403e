"""The small resources: Agents, Activities, About (1.0.3 Communication 2.4, 2.5, 2.8)."""

from app.lrs.engine import jsonio
from app.lrs.engine.agents import queries
from app.lrs.engine.agents.service import person_of
from app.lrs.engine.http import Answer, Call, json_answer, tagged_answer
from app.lrs.engine.operations import Operation, Query
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import actors
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.filters import iri_of, json_of
from app.lrs.engine.versions import ABOUT


async def about(_runtime: Runtime, _call: Call) -> Answer:
    """What this store speaks; open to everyone."""
    return json_answer({"version": list(ABOUT)})


async def agents(runtime: Runtime, call: Call) -> Answer:
    """Everything known of one person, as a Person object."""
    call.access.require("read agents and activities")
    _only(call, "agent")
    value = json_of(call.parameters["agent"], "agent")
    identity = actors.identity_of_parameter(value, "agent")
    call.access.require_agent(identity)
    person: JsonObject = value if isinstance(value, dict) else {}

    def operation() -> Operation[JsonObject]:
        for agent, names in (yield Query(queries.ACTOR_BY_IDENTITY, (identity,))):
            return person_of(agent, names)
        return person_of(person, [person["name"]] if "name" in person else [])

    return tagged_answer(await runtime.read(operation()))


async def activities(runtime: Runtime, call: Call) -> Answer:
    """One activity with everything the store knows of it."""
    call.access.require("read agents and activities")
    _only(call, "activityId")
    iri = iri_of(call.parameters["activityId"], "activityId")

    def operation() -> Operation[JsonObject]:
        activity: JsonObject = {"objectType": "Activity", "id": iri}
        for _, text in (yield Query(queries.DEFINITIONS, ([iri],))):
            activity["definition"] = jsonio.loads(text.encode())
        return activity

    return tagged_answer(await runtime.read(operation()))


def _only(call: Call, name: str) -> None:
    if name not in call.parameters:
        raise Refusal("The parameter is missing.", path=name)
    for other in call.parameters:
        if other != name:
            raise Refusal("This resource has no such parameter.", path=other)
