"""Alembic as the tests use it: on a given database, to a given revision."""

from functools import cache
from pathlib import Path
from unittest.mock import patch

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.settings import Settings

BACKEND = Path(__file__).resolve().parents[2]


def config(settings: Settings | None = None) -> Config:
    """The project's configuration, pointed at the database of `settings`."""
    made = Config(str(BACKEND / "alembic.ini"))
    if settings is not None:
        made.attributes["url"] = settings.owner_database_url.render_as_string(hide_password=False)
    return made


@cache
def _scripts() -> ScriptDirectory:
    """The migrations, loaded once: each command would load all of them again, and the tests give hundreds."""
    return ScriptDirectory.from_config(config())


def upgrade(settings: Settings, revision: str, **attributes: str) -> None:
    made = config(settings)
    made.attributes.update(attributes)
    scripts = _scripts()
    with patch.object(ScriptDirectory, "from_config", lambda _config: scripts):
        command.upgrade(made, revision)


def downgrade(settings: Settings, revision: str) -> None:
    scripts = _scripts()
    with patch.object(ScriptDirectory, "from_config", lambda _config: scripts):
        command.downgrade(config(settings), revision)


def revisions() -> list[str]:
    """Every revision, oldest first."""
    return [script.revision for script in _scripts().walk_revisions()][::-1]
