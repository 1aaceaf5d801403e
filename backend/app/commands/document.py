"""`aada document`: verify a file, and try the layouts of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# Rooms register their kinds of documents when they are imported.
import app.compliance.attendance.documents.service
import app.compliance.credentials.awards.service
import app.compliance.grades.letters.service
import app.compliance.grades.skills.records.service
import app.compliance.transcripts.service
import app.enrollment.letters.service  # noqa: F401
from app.core.errors import Problem
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.documents import fixity, kinds, register
from app.documents.issue import Draft, preview
from app.documents.letterhead import Letterhead
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="Documents: verify a file, check the layouts.")


@commands.command()
def verify(file: Annotated[Path, typer.Argument(help="The PDF as it was received.")]) -> None:
    """Find out whether a PDF is a document of this school, unchanged; exit status 1 if not."""
    try:
        pdf = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from error
    with school_database() as (database, settings), database.begin() as session:
        verdict = register.verify(session, SYSTEM, pdf)
        found = register.lines(verdict, settings.zone)
    for line in found:
        typer.echo(line)
    typer.echo(
        "This is an unchanged document of the school." if verdict.accepted else "Do not rely on this file."
    )
    if not verdict.accepted:
        raise typer.Exit(1)


@commands.command()
def check() -> None:
    """Render each kind of document with sample facts; says what Typst says of a broken layout."""
    with school_database() as (_database, settings):
        letterhead = Letterhead(
            settings.school_name, settings.zone, ("1 Example Street", "Atlanta, GA 30303")
        )
        broken = []
        for kind in kinds.every():
            try:
                pdf = preview(settings, Draft(kind.name, 0, None, letterhead, kind.sample, {}))
            except Problem as problem:
                broken.append(f"{kind.title}: {problem.detail}")
            else:
                typer.echo(f"{kind.title} ({kind.layout}): {len(pdf) // 1024} KB")
    if broken:
        raise OperatorError(" ".join(broken))


@commands.command(name="check-files")
def check_files() -> None:
    """Read every byte of every issued file and compare it with the register; exit status 1 when one differs."""
    with school_database() as (database, settings):
        found = fixity.check_files(database, open_store(settings))
    if found is None:
        raise OperatorError("The outcome could not be recorded.")
    typer.echo(f"{found.files:,} files, {found.size_bytes:,} bytes: {found.fault_count:,} differ.")
    for fault in found.faults:
        typer.echo(f"NO  {fault}")
    if found.fault_count:
        raise typer.Exit(1)
