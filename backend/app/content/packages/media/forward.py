"""A file read once from front to back: it may be packed in a zip, and may be larger than the memory."""

from collections.abc import Iterable


class Forward:
    """Bytes in order. `at` is how many were passed."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._used = 0
        self.at = 0

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end of the file."""
        found = bytearray()
        while len(found) < size and self._more():
            part = self._piece[self._used : self._used + size - len(found)]
            found += part
            self._used += len(part)
        self.at += len(found)
        return bytes(found)

    def skip(self, size: int) -> int:
        """Pass over bytes; how many there were."""
        passed = 0
        while passed < size and self._more():
            step = min(len(self._piece) - self._used, size - passed)
            self._used += step
            passed += step
        self.at += passed
        return passed

    def _more(self) -> bool:
        while self._used >= len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._piece, self._used = piece, 0
        return True
