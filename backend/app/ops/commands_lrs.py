"""`aada lrs`: the record store's credentials, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.core.errors import Problem
from app.db.session import Database
from app.lrs.credentials import service
from app.lrs.credentials.policy import SCOPES
from app.lrs.transfer import working
from app.lrs.transfer.taking import Tally
from app.ops import migrations
from app.ops.errors import OperatorError
from app.ops.servers import database_server
from app.settings import Settings, get_settings

commands = typer.Typer(no_args_is_help=True, help="The record store (xAPI): credentials, import.")
credentials = typer.Typer(no_args_is_help=True, help="Who may use the record store at /xapi.")
commands.add_typer(credentials, name="credentials")

Number = Annotated[int, typer.Argument(help="The credential's number, as `list` shows it.")]


@contextmanager
def _session() -> Iterator[tuple[Session, Settings]]:
    with database_server(get_settings()) as (settings, _server):
        migrations.require_head(settings)
        database = Database(settings)
        try:
            with database.begin() as session:
                yield session, settings
        except Problem as problem:
            raise OperatorError(problem.detail) from problem
        finally:
            database.close()


@commands.command(name="import")
def take_in_file(
    file: Annotated[
        Path, typer.Argument(help="Statements one a line, lists or answers of them; packed with gzip or not.")
    ],
) -> None:
    """Take in the statements that another record store exported; safe to repeat with the same file."""
    try:
        opened = file.open("rb")
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from error
    with opened, database_server(get_settings()) as (settings, _server):
        migrations.require_head(settings)
        database = Database(settings)
        size = max(file.stat().st_size, 1)

        def note(_session: Session, tally: Tally) -> None:
            typer.echo(
                f"\r{100 * tally.bytes_read // size:3d} %  {tally.stored:,} new  {tally.known:,} known  "
                f"{tally.refused:,} refused",
                nl=False,
                err=True,
            )

        try:
            pieces = iter(lambda: opened.read(256 * 1024), b"")
            tally = working.work_here(database, settings.app_origin, pieces, file.name, size, note)
        finally:
            typer.echo(err=True)
            database.close()
    for fault in tally.faults:
        typer.echo(f"line {fault['line']}: {fault['reason']}")
    typer.echo(f"{tally.stored:,} new, {tally.known:,} known already, {tally.refused:,} refused")
    if tally.ended:
        raise OperatorError(f"The import ended early. {tally.ended}")
    if tally.refused:
        raise typer.Exit(1)


def _show(made: service.NewSecret, settings: Settings) -> None:
    typer.echo(f"Endpoint  {settings.app_origin}/xapi")
    typer.echo(f"Key       {made.credential.key}")
    typer.echo(f"Secret    {made.secret}")
    typer.echo("The secret is shown this once; only its hash is kept.")


@credentials.command()
def create(
    label: Annotated[str, typer.Argument(help="What people call it, such as the system's name.")],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"May be given several times: {', '.join(SCOPES)}.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Requests a minute; without, no limit.")] = None,
) -> None:
    """Make a key and secret; without --scope it may write statements and read its own."""
    scopes = scope or ["statements/write", "statements/read/mine"]
    with _session() as (session, settings):
        made = service.create(
            session, None, settings.app_origin, label=label, scopes=scopes, rate_limit_per_minute=limit
        )
        _show(made, settings)


@credentials.command(name="list")
def list_credentials(
    everything: Annotated[bool, typer.Option("--all", help="Revoked ones too.")] = False,
) -> None:
    """Show the credentials of systems."""
    with _session() as (session, _settings):
        table = Table("No.", "Label", "Key", "Scopes", "Limit/min", "Made", "Last used", "State")
        for one in service.listed(session, with_revoked=everything):
            table.add_row(
                str(one.id),
                one.label,
                one.key,
                ", ".join(one.scopes),
                str(one.rate_limit_per_minute or "–"),
                one.created_at.date().isoformat(),
                one.last_used_at.date().isoformat() if one.last_used_at else "never",
                "revoked" if one.revoked_at else "in use",
            )
        Console().print(table)


@credentials.command()
def rotate(number: Number) -> None:
    """Replace the secret; the old one stops within a second."""
    with _session() as (session, settings):
        _show(service.rotate(session, None, number), settings)


@credentials.command()
def revoke(number: Number) -> None:
    """Withdraw a credential; it stops within a second."""
    with _session() as (session, _settings):
        label = service.revoke(session, None, number).label
    typer.echo(f"Revoked: {label}")
