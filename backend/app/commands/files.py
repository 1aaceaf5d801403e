"""`aada files`: the store of uploaded files."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from app.core.files import claims, integrity, open_store
from app.core.files.sweep import sweep as sweep_files
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="The store of uploaded files.")


@commands.callback()
def _group() -> None:
    """The store of uploaded files."""


@commands.command()
def sweep(
    older_than: Annotated[
        int, typer.Option(min=1, max=24 * 365, help="Only files that nobody has claimed for so many hours.")
    ] = 24,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
) -> None:
    """Remove files that no record claims any more; the nightly job does the same."""
    with school_database() as (database, settings):
        store = open_store(settings)
        try:
            swept = sweep_files(
                database, store, grace=timedelta(hours=older_than), dry_run=dry_run, trust_empty=True
            )
        except OperationalError as error:
            reason = " ".join(str(error.orig).split())
            raise OperatorError(f"The store could not be swept to the end: {reason}") from error
        except OSError as error:
            raise OperatorError(f"A file could not be removed: {error}.") from error
    would = "would be removed" if dry_run else "removed"
    typer.echo(f"{_count(swept.files)} that nothing uses {would}, {swept.size_bytes / 1024**2:.1f} MB.")
    if swept.partial:
        typer.echo(f"{swept.partial} incomplete uploads removed.")


@commands.command("list")
def list_files(
    room: Annotated[
        str | None, typer.Option(help="Only files claimed by this owner (content.packages).")
    ] = None,
    unclaimed: Annotated[
        bool, typer.Option("--unclaimed", help="Only files that their owners gave up.")
    ] = False,
) -> None:
    """List files with their size in bytes, type, owners; tab-separated, for other tools to read."""
    with school_database() as (database, _settings), database.begin() as session:
        for file in claims.listed(session, room=room):
            if unclaimed and file.owners:
                continue
            owners = ", ".join(file.owners) or "-"
            permanent = "\tpermanent" if file.permanent else ""
            typer.echo(f"{file.sha256}\t{file.size_bytes}\t{file.media_type or '-'}\t{owners}{permanent}")


@commands.command()
def check(
    quick: Annotated[
        bool, typer.Option("--quick", help="Look at presence and size alone; do not read the files.")
    ] = False,
) -> None:
    """Check that every claimed file is in the store and is what it was; exit status 1 if one is not."""
    checked = faults = 0
    with school_database() as (database, settings), database.begin() as session:
        store = open_store(settings)
        for one in integrity.check(session, store, read=not quick):
            checked += 1
            if one.fault is not None:
                faults += 1
                typer.echo(f"{one.file.sha256} {one.fault}: {', '.join(one.file.owners)}")
    if faults:
        raise OperatorError(
            f"{faults} of {_count(checked)} damaged or missing. Restore them from a backup of the file store: "
            "files are named by their hash, so a copy of any day will do."
        )
    typer.echo(f"{_count(checked)} checked, all in order.")


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
