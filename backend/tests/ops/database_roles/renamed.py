"""The roles of the system under other names, for tests that take away or spoil what other tests work with."""

from __future__ import annotations

from dataclasses import replace

from app.ops.database_roles.kinds import OF_THE_SYSTEM, Kind


def renamed(names: dict[str, str]) -> tuple[Kind, ...]:
    """Each role of the system, and those that it belongs to, by its new name; what `names` leaves out keeps its own."""
    return tuple(
        replace(
            kind,
            name=names.get(kind.name, kind.name),
            member_of=tuple(replace(one, role=names.get(one.role, one.role)) for one in kind.member_of),
        )
        for kind in OF_THE_SYSTEM
    )
