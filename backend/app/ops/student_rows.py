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
from psycopg.rows import class_row

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
SELECT c.relname AS name, c.relrowsecurity AS guarded,
       (SELECT pg_get_expr(p.polqual, p.polrelid) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own'
               AND p.polcmd = 'r' AND p.polpermissive AND p.polroles = ARRAY[r.oid]) AS own,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = ARRAY[%(app)s::regrole::oid]
               AND pg_get_expr(p.polqual, p.polrelid) = 'true') AS shows_all,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname <> 'own' AND p.polpermissive
               AND p.polroles && ARRAY[0::oid, r.oid]) AS shows_more,
       has_table_privilege(r.oid, c.oid, 'SELECT') AS reads,
       has_any_column_privilege(r.oid, c.oid, 'SELECT') AS reads_some,
       has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE, REFERENCES') AS changes
FROM pg_class c, pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND r.rolname = %(student)s
ORDER BY 1
"""
_BESIDE = """
SELECT c.relname FROM pg_class c, pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND r.rolname = %s AND (c.relispartition OR c.relkind IN ('v', 'm'))
  AND (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
       OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER'))
  AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
"""What shows a table past its policies: a partition has none, and a view reads as its owner."""
_BY_COLUMN = {"kiosks": ("id", "name")}
"""Where somebody clocked in; the rest of the table are secrets."""
_AS_WRITTEN = """
SELECT c.relname, pg_get_expr(p.polqual, p.polrelid) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = pg_my_temp_schema()
"""
_TOO_OPEN = """
SELECT polname FROM pg_policy p, pg_roles r
WHERE p.polrelid = %s::regclass AND r.rolname = %s AND p.polpermissive AND p.polroles && ARRAY[0::oid, r.oid]
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """How a table stands to the student's role."""

    name: str
    guarded: bool
    own: str | None
    """The condition of its policy."""
    shows_all: bool
    """To the system."""
    shows_more: bool
    """By another policy."""
    reads: bool
    reads_some: bool
    """Columns of it."""
    changes: bool

    def is_too_open(self, condition: str | None, *, is_open: bool) -> bool:
        """Whether a student would see more than is written, or could change something.

        `condition` is empty where it is not known how the server writes it, and None for a table without one.
        """
        if self.changes or is_open:
            return self.changes
        if condition is None:
            return self.reads or (self.reads_some and self.name not in _BY_COLUMN)
        is_wider = (
            not self.guarded or self.shows_more or (bool(condition) and self.own not in (None, condition))
        )
        return self.reads_some and is_wider


@dataclass(frozen=True, slots=True)
class State:
    """What is not as the migrations made it. All of it empty is a database that is as it should be."""

    role: str | None
    """What is wrong with the role, as half a sentence."""
    uncovered: tuple[str, ...]
    """Tables that show more than the student's rows, or could be changed."""
    hidden: tuple[str, ...]
    """Tables of which a student, or the system itself, sees nothing."""
    has_too_much: bool = False
    """Whether the role itself signs in, belongs to another, or has an attribute: BYPASSRLS shows it every row."""

    has_compared: bool = True
    """Whether the conditions of the policies were held against the migrations' own."""

    @property
    def sound(self) -> bool:
        return not (self.role or self.uncovered or self.hidden or self.has_too_much)


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
    """How the database stands. Conditions are compared where whoever asks may make temporary tables: the owner may."""
    found = connection.execute(_ROLE, (APP_ROLE, STUDENT_ROLE)).fetchone()
    if found is None:
        return State("is missing", (), ())
    strong, may_become = found
    wrong = None if may_become else "may not be used by the system"
    own, open_ = expected()
    with connection.cursor(row_factory=class_row(_Table)) as cursor:
        tables = cursor.execute(_TABLES, {"app": APP_ROLE, "student": STUDENT_ROLE}).fetchall()
    names = {table.name for table in tables}
    row = connection.execute("SELECT has_database_privilege(current_database(), 'TEMP')").fetchone()
    compares = row is not None and bool(row[0])
    known = {name: text for name, text in own.items() if name in names}
    written = _as_written(connection, known) if compares else dict.fromkeys(known, "")
    uncovered, hidden = [], []
    for table in tables:
        if table.is_too_open(written.get(table.name), is_open=table.name in open_):
            uncovered.append(table.name)
        elif table.name in open_:
            if not table.reads:
                hidden.append(table.name)
        elif table.name in own and not (table.guarded and table.own and table.shows_all and table.reads):
            hidden.append(table.name)
    uncovered += [str(row[0]) for row in connection.execute(_BESIDE, (STUDENT_ROLE,))]
    return State(wrong, tuple(uncovered), tuple(hidden), bool(strong), compares)


def _as_written(connection: Connection, own: dict[str, str]) -> dict[str, str]:
    """The migrations' conditions as this server writes what it keeps: names completed, types added, by its version.

    Tables of the same names and columns, which the transaction takes away again, get the same policies.
    """
    # All of the tables first: a name that means another one by the time it is read would be written with its schema.
    made = [
        sql.SQL("CREATE TEMPORARY TABLE {0} (LIKE public.{0})").format(sql.Identifier(one)) for one in own
    ]
    made += [
        sql.SQL("CREATE POLICY own ON pg_temp.{} FOR SELECT USING (").format(sql.Identifier(table))
        + sql.SQL(condition)  # a migration's own text
        + sql.SQL(")")
        for table, condition in own.items()
    ]
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL(";").join(made))
        return dict(connection.execute(_AS_WRITTEN).fetchall())


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
            for table in named:
                _restore_table(connection, table, own.get(table), student, app)
            for table, columns in _BY_COLUMN.items():
                connection.execute(
                    sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(
                        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table), student
                    )
                )
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
    for (policy,) in connection.execute(_TOO_OPEN, (table, STUDENT_ROLE)).fetchall():
        connection.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), named))
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
