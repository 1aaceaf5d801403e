"""`aada retention`: what is removed after a while, by the school's policy."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from app.core.permissions import SYSTEM
from app.ops.errors import OperatorError
from app.ops.retention import service
from app.ops.retention.service import Standing
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="What is removed after a while, by the school's policy.")
Json = Annotated[bool, typer.Option("--json", help="For other programs.")]


@commands.callback()
def _group() -> None:
    """What is removed after a while, by the school's policy."""


@commands.command()
def status(as_json: Json = False) -> None:
    """Show for how long each kind is kept, and how much is due now. Nothing is removed."""
    with school_database() as (database, _settings), database.begin() as session:
        _show(service.standing(session, SYSTEM), as_json=as_json)


@commands.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what is due; the nightly job does the same. A run that was broken off goes on."""
    if dry_run:
        status(as_json)
        return
    with school_database() as (database, _settings):
        try:
            run = service.purge(database)
        except OperationalError as error:
            reason = " ".join(str(error.orig).split())
            raise OperatorError(
                f"The purge was broken off: {reason}. What was removed is counted; run it again and it goes on."
            ) from error
    if as_json:
        typer.echo(json.dumps({"run": run.id, "removed": run.removed, "failed": run.failed}))
    else:
        for name, count in sorted(run.removed.items()):
            typer.echo(f"{name:<20}{count:>10,} removed")
        if not run.removed:
            typer.echo("Nothing was due.")
    if run.failed:
        raise OperatorError("; ".join(f"{name} stayed: {reason}" for name, reason in run.failed.items()))


def _show(found: list[Standing], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"kind": one.kind.name, "days": one.days, "minimum_days": one.kind.minimum_days, "due": one.due}
            for one in found
        ]
        typer.echo(json.dumps(rows))
        return
    for one in found:
        typer.echo(f"{one.kind.name:<20}{one.days:>6,} days{one.due:>10,} due   {one.kind.title}")
