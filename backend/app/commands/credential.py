"""`aada credential`: issue one, and verify a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.public import service as public
from app.core.errors import Problem
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="Credentials: issue one, verify a file.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@commands.command()
def issue(
    student: Annotated[str, typer.Argument(help="The student’s email address.")],
    credential: Annotated[str, typer.Argument(help="Prefix of the type, such as DAC.")],
    as_json: AsJson = False,
) -> None:
    """Issue a credential for the student’s latest enrollment that can earn it."""
    with school_database() as (database, settings):
        with database.begin() as session:
            type_id, enrollment_id = awards.find_award(session, SYSTEM, student, credential)
        wanted = Wanted(type_id, enrollment_id, uuid4())
        try:
            number = awards.issue(database, SYSTEM, open_store(settings), settings, wanted)
        except Problem as problem:
            raise OperatorError(problem.detail) from None
        with database.begin() as session:
            row = awards.read(session, SYSTEM, number, settings.zone)
    if as_json:
        typer.echo(json.dumps(_facts(row)))
    else:
        typer.echo(f"Issued {row.serial}: {row.name}, {row.full_name}.")


@commands.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A diploma (PDF), a badge (JSON), or a badge picture (PNG).")],
    as_json: AsJson = False,
) -> None:
    """Find out whether a file is a credential of this school that is valid; exit status 1 if not."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from error
    with school_database() as (database, settings), database.begin() as session:
        verdict = public.verify_file(session, SYSTEM, settings, content)
    if as_json:
        found = [
            {"question": one.question, "passed": one.passed, "answer": one.answer} for one in verdict.findings
        ]
        facts = _facts(verdict.row) if verdict.row is not None else None
        typer.echo(json.dumps({"valid": verdict.accepted, "findings": found, "credential": facts}))
    else:
        for one in verdict.findings:
            typer.echo(f"{'ok ' if one.passed else 'NO '} {one.question}: {one.answer}")
        typer.echo(
            "This is a valid credential of the school." if verdict.accepted else "Do not rely on this file."
        )
    if not verdict.accepted:
        raise typer.Exit(1)


def _facts(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "serial": row.serial,
        "credential": row.name,
        "student": row.full_name or row.student,
        "program": row.program,
        "issued_on": row.issued_at.isoformat() if row.issued_at else None,
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        "status": row.standing,
    }
