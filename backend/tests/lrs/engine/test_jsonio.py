"""The strict JSON reader: what it refuses, and where it says the fault is."""

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lrs.engine import jsonio
from app.lrs.engine.refusal import Refusal

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(documents)
def test_reads_what_a_usual_writer_writes(document: Any) -> None:
    assert jsonio.loads(json.dumps(document).encode()) == document
    assert jsonio.loads(jsonio.dumps(document)) == document


@given(documents, st.data())
def test_the_quick_reader_takes_nothing_that_the_strict_one_does_not(
    document: Any, data: st.DataObject
) -> None:
    raw = bytearray(jsonio.dumps(document))
    assert repr(jsonio.loads(bytes(raw))) == repr(_strict(bytes(raw)))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place : place + data.draw(st.integers(0, 1))] = data.draw(
        st.sampled_from(b'0-.e"{}[],:a').map(lambda b: bytes([b]))
    )
    with suppress(Refusal):
        assert repr(jsonio.loads(bytes(raw))) == repr(_strict(bytes(raw)))


def _strict(raw: bytes) -> Any:
    return jsonio._decoder.decode(raw.decode())


def test_whole_numbers_stay_exact_and_fractions_fractions() -> None:
    assert (
        repr(jsonio.loads(b"[18446744073709551616,1.0,-0.0,1,1e2]"))
        == "[18446744073709551616, 1.0, -0.0, 1, 100.0]"
    )


@pytest.mark.parametrize(
    ("raw", "path", "word"),
    [
        (b'{"a":1,"a":2}', "$.a", "twice"),
        (b'[{"x":{"y":[1,{"b":1,"b":2}]}}]', "$[0].x.y[1].b", "twice"),
        (b'{"a b":{"c":NaN}}', '$["a b"].c', "NaN"),
        (b'{"a":-Infinity}', "$.a", "Infinity"),
        (b'{"a":1e400}', "$.a", "double"),
        (b'{"a":' + b"9" * 400 + b"}", "$.a", "double"),
        (b'{"a":' + b"9" * 5000 + b"}", "$.a", "double"),
        (b'{"a":"\\u0000"}', "$.a", "NUL"),
        (b'{"\\u0000":1}', "$", "NUL"),
        (b'{"a":"\\ud800"}', "$.a", "surrogate"),
        (b'{"a":"\x01"}', "$.a", "control character"),
        (b"\xff", None, "UTF-8"),
        (b"\xef\xbb\xbf{}", None, "byte order mark"),
        (b"", "$", "ends"),
        (b'{"a" 1}', "$.a", "colon"),
        (b"[1,]", "$[1]", "expected"),
        (b"[1 2]", "$", "comma"),
        (b"{'a':1}", "$", "double quotes"),
        (b"01", "$", "end of the JSON"),
        (b"{} x", "$", "end of the JSON"),
        (b"[[1]", "$", "ends"),
    ],
)
def test_refuses_and_names_the_place(raw: bytes, path: str | None, word: str) -> None:
    with pytest.raises(Refusal) as caught:
        jsonio.loads(raw)
    assert (caught.value.status, caught.value.path) == (400, path)
    assert word in caught.value.detail


def test_refuses_deep_nesting_without_falling_over() -> None:
    with pytest.raises(Refusal, match="deeper than 64"):
        jsonio.loads(b"[" * 100_000 + b"]" * 100_000)


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert jsonio.loads(b'"\\ud83d\\ude00"') == "😀"


@given(st.text(st.sampled_from('\\u0d83eD"'), max_size=30).map(lambda text: f'"{text}"'))
def test_escapes_are_read_or_refused_as_what_they_stand_for(text: str) -> None:
    try:
        value = json.loads(text)
        value.encode()
        storable = "\0" not in value
    except ValueError:
        storable = False
    if storable:
        assert jsonio.loads(text.encode()) == value
    else:
        with pytest.raises(Refusal):
            jsonio.loads(text.encode())


@pytest.mark.parametrize(
    "text", [r'"\ud83d\ude00"', r'"\\u0000"', r'"\\ud800"', r'["\n\\",{"\ud83d\ude00":"\\\\u0000"}]']
)
def test_what_is_right_is_read_once(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.delattr(jsonio, "_Walk")
    assert jsonio.loads(text.encode()) == json.loads(text)


def test_the_place_of_a_fault_is_written_once_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    whole = jsonio._path

    def path(place: Any) -> str:
        written.append(whole(place))
        return written[-1]

    monkeypatch.setattr(jsonio, "_path", path)
    with pytest.raises(Refusal) as caught:
        jsonio.loads(b'{"' + b"k" * 50_000 + b'":[' + b"0," * 1_000 + b'"\\u0000"]}')
    assert written == [f"$.{'k' * 80}…[1000]"] == [caught.value.path]


def test_the_search_for_a_fault_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonio, "MOST_WALKED", 10)
    with pytest.raises(Refusal, match="the fault is after character 19"):
        jsonio.loads(b"[" + b"0," * 100 + b"x]")
    with pytest.raises(Refusal, match=r"\$\[8\]"):
        jsonio.loads(b"[" + b"0," * 8 + b"x]")


def test_a_long_text_costs_its_own_length_alone() -> None:
    raw = b'["' + b"x" * 2_000_000 + rb'\ud83d\ude00","\u0000"]'
    tracemalloc.start()
    try:
        with pytest.raises(Refusal, match="NUL"):
            jsonio.loads(raw)
        assert tracemalloc.get_traced_memory()[1] < 12 * len(raw)
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Refusal):
        jsonio.loads(raw)
