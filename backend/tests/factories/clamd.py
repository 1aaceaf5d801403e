"""A stand-in for ClamAV's daemon: speaks the protocol of `man clamd`, and misbehaves when asked to."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# In two parts, so that no scanner takes this file for the test virus.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE = "Eicar-Test-Signature"


@dataclass
class StandIn:
    """What the stand-in does. `address` is what CLAMAV_SOCKET is set to, `scanned` the files it has read whole."""

    address: str
    largest: int = 100 * 1024 * 1024
    answer: bytes | None = None
    """Said instead of the verdict; what of it has no zero byte at its end is cut short."""
    close_after: int | None = None
    """Ends the connection once so many bytes of the file have come."""
    early: bytes | None = None
    """Said before the file has come whole."""
    pause_seconds: float = 0.0
    """Between the bytes of the answer."""
    silent: bool = False
    scanned: list[bytes] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            command = _until_zero(connection)
            if command == b"zVERSION":
                self._say(connection, b"ClamAV 1.4.2/27500/Wed Nov 25 08:00:00 2026\0")
            elif command == b"zPING":
                self._say(connection, b"PONG\0")
            elif command == b"zINSTREAM":
                self._scan(connection)
            else:
                self._say(connection, b"UNKNOWN COMMAND\0")

    def _scan(self, connection: socket.socket) -> None:
        content = b""
        while length := struct.unpack("!L", _exactly(connection, 4))[0]:
            self.pieces.append(length)
            content += _exactly(connection, length)
            if self.early is not None:
                self._say(connection, self.early)
                return
            if self.close_after is not None and len(content) >= self.close_after:
                return
            if len(content) > self.largest:
                self._say(connection, b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.scanned.append(content)
        found = f"stream: {SIGNATURE} FOUND\0".encode() if EICAR in content else b"stream: OK\0"
        self._say(connection, found if self.answer is None else self.answer)

    def _say(self, connection: socket.socket, words: bytes) -> None:
        if self.silent:
            # Until the other side has had enough and goes.
            connection.recv(1)
            return
        if not self.pause_seconds:
            connection.sendall(words)
            return
        for byte in words:
            connection.sendall(bytes([byte]))
            time.sleep(self.pause_seconds)


def _until_zero(connection: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"\0"):
        read += _exactly(connection, 1)
    return read[:-1]


def _exactly(connection: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        piece = connection.recv(count - len(read))
        if not piece:
            raise ConnectionError("the other side has gone")
        read += piece
    return read


@contextlib.contextmanager
def clamd(path: Path | None) -> Iterator[StandIn]:
    """A stand-in on a unix socket at `path`, or on a free port of this machine."""
    if path is None:
        listener = socket.create_server(("127.0.0.1", 0))
        address = "tcp://{}:{}".format(*listener.getsockname()[:2])
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        address = str(path)
    stand_in = StandIn(address)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=stand_in.serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        # Wakes the thread that waits for the next one.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
