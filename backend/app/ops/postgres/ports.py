"""A TCP port for the embedded server: stable, and below the range the system hands out to clients."""

from __future__ import annotations

import random
import socket

PREFERRED = 15432
_LOWEST, _HIGHEST = 15433, 32767


def is_free(port: int) -> bool:
    """Whether nothing listens on `port` of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(*, prefer: int | None = PREFERRED) -> int:
    """A free port: the preferred one, else a random one between 15433 and 32767."""
    if prefer is not None and is_free(prefer):
        return prefer
    picker = random.SystemRandom()
    while True:
        port = picker.randint(_LOWEST, _HIGHEST)
        if is_free(port):
            return port
