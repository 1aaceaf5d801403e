"""The database: its version, its revision, and how little the system's own role may do."""

from __future__ import annotations

from collections.abc import Iterator

from app.ops import demo_data, migrations
from app.ops.doctor.findings import Connection, Finding, Installation, ok, problem, warning
from app.ops.errors import OperatorError
from app.ops.servers import OLDEST, connect
from app.settings import APP_ROLE, DEMO_DOMAIN

_ATTRIBUTES = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
FROM pg_roles WHERE rolname = current_user
"""
_NAMES = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")
_MEMBER_OF = """
SELECT roleid::regrole::text FROM pg_auth_members
WHERE member = current_user::regrole AND roleid::regrole::text <> 'aada_student' ORDER BY 1
"""
_OWNED = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relowner = current_user::regrole AND n.nspname = 'public'
"""
_MAY_CREATE = "SELECT has_schema_privilege('public', 'CREATE')"
# Whoever signs in and may read the table, and for whom none of its policies speaks.
_READS_NOTHING = """
SELECT r.rolname FROM pg_roles r, pg_class c
WHERE c.oid = to_regclass('users') AND c.relrowsecurity AND r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolbypassrls
  AND has_table_privilege(r.oid, c.oid, 'SELECT') AND NOT pg_has_role(r.oid, c.relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_policy p, unnest(p.polroles) AS named (role)
                  WHERE p.polrelid = c.oid AND (named.role = 0 OR pg_has_role(r.oid, named.role, 'USAGE')))
ORDER BY 1
"""
_MAY_CHANGE_HISTORY = """
SELECT has_table_privilege('audit_log', 'UPDATE') OR has_table_privilege('audit_log', 'DELETE')
       OR has_table_privilege('audit_log', 'TRUNCATE') WHERE to_regclass('audit_log') IS NOT NULL
"""


def version(known: Installation) -> Iterator[Finding]:
    """Is it a PostgreSQL that will do?"""
    if known.database is None:
        return
    number = known.database.info.server_version
    text = (known.database.info.parameter_status("server_version") or str(number)).split(" ")[0]
    if number < OLDEST * 10_000:
        yield problem(
            "PostgreSQL", f"It is version {text}.", f"The system needs {OLDEST} or newer: upgrade the server."
        )
        return
    yield ok("PostgreSQL", f"Version {text} answers.")
    host = known.database.info.host
    if not known.embedded and not known.database.pgconn.ssl_in_use and not _is_near(known.database):
        yield warning(
            "PostgreSQL",
            f"The connection to {host} is not encrypted: records cross the network in clear.",
            "End DATABASE_URL with ?sslmode=verify-full&sslrootcert=FILE, unless the network between is yours alone.",
        )


def revision(known: Installation) -> Iterator[Finding]:
    """Does it stand where this code needs it?"""
    if known.database is None:
        return
    try:
        migrations.require_head(known.settings)
    except OperatorError as error:
        yield problem("Migrations", str(error), "Run: aada db migrate")
        return
    yield ok("Migrations", "The database is at the revision that this version needs.")


def role(known: Installation) -> Iterator[Finding]:
    """Could a fault of the system change the past, or the schema?"""
    if known.database is None:
        return
    name = known.database.info.user
    held = [name for name, has in zip(_NAMES, _row(known.database, _ATTRIBUTES), strict=True) if has]
    groups = [str(row[0]) for row in known.database.execute(_MEMBER_OF.encode()).fetchall()]
    (owned,) = _row(known.database, _OWNED)
    (creates,) = _row(known.database, _MAY_CREATE)
    rewrites = known.database.execute(_MAY_CHANGE_HISTORY.encode()).fetchone()
    too_much = [
        sentence
        for sentence, holds in (
            (f"has {', '.join(held)}", held),
            (f"belongs to {', '.join(groups)}", groups),
            (f"owns {owned} tables and indexes", owned),
            ("may create objects in the schema", creates),
            ("may change or delete the history", rewrites and rewrites[0]),
        )
        if holds
    ]
    if too_much:
        yield problem(
            "Role",
            f"The system works as {name}, which {', '.join(too_much)}: a fault in it could change the past.",
            f"Let it work as {APP_ROLE}: run `aada db migrate` as the owner. Take away what else that role was given: "
            "`aada db roles --apply` does it, or shows what the server’s administrator has to run.",
            refuses=True,
        )
    else:
        yield ok("Role", f"The system works as {name}, which reads and writes rows and nothing else.")


def owner(known: Installation) -> Iterator[Finding]:
    """Is the password in DATABASE_URL worth more than it needs to be?"""
    if known.database is None or known.settings.owner_database_url.username == APP_ROLE:
        return
    if known.embedded:
        yield ok(
            "Owner", "The database is the system's own, on 127.0.0.1, with a password that only it knows."
        )
        return
    try:
        with connect(known.settings) as connection:
            is_superuser = _row(connection, _ATTRIBUTES)[0]
    except OperatorError as error:
        yield warning("Owner", str(error), "Migrations need it. Pages do not.")
        return
    name = known.settings.owner_database_url.username
    if is_superuser:
        yield warning(
            "Owner",
            f"DATABASE_URL signs in as {name}, a superuser of the server: whoever reads it can do anything there.",
            "Create an owner that is none, and hand the database over to it: docs/guides/operator.md, Use your own "
            f"database. Or migrate with that URL alone, and serve with one that names {APP_ROLE}.",
        )
    else:
        yield ok("Owner", f"Migrations run as {name}, which is not a superuser.")


def others(known: Installation) -> Iterator[Finding]:
    """Does somebody's report or dump of this database leave out every student?"""
    if known.database is None:
        return
    found = [str(row[0]) for row in known.database.execute(_READS_NOTHING.encode()).fetchall()]
    if found:
        yield warning(
            "Other roles",
            f"{', '.join(found)} may read the tables, and are shown no row of a student’s records: their reports "
            "are empty, and their dumps fail.",
            f"For each that is to read them, as a superuser: ALTER ROLE {found[0]} BYPASSRLS",
        )


def demo(known: Installation) -> Iterator[Finding]:
    """Can people whom everybody knows the names of sign in?"""
    if known.database is None:
        return
    found = demo_data.accounts_on(known.database)
    if not found.demo:
        yield ok("Demo data", "There is none.")
    elif known.production:
        yield problem(
            "Demo data",
            f"The demo school is in this database: {found.demo:,} accounts at {DEMO_DOMAIN} whose password was shown "
            "on a screen.",
            "Begin with an empty database, or delete these people (aada user delete).",
            refuses=True,
        )
    elif found.is_demo_school:
        yield ok("Demo data", f"The demo school is here ({found.demo:,} people); production would refuse it.")
    else:
        yield warning(
            "Demo data",
            f"Among this school’s people are {found.demo:,} accounts at {DEMO_DOMAIN} whose password was shown on a "
            "screen; production would refuse them.",
            "Delete these people (aada user delete).",
        )


def _row(connection: Connection, query: str) -> tuple[object, ...]:
    return connection.execute(query.encode()).fetchone() or (None,)


def _is_near(connection: Connection) -> bool:
    return connection.info.hostaddr in ("127.0.0.1", "::1", "") or connection.info.host.startswith("/")
