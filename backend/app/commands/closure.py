"""`aada closure`: the records of the whole school in one archive, for GNPEC when a school closes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

import app.ops.student_records  # noqa: F401 - what the ledger is
from app.compliance.closure import service as closure
from app.core.errors import Problem
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="The records of the whole school in one archive.")


@commands.callback()
def _several() -> None:
    """Has the one command keep its name."""


@commands.command()
def export(
    output: Annotated[Path, typer.Option(help="The ZIP, or a folder that it goes into.")],
    as_json: Annotated[bool, typer.Option("--json", help="Say what was made as JSON.")] = False,
) -> None:
    """Write every transcript, credential and ledger into one archive that opens without the system.

    The file has its name when it is whole. Ends with status 1 when something is missing from it, and names it.
    """

    def report(done: int, total: int) -> None:
        if not as_json and sys.stderr.isatty():
            typer.echo(f"\r{done:,} of {total:,} students", err=True, nl=done == total)

    try:
        with school_database() as (database, settings):
            path, made = closure.export_to(database, SYSTEM, open_store(settings), settings, output, report)
    except Problem as problem:
        raise OperatorError(problem.detail) from problem
    except OSError as error:
        raise OperatorError(f"{output} cannot be written ({error.strerror}).") from error
    if as_json:
        typer.echo(json.dumps({"file": str(path), "whole": made.whole} | made.said(), ensure_ascii=False))
    else:
        typer.echo(
            f"{path}: {made.students:,} students, {made.transcripts:,} transcripts, {made.record_copies:,} record "
            f"copies, {made.credentials:,} credentials, SHA-256 {made.sha256}"
        )
        for sentence in made.missing:
            typer.echo(f"Missing: {sentence}", err=True)
    if not made.whole:
        raise typer.Exit(1)
