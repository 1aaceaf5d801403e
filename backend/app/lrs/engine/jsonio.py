"""JSON read strictly and written compactly.

xAPI asks for more than a usual parser gives: keys must be unique (Data 2.2), text must be Unicode that
can be stored, numbers must fit a double. Three readers, each slower than the one before: orjson, whose word counts
when it writes back the very bytes it read (then no key was there twice and no number was rounded); the standard
library's C scanner with hooks; and a walk whose only product is the place and the reason of a fault.
"""

import contextlib
import json
import re
from collections.abc import Sequence
from typing import Any

import orjson

from app.lrs.engine.refusal import Refusal

MAX_DEPTH = 64
"""Levels of nesting accepted. The deepest path of the specification itself has nine."""

MOST_WALKED = 300_000
"""Values that are looked at to name the place of a fault; a fault beyond them is refused without its place."""
_LONGEST_NAME = 80
"""Characters of a property's name in a path."""

_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
# Text whose escapes are neither NUL nor half of a surrogate pair. Possessive: no step is remembered, however long.
_STORABLE = re.compile(
    r"(?:[^\\]++|\\(?:[^u]|u(?!0000|[dD][89a-fA-F])|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*+"
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
_SPACE = re.compile(r"[ \t\n\r]*+")
_LITERALS = ("true", "false", "null")
_LARGEST_DOUBLE = 2**1024 - 2**970


class _TwiceError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _TwiceError
    return members


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:  # infinity: the text was beyond a double
        raise ValueError(text)
    return number


def _whole(text: str) -> int:
    number = int(text)
    if not -_LARGEST_DOUBLE <= number <= _LARGEST_DOUBLE:
        raise ValueError(text)
    return number


def _constant(text: str) -> Any:
    raise ValueError(text)


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_int=_whole, parse_constant=_constant
)
_strings = json.JSONDecoder()


def loads(raw: bytes) -> Any:
    """Parse UTF-8 JSON of any root type; raise `Refusal` 400 naming the JSON path of the first fault."""
    suspicious = _SUSPICIOUS.search(raw) is not None
    if not suspicious:
        with contextlib.suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
            value = orjson.loads(raw)
            if orjson.dumps(value) == raw:
                return value
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        raise Refusal(
            f"The body is not valid UTF-8: byte {fault.start} cannot be decoded. Send JSON encoded as UTF-8."
        ) from None
    if text.startswith("\ufeff"):
        raise Refusal("The body starts with a byte order mark. Send JSON as plain UTF-8 without one.")
    if suspicious and not _STORABLE.fullmatch(text):
        _Walk(text).check()
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        _Walk(text).check()
        raise Refusal("The body is not JSON that can be read.") from None


def deeper_than(value: Any, levels: int) -> bool:
    """Whether objects and arrays nest more than `levels` deep in a parsed value."""
    if isinstance(value, dict):
        return levels == 0 or any(deeper_than(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return levels == 0 or any(deeper_than(inner, levels - 1) for inner in value)
    return False


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON. Whole numbers beyond 64 bits are kept exactly."""
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class _Walk:
    """A slow reader whose only product is the place and the reason of a fault."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.place: list[str | int] = []
        """The names and indices that lead to the value being read."""
        self.left = MOST_WALKED

    def check(self) -> None:
        self._value()
        self._skip()
        if self.at != len(self.text):
            raise Refusal(f"Something follows the end of the JSON value, at character {self.at}.", path="$")

    def _fault(self, what: str) -> Refusal:
        return Refusal(f"{what}, at character {self.at}.", path=_path(self.place))

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None  # noqa: S101 -- the expression matches the empty string
        self.at = match.end()

    def _value(self) -> None:
        if len(self.place) > MAX_DEPTH:
            raise Refusal(f"The JSON is nested deeper than {MAX_DEPTH} levels.", path=_path(self.place))
        self.left -= 1
        if self.left < 0:
            raise Refusal(
                f"The body is not JSON that can be read; the fault is after character {self.at}.", path="$"
            )
        self._skip()
        first = self.text[self.at : self.at + 1]
        if first == "{":
            self._object()
        elif first == "[":
            self._array()
        elif first == '"':
            self._string()
        elif first == "-" or first.isdigit():
            self._number()
        else:
            self._literal()

    def _literal(self) -> None:
        for word in _LITERALS:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return
        if self.text.startswith(("NaN", "Infinity"), self.at):
            raise self._fault("NaN and Infinity are not JSON numbers")
        if self.at >= len(self.text):
            raise self._fault("The JSON ends before its value is complete")
        raise self._fault("A JSON value was expected here")

    def _number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self._fault("This is not a JSON number (NaN and Infinity are not either)")
        if float(match.group()) in (float("inf"), float("-inf")):
            raise self._fault("The number is beyond what a double can hold")
        self.at = match.end()

    def _string(self) -> str:
        try:
            value, end = _strings.raw_decode(self.text, self.at)
        except ValueError:
            what = "A string is not closed, or holds a control character or a wrong escape"
            raise self._fault(what) from None
        text: str = value
        if "\x00" in text:
            raise self._fault("A string holds the NUL character, which cannot be stored")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self._fault("A string holds half of a surrogate pair") from None
        self.at = end
        return text

    def _object(self) -> None:
        self.at += 1
        seen: set[str] = set()
        self._skip()
        if self.text.startswith("}", self.at):
            self.at += 1
            return
        while True:
            self._skip()
            if not self.text.startswith('"', self.at):
                raise self._fault("A property name in double quotes was expected here")
            key = self._string()
            self.place.append(key)
            if key in seen:
                raise Refusal(
                    "The property is there twice; each key may be used once.", path=_path(self.place)
                )
            seen.add(key)
            self._skip()
            if not self.text.startswith(":", self.at):
                raise self._fault("A colon was expected here")
            self.at += 1
            self._value()
            self.place.pop()
            if self._closes("}"):
                return

    def _array(self) -> None:
        self.at += 1
        self._skip()
        if self.text.startswith("]", self.at):
            self.at += 1
            return
        index = 0
        while True:
            self.place.append(index)
            self._value()
            self.place.pop()
            index += 1
            if self._closes("]"):
                return

    def _closes(self, bracket: str) -> bool:
        self._skip()
        here = self.text[self.at : self.at + 1]
        if here not in (bracket, ","):
            what = "The JSON ends before" if not here else f'A comma or "{bracket}" was expected before'
            raise self._fault(f"{what} the value is complete")
        self.at += 1
        return here == bracket


def _path(place: Sequence[str | int]) -> str:
    """The place as a JSON path; long names are cut."""
    return "$" + "".join(map(_step, place))


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    name = step if len(step) <= _LONGEST_NAME else f"{step[:_LONGEST_NAME]}…"
    return f".{name}" if step.isidentifier() else f"[{json.dumps(name, ensure_ascii=False)}]"
