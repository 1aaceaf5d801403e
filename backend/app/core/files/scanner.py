"""The virus scanner: clamd of ClamAV, asked over its socket before a file is kept.

The protocol is that of `man clamd`: `zINSTREAM`, pieces with their length in four bytes (network order), an empty piece
for the end, and one answer that ends with a zero byte. Only the whole answer `stream: OK`, after everything was sent,
lets a file pass. A scanner that is away, slow, cut short or says anything else lets none pass.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from app.core.errors import FieldError, Invalid, TooLarge, Unavailable
from app.core.sockets import has_something_to_read
from app.setting_values import socket_address
from app.settings import Settings

CONNECT_SECONDS: Final = 5.0
SEND_SECONDS: Final = 20.0
"""How long one piece may take to be taken."""
ANSWER_SECONDS: Final = 40.0
"""How long the verdict on a small file may take; a large one has a second more for each `BYTES_A_SECOND`. A database
connection that waits meanwhile is taken back after 60 seconds."""
BYTES_A_SECOND: Final = 4 * 1024 * 1024
AT_ONCE: Final = 4
"""Files that one process has at the scanner. Each upload holds a thread and a database connection meanwhile: with a
scanner that hangs, more of them would take every other page with them."""
TURN_SECONDS: Final = 1.0
"""How long a file waits for its turn."""
_PIECE: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4096
_RETRY_SECONDS: Final = 60

_turns = threading.BoundedSemaphore(AT_ONCE)
log = structlog.get_logger(__name__)


class Infected(Invalid):
    """The scanner found something in a file. `signature` is its name for it."""

    title, slug = "The file contains a virus", "infected"

    def __init__(self, signature: str, *, field: str = "") -> None:
        self.signature = signature
        words = (
            f"The virus scanner found “{signature}” in this file. Nothing was saved, and administrators get an email. "
            "Scan the computer that the file came from before you send it again."
        )
        super().__init__(words, errors=[FieldError(field, words)] if field else ())


class ScannerDown(Unavailable):
    """The scanner gave no verdict. Nothing is kept until it does."""

    def __init__(self) -> None:
        super().__init__(
            "Files are checked for viruses before they are saved, and the virus scanner does not answer. Nothing was "
            "saved. Try again in a few minutes; if it goes on, tell the operator of the system.",
            headers={"Retry-After": str(_RETRY_SECONDS)},
        )


class TooLargeToScan(TooLarge):
    """The file is larger than the scanner takes (StreamMaxLength of clamd)."""

    def __init__(self) -> None:
        super().__init__(
            "The virus scanner does not take a file of this size, so it was not saved. Send a smaller file, or have "
            "the operator raise StreamMaxLength in clamd.conf."
        )


class _NoVerdictError(Exception):
    """Why there is no verdict, for the log."""


class Scan:
    """One file on its way through the scanner: `feed` its pieces in order, then ask for the `verdict`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sent = 0
        self._send(b"zINSTREAM\0")

    def feed(self, chunk: bytes) -> None:
        """Send the next bytes of the file. Raises as `verdict` does, as soon as the scanner has heard enough."""
        view = memoryview(chunk)
        for start in range(0, len(view), _PIECE):
            piece = view[start : start + _PIECE]
            self._send(struct.pack("!L", len(piece)), piece)
            self._sent += len(piece)

    def verdict(self) -> None:
        """Return if the file is clean. Raises Infected, TooLargeToScan, ScannerDown."""
        self._send(struct.pack("!L", 0))
        self._judge(self._answer(), whole=True)

    def _send(self, *parts: bytes | memoryview) -> None:
        try:
            # A scanner that stops listening has said why, and that would be lost behind a broken connection.
            if not has_something_to_read(self._connection.fileno()):
                self._connection.settimeout(SEND_SECONDS)
                for part in parts:
                    self._connection.sendall(part)
                return
        except TimeoutError:
            raise _NoVerdictError("it takes no more of the file") from None
        except OSError:
            pass  # it has closed; what it said is read below
        self._judge(self._answer(), whole=False)

    def _answer(self) -> bytes:
        ends = time.monotonic() + ANSWER_SECONDS + self._sent / BYTES_A_SECOND
        answer = b""
        while not answer.endswith(b"\0"):
            left = ends - time.monotonic()
            if left <= 0:
                raise _NoVerdictError("no verdict in time")
            self._connection.settimeout(left)
            try:
                piece = self._connection.recv(_LONGEST_ANSWER)
            except TimeoutError:
                raise _NoVerdictError("no verdict in time") from None
            except OSError as error:
                raise _NoVerdictError(f"the connection broke: {error}") from None
            answer += piece
            if not piece or len(answer) > _LONGEST_ANSWER:
                raise _NoVerdictError(f"the answer broke off or does not end: {answer[:200]!r}")
        return answer[:-1]

    def _judge(self, answer: bytes, *, whole: bool) -> None:
        if answer == b"INSTREAM size limit exceeded. ERROR":
            raise TooLargeToScan
        if answer.startswith(b"stream: ") and answer.endswith(b" FOUND") and b"\0" not in answer:
            raise Infected(_plain(answer[len(b"stream: ") : -len(b" FOUND")]))
        if answer != b"stream: OK" or not whole:
            raise _NoVerdictError(f"unknown answer: {answer[:200]!r}")


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner by its address: the path of a unix socket, or host and port."""

    address: str | tuple[str, int]

    def scan(self, chunks: Iterable[bytes]) -> None:
        """Return if the file is clean. Raises Infected, TooLargeToScan, ScannerDown; what `chunks` raises goes on."""
        with self.scanning() as scan:
            for chunk in chunks:
                scan.feed(chunk)
            scan.verdict()

    @contextlib.contextmanager
    def scanning(self) -> Iterator[Scan]:
        """A scan of one file; what keeps it from a verdict is logged and becomes ScannerDown."""
        if not _turns.acquire(timeout=TURN_SECONDS):
            raise self._down(f"{AT_ONCE} files are at it already")
        try:
            with self._reached() as connection:
                try:
                    yield Scan(connection)
                except _NoVerdictError as error:
                    raise self._down(str(error)) from None
        finally:
            _turns.release()

    def version(self) -> str:
        """What the scanner says of itself and of its signatures. Raises ScannerDown."""
        try:
            with self._connected() as connection:
                connection.settimeout(CONNECT_SECONDS)
                connection.sendall(b"zVERSION\0")
                answer = b""
                while not answer.endswith(b"\0"):
                    piece = connection.recv(_LONGEST_ANSWER)
                    answer += piece
                    if not piece or len(answer) > _LONGEST_ANSWER:
                        raise self._down(f"the answer broke off: {answer[:200]!r}")
        except OSError as error:
            raise self._down(f"cannot be reached: {error}") from None
        return _plain(answer[:-1])

    def _reached(self) -> socket.socket:
        try:
            return self._connected()
        except OSError as error:
            raise self._down(f"cannot be reached: {error}") from None

    def _connected(self) -> socket.socket:
        if not isinstance(self.address, str):
            return socket.create_connection(self.address, timeout=CONNECT_SECONDS)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(self.address)
        except BaseException:
            connection.close()
            raise
        return connection

    def _down(self, reason: str) -> ScannerDown:
        log.error("scanner.no_verdict", address=self.address, reason=reason)
        return ScannerDown()


@dataclass(frozen=True, slots=True)
class Health:
    """Whether files can be scanned, in a sentence. `ok` is None where no scanner is set."""

    ok: bool | None
    sentence: str


def scanner_of(settings: Settings) -> Scanner | None:
    """The scanner that the settings name; None where files are not scanned."""
    return None if settings.clamav_socket is None else Scanner(socket_address(settings.clamav_socket))


def health(settings: Settings) -> Health:
    """Ask the scanner whether it answers: for whoever checks the installation."""
    scanner = scanner_of(settings)
    if scanner is None:
        return Health(
            None, "Uploaded files are not scanned for viruses: set CLAMAV_SOCKET to the socket of ClamAV."
        )
    try:
        return Health(True, f"The virus scanner answers: {scanner.version()}.")
    except ScannerDown:
        return Health(
            False,
            f"The virus scanner at {settings.clamav_socket} does not answer, so no file can be uploaded. Start clamd, "
            "or correct CLAMAV_SOCKET.",
        )


def _plain(words: bytes) -> str:
    return "".join(sign if " " <= sign <= "~" else "?" for sign in words.decode("ascii", "replace"))[:200]
