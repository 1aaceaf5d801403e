"""`aada import`: records from a file, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.accounts import service as _accounts  # noqa: F401 - people can be imported
from app.compliance.grades import service as _grades  # noqa: F401 - skill lists can be imported
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.models import DataImport
from app.enrollment import service as _enrollment  # noqa: F401 - enrollments can be imported
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.web.imports import jobs, service

commands = typer.Typer(
    no_args_is_help=True,
    help="Import people, student files, enrollments and skill lists from CSV or Excel files.",
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or .xlsx.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the file and import nothing.")]
GoodOnly = Annotated[bool, typer.Option("--good-only", help="Leave out rows that cannot be imported.")]
SHOWN = 50


@commands.command()
def people(file: File, dry_run: DryRun = False, good_only: GoodOnly = False) -> None:
    """Add people, each with an invitation by email. Columns: full name, email, role."""
    _import("people", file, dry_run=dry_run, good_only=good_only)


@commands.command()
def enrollments(file: File, dry_run: DryRun = False, good_only: GoodOnly = False) -> None:
    """Enroll students. Columns: email, program, enrolled."""
    _import("enrollments", file, dry_run=dry_run, good_only=good_only)


@commands.command()
def student_files(file: File, dry_run: DryRun = False, good_only: GoodOnly = False) -> None:
    """Fill empty student files. Columns: email, birth date, preferred name, phone, street, unit, city, state, ZIP,
    emergency contact with relationship and phone."""
    _import("student-files", file, dry_run=dry_run, good_only=good_only)


@commands.command()
def skills(file: File, dry_run: DryRun = False, good_only: GoodOnly = False) -> None:
    """Add skills to the lists of programs. Columns: program, section, skill, criteria (one a line), points needed,
    passes needed, instructions."""
    _import("skills", file, dry_run=dry_run, good_only=good_only)


@commands.command()
def undo(number: Annotated[int, typer.Argument(min=1, help="The import's number.")]) -> None:
    """Take away what an import made, within a day."""
    with school_database() as (database, _settings), database.begin() as session:
        record = service.undo(session, SYSTEM, number)
        typer.echo(f"Undone: the {record.rows_done:,} {record.kind} of {record.file_name} are gone.")


def _import(kind: str, file: Path, *, dry_run: bool, good_only: bool) -> None:
    with school_database() as (database, settings):
        with database.begin() as session, file.open("rb") as stream:
            record = service.send(session, SYSTEM, settings, open_store(settings), kind, stream, file.name)
            _show(record)
            if dry_run:
                service.discard(session, SYSTEM, record.id)
                typer.echo("This was a dry run: nothing was imported.")
                return
            service.start(session, SYSTEM, open_store(settings), record.id, good_only=good_only)
        jobs.work(database, settings, record.id)
        with database.begin() as session:
            done = service.find(session, SYSTEM, record.id)
            if done.status != "imported":
                raise OperatorError(done.error or "Nothing was imported.")
            typer.echo(f"Imported: {done.rows_done:,} {kind}, as import number {done.id}.")


def _show(record: DataImport) -> None:
    typer.echo(f"{record.file_name}: {record.rows_total:,} rows, {record.rows_bad:,} of them to correct.")
    for fault in record.faults[:SHOWN]:
        typer.echo(f"   row {fault['row']}: {fault['field']} “{fault['value']}”: {fault['message']}")
    if len(record.faults) > SHOWN:
        typer.echo(f"   … and {len(record.faults) - SHOWN:,} more.")
