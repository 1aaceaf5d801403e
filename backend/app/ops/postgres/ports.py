"""A TCP port for the embedded server: stable, and below the range the system hands out to clients."""

from __future__ import annotations

import random
import socket

_LOWEST, _HIGHEST = 15000, 32767


def is_free(port: int) -> bool:
    """Whether nothing listens on `port` of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose() -> int:
    """A free port between 15000 and 32767, at random: two checkouts on one machine should not want the same."""
    picker = random.SystemRandom()
    while True:
        port = picker.randint(_LOWEST, _HIGHEST)
        if is_free(port):
            return port
