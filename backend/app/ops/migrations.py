"""Bringing the database to the revision this code was written for, and refusing to work at another one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import Engine, create_engine, inspect, pool, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.ops.errors import OperatorError
from app.ops.servers import explain_failure
from app.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

_PACKAGE = Path(__file__).resolve().parents[1]
_NAMES = re.compile(r"^(revision|down_revision) = (?:\"([^\"]+)\"|None)$", re.MULTILINE)


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


def _places() -> tuple[Path, Path]:
    """Alembic's configuration and scripts: the checkout's (`backend/alembic`) or the package's (`app/_alembic`)."""
    for ini, scripts in (
        (_PACKAGE.parent / "alembic.ini", _PACKAGE.parent / "alembic"),
        (_PACKAGE / "_alembic" / "alembic.ini", _PACKAGE / "_alembic"),
    ):
        if (scripts / "env.py").is_file():
            return ini, scripts
    raise OperatorError("The migrations are missing from this installation: install the system again.")


def _alembic_config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see `revisions`

    ini, scripts = _places()
    config = Config(str(ini)) if ini.is_file() else Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


@lru_cache
def revisions() -> tuple[str, ...]:
    """The code's revisions, the oldest first.

    Read from the files' first lines, because each start asks for them: Alembic would load every migration and itself,
    8 MB and a third of a second, although there is next to never anything to migrate.
    """
    after: dict[str | None, str] = {}
    for path in (_places()[1] / "versions").glob("*.py"):
        names = {name: value or None for name, value in _NAMES.findall(path.read_text(encoding="utf-8"))}
        after[names["down_revision"]] = str(names["revision"])
    found, last = list[str](), None
    while (last := after.get(last)) is not None:
        found.append(last)
    return tuple(found)


def modules() -> list[ModuleType]:
    """The migrations themselves, the oldest first. Loads all of them and Alembic: see `revisions`."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    found = ScriptDirectory.from_config(_alembic_config())
    return [script.module for name in revisions() if (script := found.get_revision(name)) is not None]


def state(settings: Settings) -> MigrationState:
    """Where the database stands. Reads only."""
    engine = _engine(settings)
    try:
        with engine.connect() as connection:
            made = inspect(connection).has_table("alembic_version")
            current = connection.scalar(text("SELECT version_num FROM alembic_version")) if made else None
    except OperationalError as error:
        raise explain_failure(error.orig, settings) from error
    finally:
        engine.dispose()
    known = current is None or current in revisions()
    done = revisions().index(current) + 1 if current is not None and known else 0
    pending = len(revisions()) - done if known else 0
    return MigrationState(current=current, head=revisions()[-1], pending=pending, known=known)


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
    if before.up_to_date and revision == "head":
        return []
    from alembic import command  # noqa: PLC0415 - see `revisions`
    from alembic.util import CommandError  # noqa: PLC0415

    config = _alembic_config()
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
        if isinstance(error.orig, psycopg.errors.RaiseException):  # a migration's own sentence
            raise OperatorError(
                f"The migration did not run. {error.orig.diag.message_primary}. Then run `aada db migrate` again."
            ) from error
        raise
    after = state(settings)
    return list(revisions()[len(revisions()) - before.pending : len(revisions()) - after.pending])


def _engine(settings: Settings) -> Engine:
    return create_engine(
        settings.owner_database_url,
        poolclass=pool.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 10},
    )
