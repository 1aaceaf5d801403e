"""`aada keys`: what is sealed under SECRET_KEY, and sealing it again when that changes."""

from __future__ import annotations

from typing import Annotated

import typer

from app.core.hash_key import HASH_KEY
from app.core.sealing import key_id
from app.ops import keys
from app.ops.errors import OperatorError
from app.ops.school_database import school_database

commands = typer.Typer(
    no_args_is_help=True,
    help="What is sealed under SECRET_KEY. For the keys of documents: aada signing-keys.",
)


@commands.command()
def status() -> None:
    """Show what is sealed under which key. Exit status 1 when something cannot be opened."""
    with school_database() as (_database, settings):
        present, *others = settings.secret_keys
        found = keys.standings(settings)
    typer.echo(f"SECRET_KEY is {key_id(present)}")
    for other in others:
        typer.echo(f"SECRET_KEY_PREVIOUS has {key_id(other)}")
    typer.echo(f"\n{'':<36}{'present key':>12}{'other key':>12}{'cannot be opened':>18}")
    for one in found:
        typer.echo(f"{one.sealed.name:<36}{one.current:>12,}{one.former:>12,}{one.lost:>18,}")
    former, lost = sum(one.former for one in found), keys.what_is_lost(found)
    typer.echo("")
    if lost:
        typer.echo(lost)
        raise typer.Exit(1)
    if former:
        typer.echo("Keep SECRET_KEY_PREVIOUS, and run: aada keys rotate")
    elif others:
        typer.echo(
            "Everything that is kept is under the present key. SECRET_KEY_PREVIOUS can be removed once browsers have "
            "had time to sign in again: docs/runbooks/keys.md"
        )
    else:
        typer.echo("Everything is under the present key.")


@commands.command()
def rotate(
    give_up: Annotated[
        bool, typer.Option("--give-up", help="The former key is gone: make a new key of recovery codes.")
    ] = False,
    batch: Annotated[
        int, typer.Option(min=1, max=10_000, help="Values sealed in one transaction.")
    ] = keys.BATCH,
) -> None:
    """Reseal everything under SECRET_KEY; what SECRET_KEY_PREVIOUS sealed is opened with that. Nothing has to stop.

    May be interrupted at any time and run again. Exit status 1 when something cannot be opened.
    """
    with school_database() as (database, settings):
        for one, count, _lost in keys.rotate(database, settings, batch=batch):
            typer.echo(f"{one.name:<36}{count:>8,} resealed")
        found = keys.standings(settings)
        if give_up and any(one.lost for one in found if one.sealed is HASH_KEY):
            with database.begin() as session:
                keys.give_up(session, settings)
            typer.echo("Recovery codes have a new key: codes made so far no longer work.")
            found = keys.standings(settings)
    lost = keys.what_is_lost(found)
    if lost:
        raise OperatorError(lost)
    if any(one.former for one in found):
        raise OperatorError(
            "Something was sealed under the former key meanwhile: a process of the system still has the former "
            "SECRET_KEY. Reload the system (and `aada worker`), then run this again."
        )
    typer.echo("Everything is under the present key.")
