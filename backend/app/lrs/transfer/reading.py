"""A file of statements, read one by one: NDJSON, a JSON array, or the answer of a Statement resource.

Only a window of the file is in memory, however long it is. A line that is no JSON is told with its number and the
reading goes on; inside an array nothing can be found again after a fault, so the reading ends there.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIECE = 256 * 1024
LONGEST = 16 * 1024 * 1024
"""Octets that one statement may have."""
_RESULT = re.compile(r'\{\s*(?:"more"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)?"statements"\s*:\s*\[')
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Item:
    """The text of one statement, with the line it begins on; or, with `fault`, why there is none."""

    line: int
    raw: bytes
    fault: str = ""


class Reader:
    """Reads a file that comes in pieces, none of them empty. `bytes_read` tells how far it has got."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._window = ""
        self._at = 0
        self._line = 1
        self._over = False
        self.bytes_read = 0

    def items(self) -> Iterator[Item]:
        """The statements in the file's order."""
        try:
            self._skip_space()
            if self._at >= len(self._window):
                return
            first = self._window[self._at]
            self._fill(4096)
            opening = _RESULT.match(self._window, self._at)
            if first == "[":
                self._take(1)
                yield from self._array()
            elif opening:
                self._take(opening.end() - self._at)
                yield from self._array()
            else:
                yield from self._lines()
        except UnicodeDecodeError:
            yield Item(self._line, b"", "From here on the file is not UTF-8; nothing after this was read.")

    def _lines(self) -> Iterator[Item]:
        while True:
            end = self._window.find("\n", self._at)
            while end < 0 and not self._over:
                if len(self._window) - self._at > LONGEST:
                    yield Item(
                        self._line, b"", "The line is too long for one statement; the reading ends here."
                    )
                    return
                self._more()
                end = self._window.find("\n", self._at)
            stop = len(self._window) if end < 0 else end
            text = self._window[self._at : stop].strip()
            if text:
                yield Item(self._line, text.encode())
            if end < 0:
                return
            self._at = end + 1
            self._line += 1

    def _array(self) -> Iterator[Item]:
        separated = True
        while True:
            self._skip_space()
            if self._at >= len(self._window):
                yield Item(self._line, b"", "The file ends in the middle of its list.")
                return
            sign = self._window[self._at]
            if sign == "]":
                return
            if sign == "," and not separated:
                self._take(1)
                separated = True
                continue
            end = self._value_end() if separated else None
            if end is None:
                yield Item(self._line, b"", "This is not JSON; the statements after it could not be found.")
                return
            yield Item(self._line, self._window[self._at : end].encode())
            self._take(end - self._at)
            separated = False

    def _value_end(self) -> int | None:
        """Where the value that begins here ends; None when it does not."""
        while True:
            try:
                _, end = _decoder.raw_decode(self._window, self._at)
            except (ValueError, RecursionError):
                waiting = len(self._window) - self._at
                if self._over or waiting > LONGEST:
                    return None
                # Twice as much each time: a long statement is not parsed anew for each piece.
                self._fill(max(_PIECE, 2 * waiting))
            else:
                if end < len(self._window) or self._over:
                    return end
                self._more()

    def _skip_space(self) -> None:
        while True:
            while self._at < len(self._window) and self._window[self._at] in " \t\r\n":
                self._take(1)
            if self._at < len(self._window) or self._over:
                return
            self._more()

    def _take(self, count: int) -> None:
        self._line += self._window.count("\n", self._at, self._at + count)
        self._at += count

    def _fill(self, count: int) -> None:
        while len(self._window) - self._at < count and not self._over:
            self._more()

    def _more(self) -> None:
        piece = next(self._pieces, b"")
        self.bytes_read += len(piece)
        self._over = not piece
        self._window = self._window[self._at :] + self._decode.decode(piece, final=self._over)
        self._at = 0
