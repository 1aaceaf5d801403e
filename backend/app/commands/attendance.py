"""`aada attendance`: the hours that the pages show, against the records they are added up from."""

from __future__ import annotations

import typer

from app.compliance.attendance.totals import service as totals
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="The totals of attendance, and the records behind them.")


@commands.callback()
def _group() -> None:
    """The totals of attendance, and the records behind them."""


@commands.command()
def check() -> None:
    """Compare the totals with the records, as the nightly job does. Ends with status 1 when they differ."""
    with school_database() as (database, _settings), database.begin() as session:
        found = totals.check(session)
    if not found.differences:
        typer.echo("The totals agree with the attendance records.")
        return
    for sentence in found.named:
        typer.echo(sentence)
    if found.differences > len(found.named):
        typer.echo(f"... and {found.differences - len(found.named):,} more")
    typer.echo("The records are right. Run `aada attendance rebuild` to add them up again.", err=True)
    raise typer.Exit(1)


@commands.command()
def rebuild() -> None:
    """Add up the records again. Clocking in and out waits meanwhile: seconds for a million records."""
    with school_database() as (database, _settings), database.begin() as session:
        mended = totals.rebuild(session)
    typer.echo(
        f"{mended:,} wrong {'total' if mended == 1 else 'totals'} put right."
        if mended
        else "Every total was right."
    )
