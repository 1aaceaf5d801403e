"""What each role of the database is for, and everything it may: what does not stand here, it may not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from app.core.own_rows import STUDENT_ROLE
from app.settings import APP_ROLE

MIGRATOR: Final = "aada_migrator"
READONLY: Final = "aada_readonly"
MONITOR: Final = "aada_monitor"
BACKUP: Final = "aada_backup"
OWNER: Final = "the owner"
"""Stands in `member_of` for whoever owns the tables."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A role that another one is given."""

    role: str
    inherits: bool = True
    """Whether its rights hold without becoming it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A role, and its rights."""

    name: str
    may: str
    """What it may, for a person."""
    setting: str
    """Where its address goes; empty for a role that the system itself does not sign in as."""
    signs_in: bool = True
    attributes: frozenset[str] = frozenset()
    """Of SUPERUSER, CREATEROLE, CREATEDB, REPLICATION and BYPASSRLS, those that it has."""
    member_of: tuple[Membership, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    """What holds on its connections to this database; `role` may be OWNER."""
    reads_tables: bool = False
    """Whether it reads every table of the school, later ones too, but for the columns that hold secrets."""
    reads_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Single columns that it reads, by table."""
    made_by_migrations: bool = False
    """Whether migrations make it, and grant what it has on tables; only the rest is looked after here."""


KINDS: Final = (
    Kind(
        MIGRATOR,
        "change the schema, as the owner of the tables, and nothing else on the server",
        "DATABASE_URL",
        member_of=(Membership(OWNER, inherits=False),),
        settings={"role": OWNER, "lock_timeout": "5s"},
    ),
    Kind(
        APP_ROLE,
        "read and write rows; no table, function, role or file, and nothing of what is permanent",
        "",
        member_of=(Membership(STUDENT_ROLE, inherits=False),),
        made_by_migrations=True,
    ),
    Kind(
        STUDENT_ROLE,
        "see one student’s rows, and tables that hold nothing of any student; the system becomes it",
        "",
        signs_in=False,
        made_by_migrations=True,
    ),
    Kind(
        READONLY,
        "read every table but for secrets (hashes of passwords and tokens, sealed values); change nothing",
        "",
        # The tables’ policies know the system and the student alone. Whoever may read every table reads every row.
        attributes=frozenset({"BYPASSRLS"}),
        settings={"default_transaction_read_only": "on", "statement_timeout": "15min"},
        reads_tables=True,
    ),
    Kind(
        MONITOR,
        "read the server’s statistics and how many jobs wait; no row of the school",
        "MONITOR_URL",
        member_of=(Membership("pg_monitor"),),
        settings={"default_transaction_read_only": "on", "statement_timeout": "10s"},
        reads_columns={
            "procrastinate_jobs": ("id", "status", "queue_name", "scheduled_at"),
            "procrastinate_events": ("job_id", "type", "at"),
        },
    ),
    Kind(
        BACKUP,
        "copy the whole server (pg_basebackup, pg_receivewal) and dump this database; change nothing",
        "BACKUP_URL",
        attributes=frozenset({"REPLICATION", "BYPASSRLS"}),
        member_of=(Membership("pg_read_all_data"), Membership("pg_read_all_stats")),
    ),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
OF_THE_SYSTEM: Final = tuple(kind for kind in KINDS if kind.made_by_migrations)
"""Those that the system itself works as: no database can do without them."""

ATTRIBUTES: Final = {
    "SUPERUSER": "rolsuper",
    "CREATEROLE": "rolcreaterole",
    "CREATEDB": "rolcreatedb",
    "REPLICATION": "rolreplication",
    "BYPASSRLS": "rolbypassrls",
}
"""Attributes of a role, and the columns of pg_roles that say so."""
SECRET: Final = r"(password|secret|_hash$|_sealed$|^sealed_(?!at$))"  # noqa: S105 -- what such columns are called
"""Columns whose names match hold what nobody needs for a report: those that a new table brings as well."""
