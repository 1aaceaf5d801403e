"""Files on their way to a browser: whole, in pieces that follow the client, and let go of when it stops listening."""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.to_thread import run_sync
from hypothesis import given
from hypothesis import strategies as st

from app.content.streaming import LARGEST, QUICK, SLOW, SMALLEST, FileStream, next_size
from app.core.files import LocalStore

DATA = bytes(range(256)) * 20_000  # 5.12 MB
SCOPE = {"type": "http", "asgi": {"spec_version": "2.4"}}


@pytest.fixture
def stored(tmp_path: Path) -> tuple[LocalStore, str]:
    store = LocalStore(tmp_path)
    return store, store.put(DATA).sha256


def opened(stored: tuple[LocalStore, str]) -> Any:
    store, sha256 = stored
    return store.read(sha256, 0, len(DATA))


async def receive() -> dict[str, str]:
    await anyio.sleep_forever()
    raise AssertionError


def sent(window: Any, taking: Callable[[int], float], *, stop_after: int | None = None) -> list[bytes]:
    """The pieces of a file that a client gets who takes `taking(number)` seconds for each."""
    pieces: list[bytes] = []
    clock = 0.0

    async def send(message: Any) -> None:
        nonlocal clock
        body = message.get("body", b"")
        if body:
            if stop_after is not None and len(pieces) == stop_after:
                raise OSError("gone")
            pieces.append(body)
            clock += taking(len(pieces))
            await anyio.lowlevel.checkpoint()

    async def run() -> None:
        await FileStream(window, 200, {})(SCOPE, receive, send)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FileStream, "clock", lambda _self: clock)
        anyio.run(run)
    return pieces


def test_a_quick_client_gets_ever_larger_pieces(stored: tuple[LocalStore, str]) -> None:
    window = opened(stored)
    pieces = sent(window, lambda _: 0.0)
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == stored[1]
    assert max(map(len, pieces)) == LARGEST
    assert window._handle.closed


def test_a_slow_client_gets_small_ones(stored: tuple[LocalStore, str]) -> None:
    pieces = sent(opened(stored), lambda _: 2 * SLOW)
    assert b"".join(pieces) == DATA
    assert {len(piece) for piece in pieces[1:-1]} == {SMALLEST}


def test_who_becomes_slow_holds_little(stored: tuple[LocalStore, str]) -> None:
    pieces = sent(opened(stored), lambda number: 0.0 if number < 3 else 2 * SLOW)
    assert b"".join(pieces) == DATA
    assert {len(piece) for piece in pieces[5:-1]} == {SMALLEST}


@pytest.mark.parametrize("stop_after", [0, 1, 2, 4])
def test_the_file_is_let_go_of_when_the_client_is_gone(
    stored: tuple[LocalStore, str], stop_after: int
) -> None:
    window = opened(stored)
    with pytest.raises(Exception) as gone:  # noqa: PT011 - Starlette's own, by its version
        sent(window, lambda _: 0.0, stop_after=stop_after)
    assert type(gone.value).__name__ == "ClientDisconnect"
    assert window._handle.closed


class Hanging:
    """A file whose third piece, which is read ahead, comes when it is let go."""

    def __init__(self) -> None:
        self.asked, self.is_reading = 0, False
        self.hangs, self.let_go = threading.Event(), threading.Event()
        self.closed_while_reading: bool | None = None

    def __iter__(self) -> "Hanging":
        return self

    def __next__(self) -> bytes:
        self.asked += 1
        if self.asked == 3:
            self.is_reading = True
            self.hangs.set()
            self.let_go.wait(10)
            self.is_reading = False
        return b"x"

    def close(self) -> None:
        self.closed_while_reading = self.is_reading


def test_who_is_cut_off_while_a_piece_is_read_ahead_has_the_file_closed_after_it() -> None:
    file = Hanging()

    async def send(_message: Any) -> None:
        await anyio.lowlevel.checkpoint()

    async def run() -> None:
        task = asyncio.create_task(FileStream(file, 200, {})(SCOPE, receive, send))
        await run_sync(file.hangs.wait)
        for _ in range(20):
            # Until it waits for what is read ahead.
            await anyio.lowlevel.checkpoint()
        task.cancel()
        asyncio.get_running_loop().call_later(0.2, file.let_go.set)
        with pytest.raises(asyncio.CancelledError):
            await task

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FileStream, "clock", lambda _self: 0.0)
        anyio.run(run)
    assert file.closed_while_reading is False


@given(st.integers(SMALLEST, LARGEST), st.floats(0, 100))
def test_sizes_stay_within_bounds(size: int, seconds: float) -> None:
    found = next_size(size, seconds)
    assert SMALLEST <= found <= LARGEST
    assert (found > size) <= (seconds <= QUICK)
