"""The statements that make a role as it is described: the commands run them, and show them to an administrator."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from app.ops.database_roles.kinds import Kind, Membership


def create(kind: Kind) -> sql.Composed:
    """PostgreSQL gives a new role no attribute that it is not asked for; those it is to have come one by one."""
    return sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(kind.name), _login(kind))


def attribute(kind: Kind, name: str) -> sql.Composed:
    """Give one of ATTRIBUTES, or LOGIN, or take it away, as the role is described."""
    word = _login(kind) if name == "LOGIN" else sql.SQL(name if name in kind.attributes else f"NO{name}")
    return sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(kind.name), word)


def belong(kind: Kind, group: str, membership: Membership) -> sql.Composed:
    """Make it a member of the group. Without SET for what is inherited: it need not become it."""
    return sql.SQL("GRANT {} TO {} WITH INHERIT {}, SET {}, ADMIN FALSE").format(
        sql.Identifier(group),
        sql.Identifier(kind.name),
        sql.SQL("TRUE" if membership.inherits else "FALSE"),
        sql.SQL("FALSE" if membership.inherits else "TRUE"),
    )


def missing(connection: psycopg.Connection[tuple[object, ...]], kinds: Iterable[Kind]) -> list[sql.Composed]:
    """What makes those of the roles that are not there, and lets each become the others that it belongs to.

    A role that is there keeps its attributes, whatever they are: `aada db roles` compares those. Reads only.
    """
    wanted = list(kinds)
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    found = list[sql.Composed]()
    for kind in wanted:
        if kind.name not in there:
            found += [create(kind), *(attribute(kind, one) for one in sorted(kind.attributes))]
    for kind in wanted:
        for one in kind.member_of:
            row = None
            if {kind.name, one.role} <= there:
                how = "USAGE" if one.inherits else "SET"
                row = connection.execute(
                    "SELECT pg_has_role(%s, %s, %s)", (kind.name, one.role, how)
                ).fetchone()
            if row != (True,):
                found.append(belong(kind, one.role, one))
    return found


def text(statements: Iterable[sql.Composed]) -> str:
    """As an administrator can run them."""
    return "; ".join(one.as_string(None) for one in statements)


def _login(kind: Kind) -> sql.SQL:
    return sql.SQL("LOGIN" if kind.signs_in else "NOLOGIN")
