"""`aada history`: what happened before the record store was told as it happened."""

from __future__ import annotations

import typer
from rich.progress import Progress

from app.db.session import Database
from app.ops import migrations
from app.ops.servers import database_server
from app.ops.telling import tell_history
from app.settings import get_settings

commands = typer.Typer(no_args_is_help=True, help="The school's past, as statements in the record store.")


@commands.callback()
def history() -> None:
    """The school's past, as statements in the record store."""


@commands.command()
def tell() -> None:
    """Tell the record store of enrollments, lessons and hours that it has not heard of; safe to repeat."""
    settings = get_settings()
    with database_server(settings) as (reached, _server):
        migrations.require_head(reached)
        database = Database(reached)
        try:
            with Progress(transient=True) as bar:
                shown = bar.add_task("Enrollments", total=None)
                told = tell_history(
                    database, reached.zone, lambda done, of: bar.update(shown, completed=done, total=of)
                )
        finally:
            database.close()
    typer.echo(f"{told} facts were told." if told else "The record store had heard of everything.")
