"""`aada files`: the store of uploaded files."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from app.content import service
from app.core.files import open_store
from app.db.session import Database
from app.ops import migrations
from app.ops.errors import OperatorError
from app.ops.servers import database_server
from app.settings import get_settings

commands = typer.Typer(no_args_is_help=True, help="The store of uploaded files.")


@commands.callback()
def _group() -> None:
    """The store of uploaded files."""


@commands.command()
def sweep(
    older_than: Annotated[
        int, typer.Option(min=1, max=24 * 365, help="Only files that have been there for so many hours.")
    ] = 24,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be removed.")] = False,
) -> None:
    """Remove files that no course and no attachment uses any more; the nightly job does the same."""
    with database_server(get_settings()) as (settings, _server):
        migrations.require_head(settings)
        database = Database(settings)
        try:
            swept = service.sweep(
                database,
                open_store(settings),
                older_than=timedelta(hours=older_than),
                dry_run=dry_run,
                trust_empty=True,
            )
        except OperationalError as error:
            reason = " ".join(str(error.orig).split())
            raise OperatorError(f"The store could not be swept to the end: {reason}") from error
        except OSError as error:
            raise OperatorError(f"A file could not be removed: {error}.") from error
        finally:
            database.close()
    would = "would be removed" if dry_run else "removed"
    noun = "file" if swept.files == 1 else "files"
    typer.echo(f"{swept.files} {noun} that nothing uses {would}, {swept.size_bytes / 1024**2:.1f} MiB.")
    if swept.partial:
        typer.echo(f"{swept.partial} pieces of uploads that were broken off removed.")
