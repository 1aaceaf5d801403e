"""The pooler between the system and its server, if there is one."""

from __future__ import annotations

from collections.abc import Iterator

from app.ops import pooler
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning
from app.ops.errors import OperatorError


def between(known: Installation) -> Iterator[Finding]:
    """Does every connection behind the pooler have the system's settings, and is the server itself named as well?"""
    if known.database is None:
        return
    if pooler.is_between(known.database):
        yield warning(
            "Pooler",
            "DATABASE_URL leads to a pooler such as pgbouncer: migrations, the waiting of jobs and the record store "
            "need the server itself.",
            "Name the server in DATABASE_URL, and the pooler in POOLER_URL.",
        )
    if known.settings.pooler_url is None:
        return
    try:
        differing = pooler.look(known.settings)
    except OperatorError as error:
        yield problem(
            "Pooler", str(error), "Start it or correct POOLER_URL; without that setting none is used."
        )
        return
    if differing:
        yield problem(
            "Pooler",
            f"Its connections do not have the system's settings: {', '.join(differing)}.",
            "Restart the system, which keeps them with its role, then let pgbouncer connect again (RECONNECT).",
        )
    else:
        yield ok("Pooler", "Pages and jobs go through it, and its connections have the system's settings.")
