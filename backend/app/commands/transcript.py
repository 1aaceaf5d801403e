"""`aada transcript`: issue one, fetch its file, verify a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from app.compliance.transcripts import service
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.documents import service as documents
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="Transcripts: issue one, fetch its file, verify a file.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@commands.command()
def issue(
    student: Annotated[str, typer.Argument(help="Email address or number of the student.")],
    program: Annotated[str, typer.Argument(help="Name or number of the program.")],
    replaces: Annotated[
        str | None, typer.Option("--replaces", help="Number of the transcript that this one supersedes.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Issue an official transcript from the records as they are now."""
    with school_database() as (database, settings):
        with database.begin() as session:
            enrollment_id = service.enrollment_for(session, SYSTEM, student, program)
            former = service.find(session, SYSTEM, replaces).document_id if replaces else None
        made = service.issue(
            database,
            SYSTEM,
            open_store(settings),
            settings,
            enrollment_id,
            request=uuid4(),
            replaces=former,
        )
    if as_json:
        _print({"number": made.number, "sha256": made.sha256, "size_bytes": made.size_bytes})
    else:
        typer.echo(f"Issued {made.number}.")
        typer.echo(f"Fetch the file: aada transcript fetch {made.number} --output FILE")


@commands.command()
def fetch(
    number: Annotated[str | None, typer.Argument(help="The number printed on the transcript.")] = None,
    latest: Annotated[bool, typer.Option("--latest", help="The one that was issued last.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.")] = None,
    as_json: Json = False,
) -> None:
    """Write the signed PDF of a transcript to a file."""
    if (number is None) == (not latest):
        raise OperatorError("Give the number of a transcript, or --latest.")
    if output is None:
        raise OperatorError("Say where to write the file: --output FILE")
    with school_database() as (database, settings), database.begin() as session:
        row = service.latest(session, SYSTEM) if number is None else service.find(session, SYSTEM, number)
        document, pdf = documents.content(session, SYSTEM, open_store(settings), row.document_id)
        try:
            output.write_bytes(pdf)
        except OSError as error:
            raise OperatorError(f"{output} cannot be written ({error.strerror}).") from error
    if as_json:
        _print({"number": document.number, "status": document.status, "sha256": document.sha256})
    else:
        state = "" if document.status == "issued" else f" It is {document.status}."
        typer.echo(f"Written {output}: {document.number}, {len(pdf):,} bytes.{state}")


@commands.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The PDF as it was received.")], as_json: Json = False
) -> None:
    """Find out whether a PDF is a transcript of this school that holds, unchanged; exit status 1 if not."""
    try:
        pdf = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from error
    with school_database() as (database, settings), database.begin() as session:
        judged = service.verify(session, SYSTEM, pdf)
        lines = documents.lines(judged.verdict, settings.zone)
        row = judged.transcript
    if as_json:
        _print(
            {
                "valid": judged.accepted,
                "number": row.number if row is not None else None,
                "sha256": judged.verdict.sha256,
                "findings": [
                    {"question": one.question, "passed": one.passed, "answer": one.answer}
                    for one in judged.verdict.findings
                ],
            }
        )
    else:
        for line in lines:
            typer.echo(line)
        typer.echo(
            f"This is transcript {row.number}, unchanged and valid."
            if judged.accepted and row is not None
            else "Do not rely on this file."
        )
    if not judged.accepted:
        raise typer.Exit(1)


def _print(answer: dict[str, Any]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
