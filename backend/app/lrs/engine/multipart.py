"""multipart/mixed, read as a stream and written as one (RFC 2046 5.1; 1.0.3 Communication 1.5).

Reading keeps small parts in memory and spills large ones to a temporary file, so an attachment of 100 MB
costs no more memory than its chunks. Each part's SHA-2 is computed while it passes.

python-multipart, which reads the forms of the pages, cannot read these bodies: it is made for multipart/form-data and
refuses what multipart/mixed allows, text before the first boundary, blanks after a boundary, and folded headers.
"""

import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO
from uuid import uuid4

from app.lrs.engine.refusal import Refusal

_SPILL = 256 * 1024
_LARGEST_HEAD = 16 * 1024
_MOST_PARTS = 1000
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_FOLD = re.compile(r"\r\n[ \t]+(?=\S)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ALGORITHMS = {56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart content type; `Refusal` 400 without one."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise Refusal("multipart/mixed needs a boundary of 1 to 70 characters.", path="Content-Type")
    return (match[1] or match[2]).encode("latin-1", "replace")


@dataclass(slots=True)
class Part:
    """One part: its headers (names in lower case), its bytes in a file at position 0, its hashes."""

    headers: Mapping[str, str]
    file: IO[bytes]
    size: int = 0
    sha256: str = ""
    sha2: str = ""
    """Hash by the algorithm that the part's X-Experience-API-Hash has the length of."""

    def content(self) -> bytes:
        """The whole part in memory; for parts known to be small."""
        self.file.seek(0)
        return self.file.read()


@dataclass(slots=True)
class _Open:
    part: Part
    plain: "hashlib._Hash"
    named: "hashlib._Hash"
    limit: int

    def write(self, data: bytes) -> None:
        if not data:
            return
        self.part.size += len(data)
        if self.part.size > self.limit:
            raise Refusal(f"A part is larger than the {self.limit} bytes accepted for it.", status=413)
        self.plain.update(data)
        if self.named is not self.plain:
            self.named.update(data)
        self.part.file.write(data)

    def close(self) -> Part:
        self.part.file.seek(0)
        self.part.sha256, self.part.sha2 = self.plain.hexdigest(), self.named.hexdigest()
        return self.part


@dataclass(slots=True)
class Reader:
    """Feeds on chunks of a body and collects its parts.

    The first part may have `first_limit` bytes, every other `part_limit`. Close it when done: temporary
    files go with it.
    """

    boundary: bytes
    first_limit: int
    part_limit: int
    parts: list[Part] = field(default_factory=list)
    _buffer: bytearray = field(default_factory=lambda: bytearray(b"\r\n"))
    _open: _Open | None = None
    _ended: bool = False
    _started: bool = False

    async def read(self, chunks: AsyncIterator[bytes]) -> list[Part]:
        """All parts of a body; `Refusal` 400 when it is not well-formed multipart."""
        async for chunk in chunks:
            self.feed(chunk)
        return self.finish()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        self._buffer += chunk
        while not self._ended and self._step():
            pass
        if self._ended:
            self._buffer.clear()  # the epilogue says nothing

    def finish(self) -> list[Part]:
        if not self._ended:
            raise Refusal("The multipart body ends before its closing boundary.", path="body")
        return self.parts

    def close(self) -> None:
        for part in self.parts:
            part.file.close()
        if self._open is not None:
            self._open.part.file.close()

    def _step(self) -> bool:
        """Work on the buffer; False when more bytes are needed."""
        mark = b"\r\n--" + self.boundary
        at = self._buffer.find(mark)
        if at < 0:
            # Keep what could be the beginning of the mark; the rest belongs to the part.
            keep = len(mark) - 1
            if len(self._buffer) > keep:
                self._pass_on(len(self._buffer) - keep)
            return False
        after = at + len(mark)
        if len(self._buffer) < after + 2:
            return False
        closing = self._buffer[after : after + 2] == b"--"
        if not closing:
            return self._next_part(at, after)
        self._pass_on(at)
        self._finish_part()
        self._ended = True
        return False

    def _next_part(self, at: int, after: int) -> bool:
        # The empty line that ends the headers; the boundary's own line end counts when there are none.
        head_end = self._buffer.find(b"\r\n\r\n", after)
        if head_end < 0:
            if len(self._buffer) - after > _LARGEST_HEAD:
                raise Refusal("The headers of a part are too long or not closed.", path="body")
            return False
        if head_end - after > _LARGEST_HEAD:
            raise Refusal("The headers of a part are too long.", path="body")
        head = bytes(self._buffer[after:head_end])
        self._pass_on(at)
        self._finish_part()
        del self._buffer[: head_end + 4 - at]
        self._begin_part(head)
        return True

    def _pass_on(self, count: int) -> None:
        if count <= 0:
            return
        if self._open is not None:
            self._open.write(bytes(self._buffer[:count]))
        elif self._started and bytes(self._buffer[:count]).strip():
            raise Refusal("Bytes stand between two parts.", path="body")
        del self._buffer[:count]

    def _begin_part(self, head: bytes) -> None:
        self._started = True
        if len(self.parts) >= _MOST_PARTS:
            raise Refusal(f"More than {_MOST_PARTS} parts.", status=413)
        headers: dict[str, str] = {}
        for line in _FOLD.sub(" ", head.decode("utf-8", "replace")).split("\r\n"):
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise Refusal("A header of a part has no colon.", path="body")
            headers[name.strip().lower()] = value.strip()
        plain = hashlib.sha256()
        algorithm = _ALGORITHMS.get(len(headers.get("x-experience-api-hash", "")), "sha256")
        named = plain if algorithm == "sha256" else hashlib.new(algorithm)
        limit = self.part_limit if self.parts else self.first_limit
        file = tempfile.SpooledTemporaryFile(max_size=_SPILL)  # noqa: SIM115 -- closed by close()
        self._open = _Open(Part(headers, file), plain, named, limit)

    def _finish_part(self) -> None:
        if self._open is not None:
            self.parts.append(self._open.close())
            self._open = None


@dataclass(frozen=True, slots=True)
class File:
    """A stored attachment on its way out: its hash as statements name it, its name in the file store, its octets."""

    sha2: str
    sha256: str
    size_bytes: int
    content_type: str


def written(boundary: str, statements: bytes, files: Iterable[File]) -> Iterator[bytes | File]:
    """A multipart body: JSON first, then each attachment. A `File` stands where its bytes belong.

    So the length is known before a file is opened, and the sender reads the files in its own way.
    """
    yield _head(boundary, {"Content-Type": "application/json"})[2:]
    yield statements
    for file in files:
        yield _head(
            boundary,
            {
                "Content-Type": file.content_type,
                "Content-Transfer-Encoding": "binary",
                "Content-Length": str(file.size_bytes),
                "X-Experience-API-Hash": file.sha2,
            },
        )
        yield file
    yield f"\r\n--{boundary}--\r\n".encode()


def new_boundary() -> str:
    """A line that no attachment holds but by a chance of one in 2^122."""
    return f"aada-{uuid4().hex}"


def media_type(boundary: str) -> str:
    return f'multipart/mixed; boundary="{boundary}"'


def _head(boundary: str, headers: Mapping[str, str]) -> bytes:
    # A statement of long ago may name a type with a line end in it; here that would begin another header.
    lines = "".join(f"{name}: {_CONTROL.sub('', value)}\r\n" for name, value in headers.items())
    return f"\r\n--{boundary}\r\n{lines}\r\n".encode()
