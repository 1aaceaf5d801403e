"""Bringing the database to the revision this code was written for, and refusing to work at another one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, pool
from sqlalchemy.exc import DBAPIError, OperationalError

from app.ops.errors import OperatorError
from app.ops.servers import explain_failure
from app.settings import Settings

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class MigrationState:
    """The database's revision (None when it is empty), the code's, and how many steps lie between.

    `known` is False when the code has never heard of the database's revision: the database is ahead.
    """

    current: str | None
    head: str
    pending: int
    known: bool

    @property
    def up_to_date(self) -> bool:
        return self.current == self.head


def alembic_config() -> Config:
    """Alembic's configuration, from the checkout (`backend/alembic`) or the installed package (`app/_alembic`)."""
    for ini, scripts in (
        (_PACKAGE.parent / "alembic.ini", _PACKAGE.parent / "alembic"),
        (_PACKAGE / "_alembic" / "alembic.ini", _PACKAGE / "_alembic"),
    ):
        if (scripts / "env.py").is_file():
            config = Config(str(ini)) if ini.is_file() else Config()
            config.set_main_option("script_location", str(scripts).replace("%", "%%"))
            return config
    raise OperatorError("The migrations are missing from this installation: install the system again.")


def state(settings: Settings) -> MigrationState:
    """Where the database stands. Reads only."""
    scripts = ScriptDirectory.from_config(alembic_config())
    head = scripts.get_current_head() or ""
    engine = _engine(settings)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise explain_failure(error.orig, settings) from error
    finally:
        engine.dispose()
    revisions = [step.revision for step in scripts.walk_revisions()]  # newest first
    known = current is None or current in revisions
    pending = len(revisions) if current is None else revisions.index(current) if known else 0
    return MigrationState(current=current, head=head, pending=pending, known=known)


def require_head(settings: Settings) -> None:
    """Refuse, in one sentence that names the remedy, a database that is behind or ahead of the code."""
    found = state(settings)
    if not found.known:
        raise OperatorError(
            f"The database is at revision {found.current}, which this version does not know (its latest "
            f"is {found.head}): install the version that created it, or a newer one."
        )
    if found.current is None:
        raise OperatorError("The database has no tables yet: create them with `aada db migrate`.")
    if not found.up_to_date:
        raise OperatorError(
            f"The database is at revision {found.current} and this version needs {found.head}: back it "
            "up, then run `aada db migrate`."
        )


def upgrade(settings: Settings, revision: str = "head") -> list[str]:
    """Migrate to `revision` and return the revisions applied, oldest first.

    One program migrates at a time (advisory lock in alembic/env.py); a table held by a long transaction makes it
    give up instead of holding up the school (lock timeout), and nothing of that step is kept.
    """
    before = state(settings)
    if not before.known:
        require_head(settings)
    config = alembic_config()
    config.attributes["url"] = settings.owner_database_url.render_as_string(hide_password=False)
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise OperatorError(f"The migration did not run: {error}.") from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise OperatorError(
                "The migration gave up waiting: another program is migrating or holds a table it needs. Nothing "
                "was changed by the step that waited; run `aada db migrate` again."
            ) from error
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise OperatorError(
                f"The migration needs the owner of the tables: DATABASE_URL's user may not do it ({error.orig})."
            ) from error
        raise
    after = state(settings)
    scripts = ScriptDirectory.from_config(config)
    if after.current is None or after.current == before.current:
        return []
    steps = scripts.iterate_revisions(after.current, before.current or "base")
    return [step.revision for step in steps][::-1]


def _engine(settings: Settings) -> Engine:
    return create_engine(
        settings.owner_database_url,
        poolclass=pool.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 10},
    )
