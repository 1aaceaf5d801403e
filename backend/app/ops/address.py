"""At which address the school answers now: the server leaves a note in the data directory, commands read it.

`aada serve --port 9000` answers at another address than APP_ORIGIN names, and a command that prints a link or an
endpoint is another process.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from app.settings import Settings

FILE = "serving.json"
_WAIT_SECONDS = 1.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- read, not listened on


@contextmanager
def announced(settings: Settings, host: str, port: int) -> Iterator[None]:
    """Leave the note for as long as the block runs. That it cannot be written stops no server."""
    place = settings.data_dir / FILE
    note = json.dumps(
        {
            "app_origin": settings.app_origin,
            "content_origin": settings.content_origin,
            "host": _EVERYWHERE.get(host, host),
            "port": port,
        }
    )
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(note, encoding="utf-8")
    try:
        yield
    finally:
        # A server that was started later on the same data has left its own.
        with suppress(OSError, ValueError):
            if place.read_text(encoding="utf-8") == note:
                place.unlink()


def of_running_server(settings: Settings) -> tuple[Settings, bool]:
    """The settings with the addresses of the server that runs on this data, and whether one does."""
    try:
        note = json.loads((settings.data_dir / FILE).read_text(encoding="utf-8"))
        with socket.create_connection((note["host"], note["port"]), timeout=_WAIT_SECONDS):
            pass
        moved = {name: str(note[name]) for name in ("app_origin", "content_origin")}
    except (OSError, OverflowError, ValueError, TypeError, KeyError):
        return settings, False  # never written, left by a server that was killed, or not ours
    return settings.model_copy(update=moved), True
