"""`aada externship`: the documented rows of externships, against the logs behind them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from app.compliance.externships import service as externships
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="Externships, and the logs behind their hours.")


@commands.callback()
def _group() -> None:
    """Externships, and the logs behind their hours."""


@commands.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
) -> None:
    """Compare hours and verification with the logs, as the nightly job does. Ends with status 1 when they differ."""
    with school_database() as (database, _settings), database.begin() as session:
        found = externships.compare(session)
    if as_json:
        typer.echo(json.dumps({"differences": found}))
    else:
        for sentence in found:
            typer.echo(sentence)
        if not found:
            typer.echo("Every externship agrees with its log.")
    if found:
        raise typer.Exit(1)
