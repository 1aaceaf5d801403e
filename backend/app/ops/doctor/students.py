"""Whether the database itself keeps each student to their own rows."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.own_rows import STUDENT_ROLE
from app.ops import migrations, roles, student_rows
from app.ops.database_roles import statements
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning

_SHOWN = 6


def own_rows(known: Installation) -> Iterator[Finding]:
    """Role, rights and policies as the migrations made them, and the setting that uses them."""
    if known.database is None or not migrations.state(known.settings).up_to_date:
        return
    state = student_rows.look(known.database)
    if state.has_too_much:
        yield problem(
            "Students’ rows",
            f"The role {STUDENT_ROLE}, as which students’ pages are read, has more rights than to read: it may sign "
            "in, belongs to another role, or has an attribute such as BYPASSRLS, with which it sees the rows of all.",
            "Run: aada db roles --apply. It takes them away, or shows what the server’s administrator has to run.",
        )
    if state.role is not None:
        yield problem(
            "Students’ rows",
            f"The role {STUDENT_ROLE}, as which students’ pages are read, {state.role}: those pages fail.",
            "Run: aada db migrate (as the owner). Where the owner may not make roles, the server’s administrator runs "
            f"{statements.text(roles.missing(known.database))}; and then it is run.",
        )
        return
    if state.uncovered:
        yield problem(
            "Students’ rows",
            f"{_named(state.uncovered)} would show a student the rows of others if a page forgot to leave them out, "
            "or could be changed by a student.",
            "Run: aada db migrate (as the owner); it makes the policies and rights again.",
        )
    if state.hidden:
        yield problem(
            "Students’ rows",
            f"Students, or the system itself, cannot read {_named(state.hidden)}: policies or rights are missing.",
            "Run: aada db migrate (as the owner); it makes the policies and rights again.",
        )
    if not known.settings.student_role:
        yield warning(
            "Students’ rows",
            "STUDENT_ROLE is false: the program alone keeps students to their own rows, and the database does not.",
            "Take STUDENT_ROLE out of .env and restart the system.",
        )
    elif state.sound:
        compared = (
            ""
            if state.has_compared
            else " The conditions of its policies are compared by `aada db migrate`, as the owner."
        )
        yield ok("Students’ rows", f"The database shows each student their own rows alone.{compared}")


def _named(tables: tuple[str, ...]) -> str:
    more = f" and {len(tables) - _SHOWN} more" if len(tables) > _SHOWN else ""
    return ", ".join(tables[:_SHOWN]) + more
