"""Files on their way to a browser: whole, in pieces that follow the client, and let go of when it stops listening."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
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


def sent(
    stored: tuple[LocalStore, str], taking: Callable[[int], float], *, stop_after: int | None = None
) -> tuple[list[bytes], Any]:
    """The pieces that a client gets who takes `taking(number)` seconds for each; the file behind them."""
    pieces: list[bytes] = []
    clock = 0.0
    store, sha256 = stored
    window = store.read(sha256, 0, len(DATA))

    async def receive() -> dict[str, str]:
        await anyio.sleep_forever()
        raise AssertionError

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
    return pieces, window


def test_a_quick_client_gets_ever_larger_pieces(stored: tuple[LocalStore, str]) -> None:
    pieces, window = sent(stored, lambda _: 0.0)
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == stored[1]
    assert max(map(len, pieces)) == LARGEST
    assert window._handle.closed


def test_a_slow_client_gets_small_ones(stored: tuple[LocalStore, str]) -> None:
    pieces, _ = sent(stored, lambda _: 2 * SLOW)
    assert b"".join(pieces) == DATA
    assert {len(piece) for piece in pieces[1:-1]} == {SMALLEST}


def test_who_becomes_slow_holds_little(stored: tuple[LocalStore, str]) -> None:
    pieces, _ = sent(stored, lambda number: 0.0 if number < 3 else 2 * SLOW)
    assert b"".join(pieces) == DATA
    assert {len(piece) for piece in pieces[5:-1]} == {SMALLEST}


@pytest.mark.parametrize("stop_after", [0, 1, 2, 4])
def test_the_file_is_let_go_of_when_the_client_is_gone(
    stored: tuple[LocalStore, str], stop_after: int
) -> None:
    with pytest.raises(Exception) as gone:  # noqa: PT011 - Starlette's own, by its version
        sent(stored, lambda _: 0.0, stop_after=stop_after)
    assert type(gone.value).__name__ == "ClientDisconnect"


@given(st.integers(SMALLEST, LARGEST), st.floats(0, 100))
def test_sizes_stay_within_bounds(size: int, seconds: float) -> None:
    found = next_size(size, seconds)
    assert SMALLEST <= found <= LARGEST
    assert (found > size) <= (seconds <= QUICK)
