"""Whatever is accepted comes back as it was; whatever is broken anywhere is refused."""

import copy
import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import validation
from app.lrs.engine.versions import Version
from tests.lrs.examples import statement
from tests.lrs.serving import ONE, Client, Running

Json = dict[str, Any]
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
iris = st.builds("urn:x:{}".format, st.text("abcäö-_.~/0123456789é", min_size=1, max_size=20))
uuids = st.uuids().map(str)
numbers = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
tags = st.sampled_from(["en", "en-US", "es-419", "zh-Hans", "x-own", "de-CH-1996"])
language_maps = st.dictionaries(tags, texts, max_size=3)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
extensions = st.dictionaries(iris, values, max_size=3)
moments = st.datetimes().map(lambda moment: f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}.{moment:%f}Z")
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


def maybe(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=optional)


def joined(*parts: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


identifiers = (
    names.map(lambda name: {"mbox": f"mailto:{name}@school.example"})
    | st.text("0123456789abcdef", min_size=40, max_size=40).map(lambda digits: {"mbox_sha1sum": digits})
    | iris.map(lambda iri: {"openid": iri})
    | st.builds(lambda home, name: {"account": {"homePage": home, "name": name}}, iris, texts)
)
agents = joined(identifiers, maybe(name=texts, objectType=st.just("Agent")))
groups = joined(
    st.just({"objectType": "Group"}),
    maybe(name=texts),
    st.lists(agents, max_size=2).map(lambda found: {"member": found}),
) | joined(st.just({"objectType": "Group"}), identifiers)
definitions = maybe(
    name=language_maps, description=language_maps, type=iris, moreInfo=iris, extensions=extensions
)
activities = joined(
    iris.map(lambda iri: {"id": iri}), maybe(objectType=st.just("Activity"), definition=definitions)
)
references = uuids.map(lambda name: {"objectType": "StatementRef", "id": name})
scores = st.fixed_dictionaries({}, optional={"scaled": st.floats(-1, 1), "raw": numbers})
results = maybe(
    score=scores,
    success=st.booleans(),
    completion=st.booleans(),
    response=texts,
    duration=st.integers(0, 10**6).map("PT{}S".format),
    extensions=extensions,
)
contexts = maybe(
    registration=uuids,
    instructor=agents,
    team=groups,
    contextActivities=st.dictionaries(
        st.sampled_from(["parent", "grouping", "category", "other"]),
        st.lists(activities, max_size=2),
        max_size=2,
    ),
    language=tags,
    statement=references,
    extensions=extensions,
    contextAgents=st.lists(agents.map(lambda one: {"objectType": "contextAgent", "agent": one}), max_size=2),
    contextGroups=st.lists(groups.map(lambda one: {"objectType": "contextGroup", "group": one}), max_size=2),
)
verbs = joined(iris.map(lambda iri: {"id": iri}), maybe(display=language_maps))


def core(objects: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    required = st.fixed_dictionaries({"actor": agents | groups, "verb": verbs, "object": objects})
    return joined(required, maybe(result=results, context=contexts, timestamp=moments))


simple = activities | references | joined(st.just({"objectType": "Agent"}), identifiers) | groups
inner = core(simple).map(lambda found: {"objectType": "SubStatement", **found})
statements = core(simple | inner)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(statements, min_size=1, max_size=4))
def test_an_accepted_statement_comes_back_exactly(xapi: Client, sent: list[Json]) -> None:
    for whole in sent:
        whole["id"] = str(uuid4())
    raw = json.dumps(sent, ensure_ascii=False).encode()
    answer = xapi.ask("POST", "/statements", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    for whole in sent:
        found = xapi.get("/statements", statementId=whole["id"]).json()
        for name in ("stored", "authority", "version"):
            found.pop(name)
        if "timestamp" not in whole:
            found.pop("timestamp")
        assert found == whole


class _Strange:
    """Values that fit in no place of a statement outside extensions."""

    choices: tuple[Any, ...] = (None, {"unknown": 1}, [[]], 3.5, "\ufffe no such word")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a statement outside extensions and free text."""
    free = ("extensions", "display", "name", "description", "response", "revision", "platform")
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inside in value.items():
            if key not in free:
                found += places(inside, (*path, key))
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            found += places(inside, (*path, index))
    return found


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(statements, st.data())
def test_any_mutation_of_a_typed_place_is_refused_at_or_above_it(sent: Json, data: st.DataObject) -> None:
    validation.statement(sent, "$", Version.TWO)
    path = data.draw(st.sampled_from(places(sent)))
    strange = data.draw(st.sampled_from(_Strange.choices))
    mutated = copy.deepcopy(sent)
    place = mutated
    for step in path[:-1]:
        place = place[step]
    if path[-1] in ("raw", "scaled") and strange == 3.5 and path[-1] == "raw":
        return
    place[path[-1]] = strange
    try:
        validation.statement(mutated, "$", Version.TWO)
    except Refusal as refusal:
        refused = refusal
    else:
        raise AssertionError(f"{path} = {strange!r} was accepted")
    assert refused.status == 400
    assert (refused.path or "").startswith("$")


def test_long_numbers_keep_their_digits_in_every_form(xapi: Client) -> None:
    number = 12345678901234567890123
    iri = f"https://school.example/{uuid4()}"
    definition = {"extensions": {"urn:x:n": number}}
    (name,) = xapi.stored(
        statement(object={"id": iri, "definition": definition}, result={"extensions": {"urn:x:n": number}})
    )
    for client in (xapi, xapi.speaking(ONE)):
        for form in ("exact", "ids", "canonical"):
            found = client.get("/statements", statementId=name, format=form).json()
            assert found["result"]["extensions"] == {"urn:x:n": number}
            assert form == "ids" or found["object"]["definition"] == definition
        assert client.get("/activities", activityId=iri).json()["definition"] == definition


def test_large_pages_are_rewritten_beside_the_others(store: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    client, verb = store.client(), f"urn:v:{uuid4()}"
    client.stored(*[statement(verb={"id": verb}, result={"response": "x" * 10_000}) for _ in range(10)])
    asides: list[Any] = []
    whole = Runtime.in_thread

    async def in_thread(self: Runtime, work: Any) -> Any:
        asides.append(work)
        return await whole(self, work)

    monkeypatch.setattr(Runtime, "in_thread", in_thread)
    for form, limit, count in (("exact", "0", 0), ("canonical", "1", 0), ("canonical", "0", 2)):
        asides.clear()
        assert client.statements(verb=verb, format=form, limit=limit)
        assert len(asides) == count
