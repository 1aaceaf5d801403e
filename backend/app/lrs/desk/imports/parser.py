"""A file of statements, read one by one: however they are laid out, each comes with the line it begins on.

A file is JSON values, one after another: statements, lists of them, answers of a Statement resource, records of
Learning Locker with the statement inside; on one line each or indented, mixed as they come. Only a window of it is in
memory, however long it is. What is no JSON is reported with its line, and the reading goes on at the next line that may
begin a value; inside a list nothing can be found again after a fault, so the reading ends there.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.lrs.desk.imports.decompression import Unreadable, plain

_PIECE = 256 * 1024
LONGEST = 16 * 1024 * 1024
"""Characters that one statement may have."""
SHAPES = (
    "What can be read: statements one a line (NDJSON) or indented, lists of statements, answers of a Statement "
    "resource, and records of a Learning Locker export."
)
_SPACE = re.compile("[ \t\r\n\ufeff]*")
_BLANKS = re.compile("[ \t\r\ufeff]*")
# Numbers stay text: nothing is computed here, and a long one must not be refused for its length.
_decoder = json.JSONDecoder(parse_int=str, parse_float=str)
_NEAR_THE_END = 16
"""Where a text that lacks its end is found to be at fault: the last escape, number or name may be incomplete."""
_ANY_INDENT = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """The text of one statement, with the line it begins on; or, with `fault`, why there is none."""

    line: int
    raw: bytes
    fault: str = ""


class _Broken(Exception):
    """Why a value cannot be read; `cut_off` when the file ended before it did."""

    def __init__(self, why: str, *, cut_off: bool = False) -> None:
        super().__init__(why)
        self.cut_off = cut_off


class Reader:
    """Reads a file that comes in pieces, none of them empty.

    `bytes_read` is how far it has got in the file as it was sent. `ended` says afterwards why the reading stopped
    before the end of the file; it is empty when all of it was read.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = plain(self._counted(pieces))
        # What is not UTF-8 becomes signs that no text can have: only the statement they are in is refused.
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._window = ""
        self._at = 0
        self._line = 1
        self._indent = 0
        self._line_is_blank = True
        self._over = False
        self.bytes_read = 0
        self.ended = ""

    def items(self) -> Iterator[Item]:
        """The statements in the file's order."""
        try:
            yield from self._values()
        except Unreadable as reason:
            self.ended = str(reason)

    def _values(self) -> Iterator[Item]:
        found, blank = False, True
        while self._skip_space():
            blank = False
            if self._window[self._at] not in "[{":
                yield Item(self._line, b"", "This is not JSON.")
                self._next_line(_ANY_INDENT)
                continue
            try:
                yield from self._value()
                found = True
            except _Broken as broken:
                yield Item(self._line, b"", str(broken))
                self._next_line(self._indent)
                if broken.cut_off and self._at >= len(self._window):
                    raise self._end("The file ends in the middle of a statement.") from None
        if blank:
            raise Unreadable("The file contains nothing but spaces and line breaks.")
        if not found:
            raise Unreadable(f"Nothing in the file can be read. {SHAPES}")

    def _value(self) -> Iterator[Item]:
        """A list, an answer with its list, or one statement. Raises _Broken where it begins, or after its list."""
        if self._window[self._at] == "[":
            self._take(1)
            yield from self._list()
            return
        while True:
            try:
                value, end = _decoder.raw_decode(self._window, self._at)
            except (ValueError, RecursionError) as fault:
                # An answer may be larger than the window: its list is read one by one.
                opening = _opening(self._window, self._at)
                if opening is None:
                    self._wait(fault)
                    continue
            else:
                opening = (
                    _opening(self._window, self._at) if isinstance(value.get("statements"), list) else None
                )
                if opening is None:
                    yield self._item(value, end)
                    self._take(end - self._at)
                    return
            self._take(opening - self._at)
            yield from self._list()
            break
        while self._goes_on_to_a_list():
            yield from self._list()

    def _goes_on_to_a_list(self) -> bool:
        """Pass over the rest of an answer; whether another list of statements was come upon. Raises _Broken."""
        while True:
            try:
                at, ended = _members(self._window, self._at, "statements", "[", first=False)
            except (ValueError, RecursionError) as fault:
                self._wait(fault)
            else:
                self._take(at - self._at + (not ended))
                return not ended

    def _list(self) -> Iterator[Item]:
        """The elements of a list whose bracket has been read. Raises Unreadable."""
        separated, comma = True, False
        while self._skip_space():
            sign = self._window[self._at]
            if sign == "]":
                if comma:
                    yield Item(self._line, b"", "The list has a comma with nothing after it.")
                self._take(1)
                return
            if sign == "," and not separated:
                self._take(1)
                separated = comma = True
                continue
            if not separated:
                raise self._end("A comma is missing in the list. Nothing after it was read.")
            try:
                value, end = self._element()
            except _Broken as broken:
                raise self._end(f"{broken} Nothing after it was read.") from None
            yield self._item(value, end)
            self._take(end - self._at)
            separated = comma = False
        raise self._end("The file ends in the middle of a list.")

    def _element(self) -> tuple[Any, int]:
        while True:
            try:
                value, end = _decoder.raw_decode(self._window, self._at)
            except (ValueError, RecursionError) as fault:
                self._wait(fault)
                continue
            # A number or a name may go on in the next piece.
            if end < len(self._window) or self._over or self._window[end - 1] in '"}]':
                return value, end
            self._grow()

    def _item(self, value: Any, end: int) -> Item:
        """What was read from here to `end`; of a record of Learning Locker the statement in it."""
        line, text = self._line, self._window[self._at : end]
        if isinstance(value, dict) and isinstance(value.get("statement"), dict) and "actor" not in value:
            begin, _ = _members(text, 1, "statement", "{")
            line += text.count("\n", 0, begin)
            text = text[begin : _decoder.raw_decode(text, begin)[1]]
        try:
            return Item(line, text.encode())
        except UnicodeEncodeError:
            return Item(line, b"", "It is not UTF-8.")

    # Moving through the file

    def _skip_space(self) -> bool:
        """Go to the next sign that is no blank; False at the end of the file."""
        while True:
            end = _match_end(_SPACE, self._window, self._at)
            blank = self._window[self._at : end]
            newline = blank.rfind("\n")
            if newline >= 0:
                self._indent, self._line_is_blank = len(blank) - newline - 1, True
            elif self._line_is_blank:
                self._indent += len(blank)
            self._take(len(blank))
            if self._at < len(self._window):
                self._line_is_blank = False
                return True
            if self._over:
                return False
            self._more()

    def _next_line(self, indent: int) -> None:
        """Go to the next line that opens an object or a list and is indented by at most `indent`.

        What is indented more belongs to the value that could not be read.
        """
        while self._next_newline():
            width = self._blanks(indent)
            if width <= indent and self._window.startswith(("{", "["), self._at + width):
                return

    def _next_newline(self) -> bool:
        while (newline := self._window.find("\n", self._at)) < 0:
            self._take(len(self._window) - self._at)
            if self._over:
                return False
            self._more()
        self._take(newline + 1 - self._at)
        self._indent, self._line_is_blank = 0, True
        return True

    def _blanks(self, most: int) -> int:
        """How many blanks stand here, looking no further than `most`."""
        while True:
            width = _match_end(_BLANKS, self._window, self._at) - self._at
            if self._at + width < len(self._window) or width > most or self._over:
                return width
            self._more()

    def _wait(self, fault: Exception) -> None:
        """Read more, if more can help with this fault. Raises _Broken."""
        text = self._window
        if not isinstance(fault, json.JSONDecodeError):
            raise _Broken("This is nested too deeply.")
        unfinished = fault.msg.startswith("Unterminated string")
        if self._over and (unfinished or fault.pos >= len(text.rstrip())):
            raise _Broken("This is incomplete: the file ends before it does.", cut_off=True)
        if self._over or not (unfinished or fault.pos >= len(text) - _NEAR_THE_END):
            raise _Broken("This is not JSON.")
        self._grow()

    def _grow(self) -> None:
        """Twice as much each time: a long statement is not parsed again for each piece. Raises _Broken."""
        waiting = len(self._window) - self._at
        if waiting > LONGEST:
            raise _Broken(f"This is longer than {LONGEST // 1024**2} MB, too long for one statement.")
        wanted = min(max(waiting + 1, _PIECE, 2 * waiting), LONGEST + 1)
        while len(self._window) - self._at < wanted and not self._over:
            self._more()

    def _end(self, reason: str) -> Unreadable:
        return Unreadable(f"Line {self._line:,}: {reason}")

    def _take(self, count: int) -> None:
        self._line += self._window.count("\n", self._at, self._at + count)
        self._at += count

    def _more(self) -> None:
        piece = next(self._pieces, b"")
        self._over = not piece
        self._window = self._window[self._at :] + self._decode.decode(piece, final=self._over)
        self._at = 0

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.bytes_read += len(piece)
            yield piece


