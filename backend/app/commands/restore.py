"""`aada restore`: the school as it was at an instant, in a new folder."""

from __future__ import annotations

import json
import os
import pwd
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.backup import AsJson, local, size
from app.ops.backup import instants, plan
from app.ops.backup.place import BackupPlace, place_of
from app.ops.backup.plan import Plan
from app.ops.backup.restore import Restored
from app.ops.backup.restore import restore as restore_backup
from app.ops.errors import OperatorError
from app.settings import Settings, get_settings

commands = typer.Typer(help="Restore an instant into a new folder; without --into, show the plan.")


@commands.callback(invoke_without_command=True)
def restore(
    to: Annotated[
        str, typer.Option(help="An instant such as '2026-03-08 01:59:59 America/New_York', or latest.")
    ],
    into: Annotated[
        Path | None, typer.Option(help="A new folder, to be used as DATA_DIR. Without it nothing is changed.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Where the backups are; else BACKUP_DIR.")
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            help="Which database, where several were backed up to one folder: the refusal lists them."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Restore the school as it was at an instant: everything committed until then, and the files that belong to it.

    The running system is not touched. The plan is shown first; with --into it is carried out.
    """
    settings = get_settings()
    place = place_of(settings) if source is None else BackupPlace(source)
    target = None if to.strip().lower() == "latest" else instants.parse(to, settings.zone)
    wanted = plan.make(place, target, settings, branch=branch)
    if not as_json:
        _show(wanted, settings)
    if into is None:
        if as_json:
            typer.echo(json.dumps(_plan_as_json(wanted), indent=2))
        else:
            more = (f" --from {shlex.quote(str(source))}" if source else "") + (
                f" --branch {branch}" if branch else ""
            )
            typer.echo(f"\nNothing was changed. To restore it: aada restore --to '{to}'{more} --into DIR")
        return
    done = restore_backup(place, wanted, into, settings, _quiet if as_json else typer.echo)
    if as_json:
        typer.echo(json.dumps(_plan_as_json(done.plan) | _summary_as_json(done), indent=2))
    else:
        _summarize(done, settings)
    if done.missing_files:
        raise OperatorError(
            f"{len(done.missing_files)} files that records of that instant point to are not in the backup. Everything "
            f"else is in {done.into}, which can be used. Copy them from the old DATA_DIR/files if that is left (the "
            "names are shown as Missing)."
        )


def _quiet(_line: str) -> None:
    return


def _show(wanted: Plan, settings: Settings) -> None:
    what = "the latest there is" if wanted.target is None else local(wanted.target, settings)
    typer.echo(f"Restore {what}")
    if wanted.target is not None:
        typer.echo(f"  in UTC    {wanted.target:%Y-%m-%d %H:%M:%S}")
    typer.echo(f"  Database  {wanted.branch}")
    first, *more = wanted.chain
    typer.echo(f"  Backup    {first.id} ({size(first.restored_bytes)})")
    if more:
        typer.echo(f"            and {len(more)} that build on it, to {more[-1].id}")
    names = f", {wanted.log[0].name} to {wanted.log[-1].name}" if wanted.log else ""
    typer.echo(f"  Log       {len(wanted.log)} segments{names}")
    typer.echo(f"  Needs     {size(wanted.needed_bytes)} in the new folder, while it is filled")
    typer.echo(
        "  Brings    every transaction committed until "
        + ("the end of the log, about " if wanted.target is None else "")
        + local(wanted.reaches, settings)
    )
    typer.echo(
        "  Does not  bring anything after that; what is in memory or was never saved; .env and other settings"
        + ("; files in the bucket" if settings.s3_bucket else "")
    )


def _summarize(done: Restored, settings: Settings) -> None:
    typer.echo(f"\nRestored in {done.seconds:.1f} s into {done.into}")
    typer.echo(f"  Last transaction  {local(done.last_commit_at, settings)}")
    typer.echo("  Rows              " + ", ".join(f"{count:,} {name}" for name, count in done.rows.items()))
    typer.echo(f"  Files             {done.files:,}")
    for line in done.missing_files[:10]:
        typer.echo(f"  Missing           {line}")
    typer.echo(
        "\nLook at it, without sending email, running jobs or touching the backups (docs/runbooks/restore.md, 4):\n"
        f"  {_as_the_same_user()}env DATA_DIR={shlex.quote(str(done.into))} APP_ORIGIN=http://localhost:8010 "
        "CONTENT_ORIGIN=http://127.0.0.1:8010 SMTP_URL= BACKUP_DIR= ENVIRONMENT=development "
        ".venv/bin/aada serve --no-jobs\n"
        f"To go on with it, stop the school, set DATA_DIR={done.into} in .env, and start it (5)."
    )


def _as_the_same_user() -> str:
    """What to put before a command, for whoever came here with sudo and is somebody else in their own shell."""
    if "SUDO_USER" not in os.environ:
        return ""
    return f"sudo -u {pwd.getpwuid(os.geteuid()).pw_name} "


def _plan_as_json(wanted: Plan) -> dict[str, Any]:
    return {
        "branch": wanted.branch,
        "target": None if wanted.target is None else wanted.target.isoformat(),
        "reaches": wanted.reaches.isoformat(),
        "backups": [one.id for one in wanted.chain],
        "segments": [one.name for one in wanted.log],
        "needed_bytes": wanted.needed_bytes,
    }


def _summary_as_json(done: Restored) -> dict[str, Any]:
    return {
        "into": str(done.into),
        "seconds": round(done.seconds, 3),
        "last_transaction": None if done.last_commit_at is None else done.last_commit_at.isoformat(),
        "rows": done.rows,
        "files": done.files,
        "missing_files": list(done.missing_files),
    }
