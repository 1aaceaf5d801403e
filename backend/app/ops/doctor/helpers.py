"""Who else signs in to the database for the system, and the standby of reports: each with what it needs alone."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import URL

from app.db.session import Database
from app.ops.database_roles.kinds import BACKUP, BY_NAME, MONITOR
from app.ops.database_roles.plan import EVERYBODY, plan
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning
from app.ops.errors import OperatorError
from app.ops.servers import connect

_RIGHTS = """
SELECT current_user::text, rolsuper, rolreplication,
       has_table_privilege(to_regclass('users'), 'INSERT, UPDATE, DELETE, TRUNCATE')
       OR has_schema_privilege('public', 'CREATE'),
       has_any_column_privilege(to_regclass('users'), 'SELECT')
FROM pg_roles WHERE rolname = current_user
"""
_MEND = "Run aada db roles, which shows what each role may, then aada db roles --apply."


def rights(known: Installation) -> Iterator[Finding]:
    """Do MONITOR_URL and BACKUP_URL name somebody who may do that work, and no more?"""
    settings = known.settings
    if known.database is None:
        return
    for name, role, url in (
        ("MONITOR_URL", MONITOR, settings.monitor_database_url),
        ("BACKUP_URL", BACKUP, settings.backup_database_url if settings.backup_url else None),
    ):
        if url is not None:
            yield _helper(known, name, role, url)


def _helper(known: Installation, name: str, role: str, url: URL) -> Finding:
    check = "Other roles"
    try:
        with connect(known.settings, url) as connection:
            row = connection.execute(_RIGHTS.encode()).fetchone()
    except OperatorError as error:
        return problem(check, f"{name}: {error}", f"Correct {name}, or give {role} another password.")
    user, is_superuser, replicates, changes, reads = row or ("nobody", False, False, False, False)
    too_much = [
        sentence
        for sentence, holds in (
            ("is a superuser", is_superuser),
            ("may change the school's records", changes and not is_superuser),
            ("may read the school's records", reads and name == "MONITOR_URL" and not is_superuser),
        )
        if holds
    ]
    if too_much:
        return warning(
            check,
            f"{name} signs in as {user}, who {' and '.join(too_much)}: more than the work needs.",
            f"Name {role} there. {_MEND}",
        )
    if name == "BACKUP_URL" and not replicates:
        return problem(
            check,
            f"BACKUP_URL signs in as {user}, who may not replicate: nothing can be copied.",
            f"Name {role} there. {_MEND}",
        )
    return ok(check, f"{name} signs in as {user}, who may {BY_NAME[role].may}.")


def as_planned(known: Installation) -> Iterator[Finding]:
    """Have the roles that were made the rights that they should, on tables that came later too?"""
    if known.database is None:
        return
    there = {str(row[0]) for row in known.database.execute("SELECT rolname FROM pg_roles")}
    if not any(kind.name in there for kind in BY_NAME.values() if not kind.made_by_migrations):
        return
    differing = [step for step in plan(known.database) if step.role in there or step.role == EVERYBODY]
    if differing:
        listed = "; ".join(f"{step.role} {step.says}" for step in differing[:3])
        more = f", and {len(differing) - 3} more" if differing[3:] else ""
        yield warning("Roles", f"Not as they should be: {listed}{more}.", _MEND)
    else:
        yield ok("Roles", "Each role of the database may do what it should, and nothing else.")


def standby(known: Installation) -> Iterator[Finding]:
    """Can reports be read from the standby that is named?"""
    if known.database is None or known.settings.reports_database_url is None:
        return
    database = Database(known.settings)
    try:
        with database.begin() as session:
            committed = database.replica.committed(session) if database.replica else None
        found = database.replica.standing(committed) if database.replica and committed else None
    finally:
        database.close()
    if found is None:
        return
    if found.usable:
        yield ok("Reports", found.says)
    else:
        yield warning(
            "Reports",
            found.says,
            "See that the standby runs and receives (pg_stat_replication on the server), or correct REPORTS_URL.",
        )
