"""`aada history`: what follows from the history, and whether it is as it was sealed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from app.core import clock, timestamps
from app.core.errors import Invalid
from app.core.seals import service as seals
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.projections import service as projections

commands = typer.Typer(no_args_is_help=True, help="The history: its seals, and what follows from it.")


@commands.callback()
def history() -> None:
    """The history: its seals, and what follows from it."""


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


@commands.command()
def verify(
    against: Annotated[
        Path | None,
        typer.Option(
            help="Seals that were noted elsewhere, such as history-seals.jsonl from a backup. "
            "Without it, the file in the data directory.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Read the whole history against its seals. Ends with status 1 when an entry or a seal was changed or removed."""
    with school_database() as (database, settings):
        notes = against or settings.data_dir / seals.NOTES
        outside = seals.read_notes(notes) if notes.is_file() else {}
        stamped, unread = None, []
        with database.begin() as session:
            found = seals.verify(session, outside)
            newest = seals.latest(session)
        # After the entries: a time stamp that leads to none of today's certificates says nothing about them.
        try:
            stamped = seals.newest_stamp(notes, timestamps.roots(settings)) if notes.is_file() else None
        except Invalid as error:
            unread.append(seals.Fault(error.detail, 0))
        found = replace(found, faults=[*unread, *found.faults])
    if as_json:
        typer.echo(
            json.dumps(
                {
                    **asdict(found),
                    "newest": seals.note_of(newest) if newest else None,
                    "stamped": {**asdict(stamped), "at": stamped.at.isoformat()} if stamped else None,
                }
            )
        )
    else:
        typer.echo(
            f"Entries under {_counted(found.seals)}: {found.entries:,}; not sealed yet: {found.unsealed:,}."
        )
        typer.echo(f"Noted outside of the database: {_counted(len(outside))}.")
        if stamped is not None:
            typer.echo(
                f"{stamped.authority} saw seal {stamped.number:,} on {stamped.at:%Y-%m-%d at %H:%M:%S} UTC."
            )
            if stamped.unknown:
                typer.echo(
                    f"{stamped.unknown:,} newer time stamps are by an authority that TIMESTAMP_ROOTS does not have. "
                    "Add its certificate to the file to have them count."
                )
        for fault in found.faults:
            typer.echo(fault.sentence)
        if newest is not None:
            typer.echo(f"Newest seal: {newest.number:,} {newest.hash.hex()}")
        if not found.faults:
            typer.echo("The history is as it was sealed.")
    if found.faults:
        raise typer.Exit(1)


def _counted(seals_: int) -> str:
    return f"{seals_:,} {'seal' if seals_ == 1 else 'seals'}"


@commands.command()
def seal() -> None:
    """Seal now what the job would seal within a minute, and note the newest seal in the data directory."""
    sealed = 0
    with school_database() as (database, settings):
        more = True
        while more:
            with database.begin() as session:
                count = seals.seal(session)
                newest = seals.latest(session)
            sealed += count
            more = count >= seals.MOST_ENTRIES
        if newest is not None:
            try:
                seals.write_note(settings.data_dir / seals.NOTES, newest, timestamps.authority(settings))
            except OSError as error:
                raise OperatorError(
                    f"{sealed:,} {'entry' if sealed == 1 else 'entries'} sealed. The newest seal could not be noted in "
                    f"{settings.data_dir / seals.NOTES} ({error.strerror}): let the user who runs the system write "
                    "there."
                ) from error
    typer.echo(f"{sealed:,} {'entry' if sealed == 1 else 'entries'} sealed.")
    if newest is not None:
        typer.echo(f"Newest seal: {newest.number:,} {newest.hash.hex()}")