def _opening(text: str, at: int) -> int | None:
    """Where the list of an answer that begins here has its first element; None when it cannot be seen."""
    try:
        found, ended = _members(text, at + 1, "statements", "[")
    except (ValueError, RecursionError):
        return None
    return None if ended else found + 1


def _members(text: str, at: int, name: str, sign: str, *, first: bool = True) -> tuple[int, bool]:
    """Go through an object's members: to the value of `name` that begins with `sign`, or to the object's end.

    Gives the place, and whether it is the end. Raises ValueError, RecursionError. Without `first` a member has been
    read before.
    """
    while True:
        at = _match_end(_SPACE, text, at)
        if text.startswith("}", at):
            return at + 1, True
        if not first:
            at = _expect(text, at, ",")
        first = False
        if not text.startswith('"', at):
            raise json.JSONDecodeError("Expecting a name", text, at)
        key, at = _decoder.raw_decode(text, at)
        at = _expect(text, _match_end(_SPACE, text, at), ":")
        if key == name and text.startswith(sign, at):
            return at, False
        _, at = _decoder.raw_decode(text, at)


def _expect(text: str, at: int, sign: str) -> int:
    if not text.startswith(sign, at):
        raise json.JSONDecodeError(f"Expecting {sign}", text, at)
    return _match_end(_SPACE, text, at + 1)


def _match_end(blanks: re.Pattern[str], text: str, at: int) -> int:
    match = blanks.match(text, at)
    assert match is not None  # noqa: S101 - the expressions match the empty text
    return match.end()
