"""A TCP port for the embedded server: stable, and below the range the system hands out to clients."""

from __future__ import annotations

import random
import socket

from app.ops.errors import OperatorError

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


def require_free(port: int) -> int:
    """The port itself. Raises OperatorError when something listens on it."""
    if not is_free(port):
        raise OperatorError(
            f"Port {port} on 127.0.0.1, which this database uses, is taken by another program: stop "
            "that one, or choose another with `aada db start --port`."
        )
    return port


def choose() -> int:
    """A free port between 15000 and 32767, at random: two checkouts on one machine should not want the same."""
    picker = random.SystemRandom()
    while True:
        port = picker.randint(_LOWEST, _HIGHEST)
        if is_free(port):
            return port
