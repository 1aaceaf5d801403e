"""JSON read strictly and written compactly.

xAPI asks for more than a usual parser gives: keys must be unique (Data 2.2), text must be Unicode that
can be stored, numbers must fit a double. The fast path is the standard library's C scanner with one hook;
only a document that it refuses is walked again, slowly, to name the place.
"""

import json
import re
from typing import Any

import orjson

from app.lrs.refusal import Refusal

MAX_DEPTH = 64
"""Levels of nesting accepted. The deepest path of the specification itself has nine."""

_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SPACE = re.compile(r"[ \t\n\r]*")
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


def loads(raw: bytes) -> Any:
    """Parse UTF-8 JSON of any root type; raise `Refusal` 400 naming the JSON path of the first fault."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        raise Refusal(
            f"The body is not valid UTF-8: byte {fault.start} cannot be decoded. Send JSON encoded as UTF-8."
        ) from None
    if text.startswith("\ufeff"):
        raise Refusal("The body starts with a byte order mark. Send JSON as plain UTF-8 without one.")
    if _SUSPICIOUS.search(raw):
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

    def check(self) -> None:
        self._value("$", 0)
        self._skip()
        if self.at != len(self.text):
            raise Refusal(f"Something follows the end of the JSON value, at character {self.at}.", path="$")

    def _fault(self, what: str, path: str) -> Refusal:
        return Refusal(f"{what}, at character {self.at}.", path=path)

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None  # noqa: S101 -- the expression matches the empty string
        self.at = match.end()

    def _value(self, path: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Refusal(f"The JSON is nested deeper than {MAX_DEPTH} levels.", path=_shortened(path))
        self._skip()
        first = self.text[self.at : self.at + 1]
        if first == "{":
            self._object(path, depth)
        elif first == "[":
            self._array(path, depth)
        elif first == '"':
            self._string(path)
        elif first == "-" or first.isdigit():
            self._number(path)
        else:
            self._literal(path)

    def _literal(self, path: str) -> None:
        for word in _LITERALS:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return
        if self.text.startswith(("NaN", "Infinity"), self.at):
            raise self._fault("NaN and Infinity are not JSON numbers", path)
        if self.at >= len(self.text):
            raise self._fault("The JSON ends before its value is complete", path)
        raise self._fault("A JSON value was expected here", path)

    def _number(self, path: str) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self._fault("This is not a JSON number (NaN and Infinity are not either)", path)
        digits = match.group()
        if float(digits) in (float("inf"), float("-inf")):
            raise self._fault("The number is beyond what a double can hold", path)
        self.at = match.end()

    def _string(self, path: str) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise self._fault("A string is not closed, or holds a control character or a wrong escape", path)
        value: str = json.loads(match.group())
        if "\x00" in value:
            raise self._fault("A string holds the NUL character, which cannot be stored", path)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._fault("A string holds half of a surrogate pair", path) from None
        self.at = match.end()
        return value

    def _object(self, path: str, depth: int) -> None:
        self.at += 1
        seen: set[str] = set()
        self._skip()
        if self.text.startswith("}", self.at):
            self.at += 1
            return
        while True:
            self._skip()
            if not self.text.startswith('"', self.at):
                raise self._fault("A property name in double quotes was expected here", path)
            key = self._string(path)
            inside = f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key)}]"
            if key in seen:
                raise Refusal("The property is there twice; each key may be used once.", path=inside)
            seen.add(key)
            self._skip()
            if not self.text.startswith(":", self.at):
                raise self._fault("A colon was expected here", inside)
            self.at += 1
            self._value(inside, depth + 1)
            if self._closes("}", path):
                return

    def _array(self, path: str, depth: int) -> None:
        self.at += 1
        self._skip()
        if self.text.startswith("]", self.at):
            self.at += 1
            return
        index = 0
        while True:
            self._value(f"{path}[{index}]", depth + 1)
            index += 1
            if self._closes("]", path):
                return

    def _closes(self, bracket: str, path: str) -> bool:
        self._skip()
        here = self.text[self.at : self.at + 1]
        if here not in (bracket, ","):
            what = "The JSON ends before" if not here else f'A comma or "{bracket}" was expected before'
            raise self._fault(f"{what} the value is complete", path)
        self.at += 1
        return here == bracket


def _shortened(path: str) -> str:
    return path if len(path) <= 200 else f"{path[:200]}…"
