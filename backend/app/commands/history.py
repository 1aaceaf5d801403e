"""`aada history`: what follows from the history, and once more from the beginning."""

from __future__ import annotations

from typing import Annotated

import typer

from app.core import clock
from app.ops.school_database import school_database
from app.projections import service as projections

commands = typer.Typer(no_args_is_help=True, help="What follows from the history: statements, email notices.")


@commands.callback()
def history() -> None:
    """What follows from the history: statements, email notices."""


@commands.command()
def status() -> None:
    """Show how far each subscriber has followed the history."""
    with school_database() as (database, settings), database.begin() as session:
        found = projections.following(session)
    if not found:
        typer.echo("Nothing follows the history yet: the system has not been started.")
    for one in found:
        lag = one.lag
        typer.echo(f"{lag.name:<12} {one.title}: up to entry {lag.entry_id:,}, {lag.waiting:,} waiting")
        if lag.oldest is not None:
            typer.echo(f"{'':<12} the oldest since {clock.local(lag.oldest, settings.zone):%Y-%m-%d %H:%M}")
        if one.stuck:
            typer.echo(f"{'':<12} stopped at entry {lag.failed_entry_id}: {lag.last_error}")


@commands.command()
def replay(
    name: Annotated[str, typer.Argument(help="The subscriber, as `aada history status` names it.")],
    from_: Annotated[int, typer.Option("--from", min=1, help="The first entry to follow again.")] = 1,
) -> None:
    """Derive once more what follows from entries that were followed already. What is there stays as it is."""

    def note(entry_id: int) -> None:
        typer.echo(f"\r{entry_id:,}", nl=False, err=True)

    with school_database() as (database, _settings):
        total = projections.replay(database, name, after=from_ - 1, note=note)
    typer.echo(err=True)
    typer.echo(f"{total:,} entries were followed again.")
