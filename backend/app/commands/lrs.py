"""`aada lrs`: the learning record store (LRS) from the command line: API keys, imports, sums for the charts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from app.core.installation import installation
from app.core.permissions import SYSTEM
from app.db.models import XapiCredential
from app.db.session import Database
from app.lrs.desk.imports import runner
from app.lrs.desk.imports.ingest import WAITS, Busy, Tally
from app.lrs.desk.keys import service
from app.lrs.desk.rollups import service as rollups
from app.lrs.engine.scopes import SCOPES
from app.ops import address
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.settings import Settings
from app.web.field_types import LARGEST_ID
from app.web.formats import local_time
from app.web.paging import Paging

commands = typer.Typer(
    no_args_is_help=True, help="The learning record store (LRS, xAPI): API keys, import, charts."
)
keys = typer.Typer(no_args_is_help=True, help="API keys: which systems may use the LRS at /xapi.")
commands.add_typer(keys, name="keys")
commands.add_typer(keys, name="credentials", hidden=True)  # scripts from before they were called API keys

Number = Annotated[
    int, typer.Argument(min=1, max=LARGEST_ID, help="The API key's number, as `list` shows it.")
]


@commands.command(name="import")
def take_in_file(
    file: Annotated[
        Path, typer.Argument(help="Statements one a line, lists or answers of them; packed with gzip or not.")
    ],
) -> None:
    """Import the statements that another LRS exported; safe to repeat with the same file."""
    try:
        opened = file.open("rb")
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}).") from error
    size = max(file.stat().st_size, 1)

    def note(_session: Session, tally: Tally) -> None:
        typer.echo(
            f"\r{100 * tally.bytes_read // size:3d} %  {tally.stored:,} new  {tally.known:,} known  "
            f"{tally.refused:,} refused",
            nl=False,
            err=True,
        )

    def waits() -> None:
        typer.echo(f"\r{WAITS}", err=True)

    with opened, school_database() as (database, _settings):
        pieces = iter(lambda: opened.read(256 * 1024), b"")
        with database.begin() as session:
            home_page = installation(session).home_page
        try:
            tally = runner.work_here(database, home_page, pieces, file.name, size, note, waits)
        except Busy as busy:
            raise OperatorError(f"{busy} Run it again with the same file.") from busy
        finally:
            typer.echo(err=True)
    for fault in tally.faults:
        typer.echo(f"line {fault['line']}: {fault['reason']}")
    typer.echo(f"{tally.stored:,} new, {tally.known:,} known already, {tally.refused:,} refused")
    if tally.ended:
        raise OperatorError(f"The import stopped early. {tally.ended}")
    if tally.refused:
        raise typer.Exit(1)


@commands.command()
def check() -> None:
    """Compare the sums that charts show with the statements, as the nightly job does. Status 1 when they differ."""
    with school_database() as (database, _settings):
        _add_up(database)
        with database.begin() as session:
            found = rollups.check(session)
    if not found.differences:
        typer.echo("The sums agree with the statements.")
        return
    for sentence in found.named:
        typer.echo(sentence)
    if found.differences > len(found.named):
        typer.echo(f"... and {found.differences - len(found.named):,} more")
    typer.echo("The statements are right. Run `aada lrs rebuild` to add them up again.", err=True)
    raise typer.Exit(1)


@commands.command()
def rebuild() -> None:
    """Add up all statements again for the charts, which read the statements themselves meanwhile."""
    with school_database() as (database, _settings):
        with database.begin() as session:
            mended = rollups.restart(session)
        _add_up(database)
    typer.echo(
        f"{mended:,} wrong {'sum' if mended == 1 else 'sums'} put right."
        if mended
        else "Every sum was right."
    )


def _add_up(database: Database) -> None:
    done = False
    while not done:
        with database.begin() as session:
            done = rollups.catch_up(session)


def _show(made: service.NewSecret, settings: Settings) -> None:
    typer.echo(f"Endpoint  {settings.app_origin}/xapi")
    if not address.of_running_server(settings)[1]:
        typer.echo("          No server is running on this data; the address is taken from APP_ORIGIN.")
    typer.echo(f"Key       {made.api_key.key}")
    typer.echo(f"Secret    {made.secret}")
    typer.echo("The secret is shown only once; only its hash is kept.")


@keys.command()
def create(
    label: Annotated[str, typer.Argument(help="A name for the key, such as the system's name.")],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"May be given several times: {', '.join(SCOPES)}.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Requests per minute; without, no limit.")] = None,
) -> None:
    """Make an API key with its secret; without --scope it may write statements and read its own."""
    scopes = scope or ["statements/write", "statements/read/mine"]
    with school_database() as (database, settings), database.begin() as session:
        made = service.create(
            session, SYSTEM, settings.app_origin, label=label, scopes=scopes, rate_limit_per_minute=limit
        )
        _show(made, settings)


@keys.command(name="list")
def list_keys(
    everything: Annotated[bool, typer.Option("--all", help="Include revoked.")] = False,
    launches: Annotated[
        bool, typer.Option("--launches", help="Active keys of content that students have open.")
    ] = False,
) -> None:
    """Show the API keys of systems."""
    with school_database() as (database, settings), database.begin() as session:
        if launches:
            found = [
                _launch_lines(one, name, settings)
                for one, name in service.launches(session, SYSTEM, Paging()).rows()
            ]
        else:
            listed = service.listed(session, SYSTEM, Paging(), with_revoked=everything)
            found = [_key_lines(one, settings) for one in listed.rows()]
    for title, lines in found:
        typer.echo(title)
        for name, value in lines:
            typer.echo(f"   {name:<10} {value}")
    if not found:
        typer.echo("There are none.")
        return
    typer.echo(f"Times are the school’s ({settings.school_timezone}).")


def _key_lines(one: XapiCredential, settings: Settings) -> tuple[str, list[tuple[str, str]]]:
    limit = one.rate_limit_per_minute
    lines = [
        ("Key", one.key),
        ("May", ", ".join(one.scopes)),
        ("Limit", f"{limit:,} requests a minute" if limit else "none"),
        ("Made", local_time(one.created_at, settings.zone)),
        ("Last used", _when(one.last_used_at, settings)),
    ]
    if one.rotated_at:
        lines.append(("New secret", local_time(one.rotated_at, settings.zone)))
    if one.revoked_at:
        lines.append(("Revoked", local_time(one.revoked_at, settings.zone)))
    return f"{one.id}  {one.label}", lines


def _launch_lines(
    one: XapiCredential, name: str | None, settings: Settings
) -> tuple[str, list[tuple[str, str]]]:
    return f"{one.id}  {name or 'Somebody'}", [
        ("Activity", one.activity or "–"),
        ("Key", one.key),
        ("Opened", local_time(one.created_at, settings.zone)),
        ("Last used", _when(one.last_used_at, settings)),
        ("Works until", _when(one.expires_at, settings)),
    ]


def _when(moment: datetime | None, settings: Settings) -> str:
    return "never" if moment is None else local_time(moment, settings.zone)


@keys.command()
def rotate(number: Number) -> None:
    """Replace the secret; the old one stops within a second."""
    with school_database() as (database, settings), database.begin() as session:
        _show(service.rotate(session, SYSTEM, number), settings)


@keys.command()
def revoke(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Revoke an API key, or the key of a launch; it stops within a second and for good."""
    with school_database() as (database, _settings):
        with database.begin() as session:
            label = service.label_of(session, SYSTEM, number)
        # Asked between two transactions: nothing is held while somebody thinks.
        if not yes:
            typer.confirm(f"Revoke “{label}”? It stops working within a second, permanently.", abort=True)
        with database.begin() as session:
            service.revoke(session, SYSTEM, number)
    typer.echo(f"Revoked: {label}")
