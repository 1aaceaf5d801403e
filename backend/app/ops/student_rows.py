"""Whether the database shows each student their own rows alone: the role, its rights, and every table's policies.

The migrations say it: OWN has the condition of each table with records of students, OPEN the tables that hold nothing
of any. Here that is compared with the database, and made again where something took it away (a dump that was loaded
without its policies or rights, a role that was dropped).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from app.core.own_rows import STUDENT_ROLE
from app.ops import migrations, roles
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import APP_ROLE, Settings

Connection = psycopg.Connection[Any]
_ROLE = """
SELECT rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
       OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid), pg_has_role(%s, oid, 'SET')
FROM pg_roles r WHERE rolname = %s
"""
_TABLES = """
SELECT c.relname, c.relrowsecurity,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own' AND p.polcmd = 'r'
               AND p.polroles = ARRAY[r.oid]),
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = ARRAY[%(app)s::regrole::oid]
               AND pg_get_expr(p.polqual, p.polrelid) = 'true'),
       has_table_privilege(r.oid, c.oid, 'SELECT'),
       has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
FROM pg_class c, pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND r.rolname = %(student)s
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class State:
    """What is not as the migrations made it. All of it empty is a database that is as it should be."""

    role: str | None
    """What is wrong with the role, as half a sentence."""
    uncovered: tuple[str, ...]
    """Tables that show more than the student's rows, or could be changed."""
    hidden: tuple[str, ...]
    """Tables of which a student, or the system itself, sees nothing."""

    @property
    def sound(self) -> bool:
        return not (self.role or self.uncovered or self.hidden)


def expected() -> tuple[dict[str, str], set[str]]:
    """The condition of each table with a policy, and the tables that are open, as the newest migration says."""
    own, open_ = dict[str, str](), set[str]()
    for module in migrations.modules():
        for table in getattr(module, "OPEN", ()):
            open_.add(table)
            own.pop(table, None)
        for table, condition in getattr(module, "OWN", {}).items():
            own[table] = condition
            open_.discard(table)
    return own, open_


def has_role(settings: Settings) -> bool:
    """Whether the server knows the role at all: one question, for each start."""
    with connect(settings) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (STUDENT_ROLE,)).fetchone()
    return found is not None


def look(connection: Connection) -> State:
    """How the database stands, asked as the system's own role."""
    found = connection.execute(_ROLE, (APP_ROLE, STUDENT_ROLE)).fetchone()
    if found is None:
        return State("is missing", (), ())
    strong, may_become = found
    wrong = (
        "has more rights than to read" if strong else None if may_become else "may not be used by the system"
    )
    own, open_ = expected()
    uncovered, hidden = [], []
    asked = {"app": APP_ROLE, "student": STUDENT_ROLE}
    for table, has_policies, shows_own, shows_all, reads, changes in connection.execute(_TABLES, asked):
        if changes or (reads and not has_policies and table not in open_):
            uncovered.append(table)
        elif (
            not reads
            if table in open_
            else table in own and not (has_policies and shows_own and shows_all and reads)
        ):
            hidden.append(table)
    return State(wrong, tuple(uncovered), tuple(hidden))


def restore(settings: Settings) -> list[str]:
    """Make role, rights and policies again where they are missing; the tables that needed it. As the owner.

    Raises OperatorError with what the server's administrator has to run, where the owner may not.
    """
    roles.ensure_roles(settings)
    with connect(settings) as connection:
        state = look(connection)
        if state.sound:
            return []
        own, _ = expected()
        named = sorted({*state.uncovered, *state.hidden})
        student, app = sql.Identifier(STUDENT_ROLE), sql.Identifier(APP_ROLE)
        try:
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(student))
            if "kiosks" not in named:
                # Where somebody clocked in; the rest of the table are secrets.
                connection.execute(sql.SQL("GRANT SELECT (id, name) ON kiosks TO {}").format(student))
            for table in named:
                _restore_table(connection, table, own.get(table), student, app)
        except psycopg.errors.InsufficientPrivilege as error:
            raise OperatorError(
                f"{connection.info.user} may not give {STUDENT_ROLE} its rights ({error.diag.message_primary}): run "
                "`aada db migrate` as the owner of the tables. Nothing was changed."
            ) from error
    return named


def _restore_table(
    connection: Connection, table: str, condition: str | None, student: sql.Identifier, app: sql.Identifier
) -> None:
    named = sql.Identifier(table)
    connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(named, student))
    if condition is None and table not in expected()[1]:
        return
    if condition is not None:
        for policy in ("everybody", "own"):
            connection.execute(
                sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(sql.Identifier(policy), named)
            )
        connection.execute(
            sql.SQL("CREATE POLICY everybody ON {} TO {} USING (true) WITH CHECK (true)").format(named, app)
        )
        connection.execute(
            sql.SQL("CREATE POLICY own ON {} FOR SELECT TO {} USING (").format(named, student)
            + sql.SQL(condition)  # a migration's own text
            + sql.SQL(")")
        )
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(named))
    connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(named, student))
