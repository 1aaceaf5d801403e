"""`aada backup`: backups of the embedded database and the files, and what they are worth."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.ops.backup import drill, instants, keeper, plan, second, stream, upkeep, wal
from app.ops.backup.offsite import copy as offsite
from app.ops.backup.offsite import keys
from app.ops.backup.offsite.bucket import bucket_of
from app.ops.backup.offsite.fetch import fetch as fetch_backups
from app.ops.backup.place import Backup, BackupPlace, place_of
from app.ops.backup.tools import Source, gently, source_of
from app.ops.errors import OperatorError
from app.ops.servers import database_server
from app.rules import backups as rules
from app.rules.backups import BackupKind, Span
from app.settings import Settings, get_settings

commands = typer.Typer(
    no_args_is_help=True, help="Backups: make, list, verify, prune, and a copy in a bucket."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def backed_up() -> Iterator[tuple[Settings, BackupPlace, Source]]:
    """The embedded server, running, and the place of its backups. Raises OperatorError for another server."""
    settings = get_settings()
    if settings.database_url is not None:
        raise OperatorError(
            "DATABASE_URL is set: the system backs up its own server alone. Back that server up with its operator’s "
            "means, or make a dump of this database: aada db dump FILE"
        )
    with database_server(settings) as (ready, _server):
        yield ready, place_of(ready), source_of(ready)


@commands.command()
def now(
    full: Annotated[bool, typer.Option("--full", help="A full backup.")] = False,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Only what has changed since the newest backup.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a backup and check it: incremental where there is one to build on, else full.

    The running system does this by itself, every hour. A failure leaves the earlier backups as they were, and the
    exit status is 1.
    """
    if full and incremental:
        raise OperatorError("Choose --full or --incremental, not both. Nothing was changed.")
    kind = BackupKind.FULL if full else BackupKind.INCREMENTAL if incremental else None
    with backed_up() as (settings, place, source):
        made, copied, pruned = gently(lambda: keeper.make(place, source, settings, kind))
    if as_json:
        shown = made.as_json() | {"files_copied": copied, "pruned": list(pruned.backups)}
        typer.echo(json.dumps(shown, indent=2))
        return
    typer.echo(
        f"{made.id}: {size(made.size_bytes)}, {_seconds(made)}, checked. {_count(copied, 'file')} copied."
    )
    if pruned.backups or pruned.segments or pruned.files:
        typer.echo(f"Removed as older than 30 days: {_removed(pruned)}.")


@commands.command("list")
def list_backups(as_json: AsJson = False) -> None:
    """List the backups, oldest first, and the instants that can be restored from them."""
    settings = get_settings()
    place = place_of(settings)
    known, horizon = place.backups(), place.horizon
    spans = upkeep.spans(known, wal.files(place), horizon)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "folder": str(place.folder),
                    "backups": [one.as_json() for one in known],
                    "restorable": [[span.start.isoformat(), span.end.isoformat()] for span in spans],
                },
                indent=2,
            )
        )
        return
    if not known:
        typer.echo(f"There is no backup in {place.folder} yet. Make the first one: aada backup now")
        return
    for one in known:
        state = f"DAMAGED: {one.fault}" if one.fault else f"checked {local(one.verified_at, settings)}"
        typer.echo(
            f"{one.id:<30} {local(one.ended_at, settings)}  {size(one.size_bytes):>9}  timeline {one.timeline}  {state}"
        )
    several = rules.branches([one.member for one in known], horizon)
    if len(several) > 1:
        typer.echo("They are of several databases (aada restore --branch):")
        for branch in several:
            begins, latest = local(branch.begins, settings), local(branch.latest, settings)
            typer.echo(f"  {plan.name_of(branch.key)}  {begins} to {latest}")
    if not spans:
        typer.echo("Nothing can be restored from them. Make a full backup now: aada backup now --full")
        return
    typer.echo("Every instant of these can be restored:")
    for span in spans:
        typer.echo(f"  {_span(span, settings)}")


