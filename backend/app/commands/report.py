"""`aada report`: the school's reports as files, the same that the pages offer."""

from __future__ import annotations

import json
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from app.compliance.outcomes import service as outcomes
from app.compliance.outcomes.reports import COUNTS
from app.core.errors import Problem
from app.core.permissions import SYSTEM
from app.documents.service import report_writer
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.web.listing import Known
from app.web.reports import register_pdf
from app.web.reports.answers import write_file

commands = typer.Typer(no_args_is_help=True, help="Reports as files: CSV, XLSX, PDF, JSON.")


class Format(StrEnum):
    """What a report can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    JSON = "json"


@commands.callback()
def _group() -> None:
    """Reports as files: CSV, XLSX, PDF, JSON."""


@commands.command("gnpec-outcomes")
def gnpec_outcomes(
    output: Annotated[Path, typer.Option(help="Where the file goes.")],
    form: Annotated[Format, typer.Option("--format", help="What kind of file.")] = Format.CSV,
    year: Annotated[
        str,
        typer.Option(
            "--fiscal-year", help="The calendar year in which it ends; the present one if left out."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Say what was written as JSON.")] = False,
) -> None:
    """Outcome counts by program for GNPEC: carried in, new, completed, withdrawn, still enrolled, employment."""
    try:
        with school_database() as (database, settings), database.begin() as session:
            register_pdf(report_writer(settings))
            chosen = outcomes.year_of(session, SYSTEM, year)
            rows = outcomes.counts(session, SYSTEM, chosen)
            about = {"Fiscal year": f"{chosen.name}, {chosen.first} to {chosen.last}"}
            # Whole or not at all: an older file of that name is replaced only by a complete one.
            with tempfile.NamedTemporaryFile(dir=output.absolute().parent, delete=False) as target:
                try:
                    write_file(
                        session,
                        SYSTEM,
                        COUNTS,
                        Known(rows),
                        form.value,
                        cast("BinaryIO", target),
                        about=about,
                    )
                    Path(target.name).chmod(0o644)
                    target.flush()
                    os.fsync(target.fileno())
                    Path(target.name).replace(output)
                except BaseException:
                    Path(target.name).unlink(missing_ok=True)
                    raise
    except Problem as problem:
        raise OperatorError(problem.detail) from problem
    except OSError as error:
        raise OperatorError(f"{output} cannot be written ({error.strerror}).") from error
    total = rows[-1].counts
    said = {
        "file": str(output),
        "fiscal_year": chosen.name,
        "programs": len(rows) - 1,
        "completed": total.completed,
    }
    typer.echo(json.dumps(said) if as_json else f"{output}: {chosen.name}, {len(rows) - 1} programs")
