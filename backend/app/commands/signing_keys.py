"""`aada signing-keys`: the certificates that documents are signed with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.core import clock
from app.core.permissions import SYSTEM
from app.documents.keys import service
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.web.formats import day

commands = typer.Typer(no_args_is_help=True, help="The certificates that documents are signed with.")


@commands.command(name="list")
def list_keys() -> None:
    """Show every certificate the school has had, with what became of it."""
    with school_database() as (database, settings), database.begin() as session:
        rows = service.listed(session)
        for row in rows:
            if row.revoked_at is not None:
                state = f"revoked {day(row.revoked_at, settings.zone)}"
            elif row.retired_at is not None:
                state = f"retired {day(row.retired_at, settings.zone)}; what it signed stays valid"
            else:
                state = "in use"
            typer.echo(f"{row.id}  {row.role:<9}  {state}")
            typer.echo(f"   {'Subject':<12} {row.subject}")
            typer.echo(
                f"   {'Valid':<12} {day(row.not_before, settings.zone)} to {day(row.not_after, settings.zone)}"
            )
            typer.echo(f"   {'Fingerprint':<12} {row.fingerprint}")
    if not rows:
        typer.echo("There are none yet; the first start creates them.")


@commands.command()
def rotate(
    new_root: Annotated[
        bool, typer.Option("--new-root", help="Create a new authority too, as after losing SECRET_KEY.")
    ] = False,
    compromised: Annotated[
        bool, typer.Option("--compromised", help="Revoke the old key because somebody else may have it.")
    ] = False,
    badges: Annotated[
        bool, typer.Option("--badges", help="The key of badges instead of the key of documents.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Sign with a new key from now on. Documents and badges issued so far stay valid."""
    if not yes:
        words = "Revoke the current key and create a new one?" if compromised else "Create a new signing key?"
        typer.confirm(f"{words} Documents issued so far stay valid.", abort=True)
    with school_database() as (database, settings):
        with database.begin() as session:
            row = service.rotate(
                session, settings, SYSTEM, new_root=new_root, compromised=compromised, badges=badges
            )
            typer.echo(f"Key {row.id} signs from now on, until {day(row.not_after, settings.zone)}.")
        if new_root:
            typer.echo("Publish the new root certificate: aada signing-keys export-root FILE")


@commands.command(name="export-root")
def export_root(
    file: Annotated[
        Path | None, typer.Argument(help="File to write. Without it, the certificate is printed.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every certificate and every list of revoked ones.")
    ] = False,
) -> None:
    """Write the certificate of the school's authority, for others to trust."""
    with school_database() as (database, settings), database.begin() as session:
        service.ensure(session, settings)
        text = service.root_pem(session)
        if everything:
            text = service.every_certificate_pem(session) + service.every_crl_pem(session)
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written ({error.strerror}).") from error
    typer.echo(f"Written {clock.now():%Y-%m-%d}: {file}")
