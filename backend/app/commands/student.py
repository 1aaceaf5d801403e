"""`aada student`: a student's whole file as one signed archive."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

import app.ops.student_records  # noqa: F401 - what is in the file
from app.compliance.privacy import service as privacy
from app.core.errors import Problem
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="Students: take out a whole file.")


@commands.callback()
def _several() -> None:
    """Has the one command keep its name."""


def _private(output: Path) -> BinaryIO:
    """The file to write, which nobody but this user of the machine reads, also where there was one before."""
    number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(number, 0o600)
    return os.fdopen(number, "wb")


@commands.command()
def export(
    student: Annotated[int, typer.Argument(help="Number of the student's account.", metavar="ID")],
    output: Annotated[Path, typer.Option(help="Where the ZIP goes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Say what was made as JSON.")] = False,
) -> None:
    """Write everything about a student into one archive that the school has signed. The history says so."""
    try:
        with school_database() as (database, settings):
            made = privacy.export_file(database, SYSTEM, open_store(settings), settings, student)
            with made.file, _private(output) as target:
                shutil.copyfileobj(made.file, target)
    except Problem as problem:
        raise OperatorError(problem.detail) from problem
    except OSError as error:
        raise OperatorError(f"{output} cannot be written ({error.strerror}).") from error
    said = {"file": str(output), "sha256": made.sha256, "bytes": made.size, "files": made.files}
    typer.echo(json.dumps(said) if as_json else f"{output}: {made.files} files, SHA-256 {made.sha256}")
