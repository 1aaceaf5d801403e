"""Files of another LRS, read: however they are laid out and cut, each statement comes once, with its line."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.lrs.desk.imports import decompression as unpacking
from app.lrs.desk.imports import parser as reading
from app.lrs.desk.imports.parser import Item, Reader

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
statements = st.dictionaries(texts, values, max_size=4).map(lambda one: {"actor": 1, **one, "id": "x"})
GOOD = {"id": "x", "actor": 1}
PACKED = gzip.compress(json.dumps(GOOD).encode(), mtime=0)


@st.composite
def laid_out(draw: st.DrawFn) -> tuple[str, list[tuple[int, Any]]]:
    """Some statements in one of the forms a file may have them in, and the line each begins on there."""
    some = draw(st.lists(statements, max_size=4))
    form = draw(st.sampled_from(["lines", "together", "list", "list of lines", "answer", "learning locker"]))
    indent = draw(st.sampled_from([None, 2, "\t"]))
    readable = draw(st.booleans())

    def dumped(value: Any) -> str:
        return json.dumps(value, indent=indent, ensure_ascii=not readable)

    parts: list[str | dict[str, Any]] = []
    if form in ("lines", "together", "learning locker"):
        for one in some:
            wrapped = form == "learning locker" and "statement" not in one
            parts += (
                ['{"_id": {"$oid": "5"},\n "statement": ', one, ', "statements": 7}'] if wrapped else [one]
            )
            parts.append("" if form == "together" else draw(st.sampled_from(["\n", "\r\n", "\n\n \n"])))
    else:
        before, after = {"list": ("[", "]"), "list of lines": ("[\n", "\n]")}.get(form) or (
            '{"consistentThrough": "2026-01-01", "more": "a\\"]",\n "statements": [',
            '], "more": "", "also": [{}]}',
        )
        between = ",\n" if form == "list of lines" else ", "
        parts = [before]
        for one in some:
            parts += [one, between]
        parts = [*parts[:-1], after] if some else [before, after]
    text, where = "", []
    for part in parts:
        if isinstance(part, dict):
            where.append((text.count("\n") + 1, part))
            text += dumped(part)
        else:
            text += part
    return text, where


def _cut(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


def _read(raw: bytes, size: int = 1000) -> tuple[list[Item], str]:
    reader = Reader(_cut(raw, size))
    items = list(reader.items())
    assert reader.bytes_read == len(raw) or reader.ended
    return items, reader.ended


@given(st.lists(laid_out(), min_size=1, max_size=4), st.integers(1, 40), st.booleans(), st.booleans())
def test_every_statement_comes_once_with_its_line_however_the_file_is_laid_out_and_cut(
    parts: list[tuple[str, list[tuple[int, Any]]]], size: int, packed: bool, marked: bool
) -> None:
    text, expected = "\ufeff" if marked else "", []
    for part, where in parts:
        expected += [(text.count("\n") + line, value) for line, value in where]
        text += part + "\n"
    raw = text.encode()
    items, ended = _read(gzip.compress(raw[:9]) + gzip.compress(raw[9:]) if packed else raw, size)
    assert [item.fault for item in items] == [""] * len(expected)
    assert [(item.line, json.loads(item.raw)) for item in items] == expected
    assert ended == (
        "" if text.strip("\ufeff \r\n") else "The file contains nothing but spaces and line breaks."
    )


@given(
    st.lists(statements, max_size=6),
    st.lists(
        st.sampled_from(
            [
                b"not JSON",
                b'{"id": ',
                b'{"a": [',
                b'{"a": "cut',
                b"{]",
                b"7",
                b'{"a": "\xe9"}',
                b"{" * 3000,
                b"\0",
            ]
        ),
        max_size=3,
    ),
    st.randoms(use_true_random=False),
    st.integers(1, 40),
)
def test_a_bad_line_costs_nothing_but_itself(
    good: list[Any], bad: list[bytes], random: Any, size: int
) -> None:
    lines = [json.dumps(one).encode() for one in good] + bad
    random.shuffle(lines)
    items, _ended = _read(b"\n".join(lines) + b"\n", size)
    taken = [(item.line, item.raw) for item in items if not item.fault]
    assert taken == [(number, line) for number, line in enumerate(lines, 1) if line not in bad]
    refused = {item.line for item in items if item.fault}
    for number, line in enumerate(lines, 1):
        # Lines of rubbish that follow one another are listed with the first of them.
        if line in bad and (number == 1 or lines[number - 2] not in bad):
            assert number in refused


@given(
    st.binary(max_size=200), st.integers(1, 50), st.sampled_from([b"", b"\x1f\x8b", b"[", b'{"statements":['])
)
@example(b"[" * 100_000, 50_000, b"")
@example(b'{"a":' * 100_000, 50_000, b"")
def test_any_bytes_end_in_items_or_a_sentence(raw: bytes, size: int, before: bytes) -> None:
    items, ended = _read(before + raw, size)
    assert all(item.fault or item.raw for item in items)
    assert items or ended or b"]" in raw


@pytest.mark.parametrize(
    ("raw", "taken", "line"),
    [
        (b"[{}", 1, 1),
        (b"[{} {}]", 1, 1),
        (b"[1,\n,2]", 1, 2),
        (b'[{"a":1},\n{"b":2},\n{"c', 2, 3),
        (b"[{]", 0, 1),
        (b'{"statements":[{},\n{]}', 1, 2),
        (b'[{"a":1},\n' + b"[" * 200_000, 1, 2),
    ],
)
def test_a_broken_list_is_named_and_not_guessed_at(raw: bytes, taken: int, line: int) -> None:
    items, ended = _read(raw, 3 if len(raw) < 1000 else 1000)
    assert [item.fault for item in items] == [""] * taken
    assert ended.startswith(f"Line {line}: ")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b" \r\n\t ", "nothing but spaces"),
        (json.dumps(GOOD).encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04 and so on", "zip archive"),
        (b"<!DOCTYPE html>\n<html>\n  {}\n</html>\n", ""),
        (b"<!DOCTYPE html>\n<html>\n</html>\n", "What can be read: statements one a line"),
        (b"id,actor\n1,2\n", "What can be read"),
        (PACKED[:-9], "incomplete"),
        (PACKED[:-8] + b"\xff" * 8, "damaged"),
        (gzip.compress(PACKED, mtime=0), "compressed twice"),
        (json.dumps(GOOD).encode()[:-3], "in the middle of a statement"),
        (json.dumps(GOOD).encode() + b"\n" + b'{"id": "y",\n  "actor": {\n', "in the middle of a statement"),
        (b"[]", ""),
        (b'{"statements": [], "more": ""}', ""),
        (json.dumps(GOOD).encode() + b"\nnot JSON", ""),
    ],
)
def test_a_file_that_was_not_read_to_its_end_says_why(raw: bytes, said: str) -> None:
    _items, ended = _read(raw)
    assert said in ended
    assert bool(said) == bool(ended)


def test_a_list_may_not_end_in_a_comma_but_the_reading_goes_on() -> None:
    items, ended = _read(b'[{"a":1},\n]\n[{"b":2}]')
    assert [(item.line, bool(item.fault)) for item in items] == [(1, False), (2, True), (3, False)]
    assert not ended


def test_octets_that_are_no_utf8_cost_one_statement_of_a_list_too() -> None:
    items, ended = _read(b'[{"a":1},\n{"b":"\xe9"},\n{"c":"\xc3\xa9"}]', 1)
    assert [(item.line, item.fault) for item in items] == [(1, ""), (2, "It is not UTF-8."), (3, "")]
    assert not ended


def test_a_line_too_long_for_a_statement_costs_nothing_but_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST", 10_000)
    monkeypatch.setattr(reading, "_PIECE", 1000)
    long = b'{"a": "' + b"x" * 40_000 + b'"}'
    items, ended = _read(b'{"a":1}\n' + long + b'\n{"b":2}\n')
    assert [(item.line, "too long" in item.fault) for item in items] == [(1, False), (2, True), (3, False)]
    assert not ended
    items, ended = _read(b"[{},\n" + long + b"]")
    assert len(items) == 1
    assert "too long" in ended


def test_a_packed_file_is_unpacked_piece_by_piece_and_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b" " * 5_000_000)
    pieces = list(unpacking.plain(iter([packed])))
    assert max(map(len, pieces)) <= 256 * 1024
    assert sum(map(len, pieces)) == 5_000_000
    assert _read(gzip.compress(b"{}") + b"\0" * 600)[1] == ""
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 1_000_000)
    assert "decompresses to more than" in _read(packed)[1]