@commands.command()
def verify(
    backup: Annotated[str | None, typer.Argument(help="Only this one, by its name in the list.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the backups, the log and the files to the end and compare them with what was written. Exit status 1 if one
    of them has changed; it is marked and not used any more.
    """
    place = place_of(get_settings())
    found = list(upkeep.verify(place, backup))
    faults = [one for one in found if one.fault]
    if as_json:
        typer.echo(json.dumps([{"checked": one.what, "fault": one.fault} for one in found], indent=2))
    else:
        for one in found:
            typer.echo(f"{one.what}: {one.fault or 'as it was written'}")
        if not found:
            typer.echo(f"There is no backup in {place.folder} yet. Make the first one: aada backup now")
    if faults:
        raise OperatorError(
            f"{_count(len(faults), 'fault')} found; what is damaged is not used any more. Make a full backup now "
            "(aada backup now --full), and find out what is wrong with the disk. What can be restored meanwhile: "
            "aada backup list"
        )


@commands.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what no instant of the last 30 days needs. Each backup does this at its end."""
    settings = get_settings()
    place = place_of(settings)
    pruned = upkeep.prune(place, keeper.local_files(settings), dry_run=dry_run)
    if as_json:
        shown: dict[str, Any] = {
            "backups": list(pruned.backups),
            "segments": pruned.segments,
            "files": pruned.files,
            "size_bytes": pruned.size_bytes,
            "dry_run": dry_run,
        }
        typer.echo(json.dumps(shown, indent=2))
        return
    typer.echo(f"{'Would be removed' if dry_run else 'Removed'}: {_removed(pruned)}.")


@commands.command("drill")
def run_drill(as_json: AsJson = False) -> None:
    """Restore the newest backup into scratch, start it, examine it, and compare it with the school. Exit status 1 if it
    would not have saved the school. The running system does this every week.
    """
    with backed_up() as (settings, place, source):
        outcome = drill.run_drill(place, source, settings)
        keeper.note_drill(settings, outcome)
    if as_json:
        typer.echo(json.dumps(outcome.details, indent=2, default=str))
    if outcome.fault is not None:
        raise OperatorError(
            f"The restore drill failed: {outcome.fault.rstrip('.')}. Make a full backup (aada backup now --full), and "
            "run the drill again. If it fails again, look at what a restore gives: docs/runbooks/restore.md."
        )
    if not as_json:
        lost = "" if outcome.loss_seconds is None else f"; the log is {outcome.loss_seconds:.1f} s behind"
        typer.echo(
            f"{outcome.backup} was restored in {outcome.recovery_seconds:.1f} s: {outcome.rows:,} rows in "
            f"{outcome.tables} tables, {_count(outcome.documents, 'document')} compared{lost}."
        )


@commands.command("stream")
def stream_log(
    into: Annotated[
        Path | None, typer.Argument(help="A folder at the second place, on another disk or machine.")
    ] = None,
    synchronous: Annotated[
        bool, typer.Option("--synchronous", help="No commit is acknowledged before it has arrived there.")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Let the site go on without the second place, now.")
    ] = False,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="The same, and keep no log for it any more: it will not come back."),
    ] = False,
) -> None:
    """Receive every change at a second place, until a signal. With a full backup each day, it is restored from there.

    Stopped, it goes on where it was. With --synchronous a lost site loses nothing that was acknowledged, and each
    change waits for the line: docs/runbooks/stream.md.
    """
    settings = get_settings()
    if sum((into is not None, release, forget)) != 1:
        raise OperatorError(
            "Name a folder to receive into, or choose --release or --forget. Nothing was changed."
        )
    with database_server(settings) as (ready, server):
        if forget or release:
            done = second.forget(ready) if forget else second.release(ready)
            typer.echo(
                "No commit waits for the second place."
                if done
                else "No commit waited for it. Nothing was changed."
            )
            return
        if synchronous:
            second.require_free(ready)
        assert into is not None  # noqa: S101 -- one of the three was given
        place = BackupPlace(into)
        files = keeper.local_files(ready) if server is not None else None
        typer.echo(f"Receiving into {place.folder}.")
        stream.run(place, source_of(ready), ready, files, synchronous=synchronous, say=typer.echo)


@commands.command("key")
def new_key(
    file: Annotated[Path, typer.Argument(help="Where to write the secret key; the file must not exist yet.")],
) -> None:
    """Make the key that the copy in the bucket is encrypted for. Without the file, nobody can open that copy."""
    public = keys.new(file)
    typer.echo(
        f"BACKUP_S3_RECIPIENT={public}\n\n"
        f"Put that line into .env. Keep {file} where a fire or a thief at this machine does not get it: printed in a "
        "safe, and on a medium in another building. Then delete it here: the system needs the public key alone."
    )


@commands.command("copy")
def copy_to_bucket(
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Go on in a bucket that another folder of backups was copied to before."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send to the bucket what is not there yet, and remove there what no instant of the last 30 days needs.

    The running system does this by itself, every minute. Exit status 1 unless all of it has arrived.
    """
    settings = get_settings()
    place = place_of(settings)
    place.prepare()
    known = offsite.of(settings, place, take_over=take_over)
    if known is None:
        raise OperatorError(
            "BACKUP_S3_BUCKET is not set, so there is no bucket to copy the backups to: set it and the other "
            "BACKUP_S3_ settings in .env. Nothing was sent."
        )
    done = known.turn()
    if as_json:
        shown = {"objects": done.objects, "size_bytes": done.size_bytes, "removed": done.removed}
        typer.echo(json.dumps(shown | {"remark": done.remark}, indent=2))
        return
    typer.echo(
        f"{_count(done.objects, 'object')} sent ({size(done.size_bytes)}), {done.removed:,} removed. Everything in "
        f"{place.folder} is in the bucket {settings.backup_s3_bucket}."
    )
    if done.remark is not None:
        typer.echo(done.remark)


@commands.command("fetch")
def fetch(
    into: Annotated[Path, typer.Option(help="A new folder for the backups.")],
    key: Annotated[Path, typer.Option(help="The file that aada backup key wrote.")],
    to: Annotated[
        str, typer.Option(help="An instant such as '2026-03-08 01:59:59 America/New_York', or latest.")
    ] = "latest",
    branch: Annotated[
        str | None, typer.Option(help="Which database, where several were copied: the refusal lists them.")
    ] = None,
) -> None:
    """Bring from the bucket what an instant needs, to restore it with nothing else left. Broken off, the same command
    goes on where it was.
    """
    settings = get_settings()
    bucket = bucket_of(settings)
    if bucket is None:
        raise OperatorError(
            "BACKUP_S3_BUCKET is not set: set it, and the other BACKUP_S3_ settings, as .env had them. "
            "Nothing was changed."
        )
    target = None if to.strip().lower() == "latest" else instants.parse(to, settings.zone)
    done = fetch_backups(bucket, keys.Key.read(key), into, target, settings, branch=branch, say=typer.echo)
    typer.echo(
        f"{_count(done.files, 'file')} fetched ({size(done.size_bytes)}), good for everything committed until "
        f"{local(done.plan.reaches, settings)}.\nTo restore it: aada restore --from {shlex.quote(str(into))} "
        f"--to '{to}' --into DIR"
    )


def size(size_bytes: int) -> str:
    """`8.2 MB`, `1.4 GB`."""
    if size_bytes >= 1024**3:
        return f"{size_bytes / 1024**3:,.1f} GB"
    return f"{size_bytes / 1024**2:,.1f} MB"


def local(at: datetime | None, settings: Settings) -> str:
    """A moment in the school's zone, to the second."""
    return "never" if at is None else f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}"


def _span(span: Span, settings: Settings) -> str:
    return f"{local(span.start, settings)} to {local(span.end, settings)}"


def _seconds(backup: Backup) -> str:
    return f"{(backup.ended_at - backup.started_at).total_seconds():.1f} s"


def _removed(pruned: upkeep.Pruned) -> str:
    parts = [
        *pruned.backups,
        _count(pruned.segments, "segment") + " of the log",
        _count(pruned.files, "file"),
    ]
    return f"{', '.join(parts)} ({size(pruned.size_bytes)})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
