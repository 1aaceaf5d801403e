"""Whether the virus scanner answers: while it does not, no file can be uploaded."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.files import scanner
from app.ops.doctor.findings import Finding, Installation, ok, problem


def answers(known: Installation) -> Iterator[Finding]:
    """Does the scanner that is set give an answer?"""
    if known.settings.clamav_socket is None or not known.network:
        return
    health = scanner.health(known.settings)
    if health.ok:
        yield ok("Virus scanner", health.sentence)
    else:
        yield problem(
            "Virus scanner",
            health.sentence,
            "On the server, run systemctl status clamav-daemon, and compare CLAMAV_SOCKET with clamd.conf.",
        )
