"""Cursors, languages, comparison, down-answering: the parts without a database."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import equality, formats, validation
from app.lrs.engine.statements import preparation as complete
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.checks import fail, remembered
from app.lrs.engine.statements.cursors import Cursors
from app.lrs.engine.statements.filters import Filter, One, parse
from app.lrs.engine.versions import Version, negotiate
from tests.lrs.examples import statement

cursors = Cursors("a secret of this installation")


def test_a_cursor_carries_the_whole_question() -> None:
    query = Filter(agent="mbox::mailto:a@b.example", verb="urn:v", limit=3, format="ids", before=100, after=5)
    assert cursors.read(cursors.token(query, 77)) == Filter(
        agent="mbox::mailto:a@b.example", verb="urn:v", limit=3, format="ids", before=77, after=5
    )
    upward = Filter(ascending=True, after=5)
    assert cursors.read(cursors.token(upward, 77)) == Filter(ascending=True, after=77)


@given(st.integers(0, 400), st.integers(0, 63))
def test_an_altered_cursor_is_refused(position: int, letter: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = cursors.token(Filter(verb="urn:v", limit=10), 12345)
    position %= len(token) - 1  # the last letter may hold bits that say nothing
    altered = token[:position] + alphabet[letter] + token[position + 1 :]
    if altered != token:
        with pytest.raises(Refusal):
            cursors.read(altered)


@pytest.mark.parametrize("token", ["", "x", "é", "AAAA" * 10, "=" * 8])
def test_nonsense_is_no_cursor(token: str) -> None:
    with pytest.raises(Refusal):
        cursors.read(token)


def test_a_cursor_of_another_installation_is_refused() -> None:
    with pytest.raises(Refusal):
        cursors.read(Cursors("another").token(Filter(), 1))


def test_languages() -> None:
    texts = {"en-US": "color", "en-GB": "colour", "es": "color"}
    assert formats.chosen(texts, ["en-GB"]) == {"en-GB": "colour"}
    assert formats.chosen(texts, ["es-MX"]) == {"es": "color"}
    assert formats.chosen(texts, ["en"]) == {"en-US": "color"}
    assert formats.chosen(texts, ["ja"]) == {"en-US": "color"}
    assert formats.accepted_languages("da, en-gb;q=0.8, en;q=0.7, fr;q=0, *;q=0.1") == ["da", "en-gb", "en"]


def test_languages_that_nobody_speaks_cost_nothing() -> None:
    assert formats.accepted_languages("a-" * 15_000 + "a, en-US") == ["en-US"]
    assert formats.accepted_languages("x" * 9 + ", e_n, *, de-, -de, ë, es") == ["es"]
    assert formats.accepted_languages("a" + "-a" * 17) == ["a" + "-a" * 17]
    assert formats.accepted_languages("a" + "-a" * 18) == []
    assert len(formats.accepted_languages("en," * 10_000)) == 16


tags = st.lists(st.sampled_from(["en", "es", "us", "latn", "a", "x1"]), min_size=1, max_size=4).map("-".join)


@given(st.lists(tags, min_size=2, max_size=6, unique=True), st.lists(tags, max_size=4))
def test_the_best_language_is_the_nearest(there: list[str], wanted: list[str]) -> None:
    (found,) = formats.chosen({tag.upper(): "" for tag in there}, wanted)
    nearest = there[0]
    for cut in (one.split("-")[:size] for one in wanted for size in range(one.count("-") + 1, 0, -1)):
        within = [tag for tag in there if tag.split("-")[: len(cut)] == cut]
        if within:
            nearest = "-".join(cut) if "-".join(cut) in within else within[0]
            break
    assert found == nearest.upper()


def test_two_actors_never_share_an_identity() -> None:
    first = {"account": {"homePage": "http://h@http://g", "name": "x"}}
    second = {"account": {"homePage": "http://g", "name": "x@http://h"}}
    assert identity(first) != identity(second)
    assert identity({"mbox": "mailto:a@HOST.example"}) == identity({"mbox": "mailto:a@host.example"})


def test_the_same_statement_said_in_another_way() -> None:
    first = statement()
    second = copy.deepcopy(first)
    second["timestamp"] = "2026-11-22T05:00:00.123-05:00"
    second["context"]["contextActivities"]["parent"] = second["context"]["contextActivities"]["parent"][0]
    second["result"]["duration"] = "PT12M30.5049S"
    second["id"] = second["id"].upper()
    del second["object"]["objectType"]
    assert equality.same(first, second)
    second["result"]["success"] = False
    assert not equality.same(first, second)


def test_what_an_older_reader_receives() -> None:
    agents = [{"objectType": "contextAgent", "agent": {"mbox": "mailto:t@school.example"}}]
    newer = statement(version="2.0.0", context={"contextAgents": agents, "language": "en"})
    validation.statement(newer, "$", Version.TWO)
    with pytest.raises(Refusal, match=r"\$\.version"):
        validation.statement(newer, "$", Version.ONE)
    older = formats.for_version_one(newer)
    assert older["version"] == "1.0.3"
    assert older["context"] == {"language": "en"}
    assert newer["context"]["contextAgents"] == agents
    validation.statement(older, "$", Version.ONE)


def test_keys_of_a_statement_and_of_the_one_inside_it() -> None:
    inner = statement(id=None)
    inner["objectType"] = "SubStatement"
    outer = statement(actor={"mbox": "mailto:teacher@school.example"}, object=inner)
    keys = complete.keys_of(outer)
    assert keys.actors == {
        "mbox::mailto:teacher@school.example": 1,
        "mbox::mailto:ana@school.example": 1 << 8,
    }
    assert keys.activities == {
        "https://school.example/lessons/radiography-1": 1 << 8,
        "https://school.example/modules/radiography": 2 | 2 << 8,
    }


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("1.0.3", Version.ONE),
        ("1.0", Version.ONE),
        ("1.0.0", Version.ONE),
        ("2.0.0", Version.TWO),
        ("2.0.1", Version.TWO),
    ],
)
def test_versions(header: str, version: Version) -> None:
    assert negotiate(header) is version


@pytest.mark.parametrize(
    "header", [None, "", "1", "1.1.0", "0.95", "2.1", "3.0.0", "1.0.x", "latest", "1.0.3.4"]
)
def test_refused_versions(header: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        negotiate(header)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "parameters",
    [
        {"StatementId": "x"},
        {"statementId": "x"},
        {"statementId": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0", "limit": "1"},
        {"limit": "-1"},
        {"limit": "9" * 40},
        {"since": "tomorrow"},
        {"agent": "{}"},
        {"agent": '{"mbox":"mailto:a@b.example","mbox":"mailto:c@b.example"}'},
        {"ascending": "yes"},
        {"format": "IDs"},
        {"registration": "1"},
        {"verb": "completed"},
    ],
)
def test_refused_questions(parameters: dict[str, str]) -> None:
    with pytest.raises(Refusal) as caught:
        parse(parameters, Version.TWO)
    assert caught.value.status == 400
    assert caught.value.path


def test_one_statement_is_asked_for_alone() -> None:
    uuid = "FD41C918-b88b-4b20-a0a5-a4c32391aaa0"
    assert parse({"statementId": uuid, "format": "ids"}, Version.ONE) == One(
        uuid.lower(), False, "ids", False
    )


def test_what_passed_a_check_passes_again_and_nothing_else() -> None:
    asked: list[object] = []

    @remembered
    def check(value: object, path: str) -> None:
        asked.append(value)
        if value != {"n": 1}:
            raise fail(path, "No.")

    check({"n": 1}, "$.first")
    check({"n": 1}, "$.second")
    assert asked == [{"n": 1}]
    for other in ({"n": True}, {"n": 1.0}):
        check(other, "$")
    assert len(asked) == 3, "1, 1.0 and true are not the same JSON"
    for path in ("$.third", "$.fourth"):
        with pytest.raises(Refusal) as caught:
            check({"n": 2**70}, path)
        assert caught.value.path == path
