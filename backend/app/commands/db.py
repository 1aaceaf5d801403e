"""`aada db`: the database, from start to explain."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from sqlalchemy.engine import make_url

from app.commands.doctor import report
from app.db.session import libpq_url
from app.ops import dumps, migrations, roles, student_rows
from app.ops.backup import second
from app.ops.database_roles import service as database_roles
from app.ops.database_roles.kinds import MIGRATOR
from app.ops.doctor import examination, wear
from app.ops.doctor.findings import Installation
from app.ops.errors import OperatorError
from app.ops.postgres import find_pg17
from app.ops.servers import (
    check_server,
    connect,
    database_server,
    embedded_server,
    with_url,
)
from app.settings import Settings, get_settings

commands = typer.Typer(no_args_is_help=True, help="The database: start, stop, migrate, inspect.")


def _embedded_only(settings: Settings, act: str) -> None:
    if settings.database_url is not None:
        place = make_url(settings.database_url).render_as_string(hide_password=True)
        raise OperatorError(f"DATABASE_URL is set ({place}), and the system does not {act} that server.")


@commands.command()
def start(
    port: Annotated[int | None, typer.Option(help="TCP port on 127.0.0.1, kept for the next starts.")] = None,
) -> None:
    """Start the embedded server and leave it running."""
    settings = get_settings()
    _embedded_only(settings, "start")
    server = embedded_server(settings, port=port)
    server.start(keep_running=True)
    try:
        server.ensure_database()
    finally:
        server.stop()  # lets go of it: it runs on until `aada db stop`
    typer.echo(f"PostgreSQL {server.programs.version} runs on 127.0.0.1:{server.port}, data in {server.data}")


@commands.command()
def stop(
    force: Annotated[bool, typer.Option(help="Stop it even while a process uses it.")] = False,
) -> None:
    """Stop the embedded server; what was committed is kept."""
    settings = get_settings()
    _embedded_only(settings, "stop")
    stopped = embedded_server(settings).shut_down(force=force)
    typer.echo("The database is stopped." if stopped else "The database was not running.")


@commands.command()
def status() -> None:
    """Show whether the database runs, and where. Exit status 3 when it does not."""
    settings = get_settings()
    if settings.database_url is not None:
        version = check_server(settings)
        place = make_url(settings.database_url)
        typer.echo(f"PostgreSQL {version} answers at {place.host or 'the local socket'}:{place.port or 5432}")
        return
    found = embedded_server(settings).status()
    if not found.running:
        made = f"created by PostgreSQL {found.version}" if found.version else "not created yet"
        typer.echo(f"not running; data in {found.data} ({made})")
        raise typer.Exit(3)
    typer.echo(f"running on 127.0.0.1:{found.port}, process {found.pid}, data in {found.data}")


@commands.command()
def url(
    app: Annotated[bool, typer.Option("--app", help="The system's own role instead of the owner.")] = False,
) -> None:
    """Print the database's URL, password included."""
    settings = get_settings()
    if settings.database_url is None:
        settings = with_url(settings, embedded_server(settings).url())
    typer.echo(libpq_url(settings.app_database_url if app else settings.owner_database_url))


@commands.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database as its owner; arguments go to psql."""
    with database_server(get_settings()) as (settings, server):
        programs = server.programs if server else find_pg17()
        target = settings.owner_database_url
        environment = dict(os.environ)
        if (
            target.password is not None
        ):  # not on the command line, where every user of the machine could read it
            environment["PGPASSWORD"] = str(target.password)
        # Ctrl-C cancels psql's query; it must not end this program, which holds the server.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            done = subprocess.run(
                [programs.tool("psql"), libpq_url(target, password=False), *context.args],
                env=environment,
                check=False,
                preexec_fn=_default_interrupt,
            )
        finally:
            signal.signal(signal.SIGINT, before)
    raise typer.Exit(done.returncode)


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@commands.command()
def dump(
    file: Annotated[Path, typer.Argument(help="A new file, such as aada.sql.gz; it holds every record.")],
) -> None:
    """Write the database to a compressed SQL file, as it is at this moment. The files of the school are not in it."""
    with database_server(get_settings()) as (settings, _server):
        size_bytes = dumps.dump(settings, file)
    typer.echo(f"{file}: {size_bytes / 1024**2:,.1f} MB. Keep .env and the files with it.")


@commands.command()
def load(
    file: Annotated[Path, typer.Argument(help="What `aada db dump` wrote, or pg_dump with gzip.")],
) -> None:
    """Load a dump into an empty database, all of it or nothing. Stop the system first."""
    with database_server(get_settings()) as (settings, _server):
        second.give_way(settings)
        dumps.load(settings, file)
    typer.echo(f"{file} was loaded. Now run: aada db migrate")


@commands.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="A revision, or head.")] = "head",
) -> None:
    """Bring the database to the system's revision, and set the password of its role."""
    with database_server(get_settings()) as (settings, _server):
        second.give_way(settings)
        applied = migrations.upgrade(settings, revision)
        if migrations.state(settings).up_to_date:
            # First: whatever else fails, columns that hold secrets are closed to those who read the tables.
            for left in database_roles.what_repair_leaves(settings):
                typer.echo(left)
            roles.set_app_password(settings)
            if restored := student_rows.restore(settings):
                typer.echo(f"made policies and rights of students’ rows again: {', '.join(restored)}")
        for step in applied:
            typer.echo(f"applied {step}")
        if not applied:
            typer.echo("The database is up to date.")


@commands.command()
def check() -> None:
    """Check server, revision and role; exit status 1 with the first thing that is wrong."""
    with database_server(get_settings()) as (settings, _server):
        typer.echo(f"PostgreSQL {check_server(settings)}")
        migrations.require_head(settings)
        typer.echo(f"revision {migrations.state(settings).current}, as this version needs")
        roles.check_app_role(settings)
        typer.echo(f"role {settings.app_database_url.username} signs in")


@commands.command("roles")
def look_after_roles(
    apply: Annotated[bool, typer.Option("--apply", help="Make and repair them.")] = False,
    passwords: Annotated[
        Path, typer.Option(help="A new file for the addresses, with passwords, of roles that are made.")
    ] = Path("database-roles.env"),
    renew: Annotated[
        list[str] | None,
        typer.Option(help="Give this role another password, and change nothing else; may be given again."),
    ] = None,
) -> None:
    """Show the roles of the database, what each may, and what is not as it should be; --apply mends that.

    It may be run at any time, and twice. Exit status 1 while something differs. Passwords are shown nowhere but in the
    new file.
    """
    with database_server(get_settings()) as (settings, _server):
        if apply or renew:
            _bring_roles(settings, passwords, renew or [], apply=apply)
        place, steps = database_roles.look(settings)
    names = [kind.name for kind in database_roles.what_each_may(place)]
    width = max(map(len, (*names, place.owner)))
    typer.echo(f"{place.owner:<{width}}  owns the tables: may do everything in this database")
    for kind in database_roles.what_each_may(place):
        signs_in = "signs in" if kind.signs_in else "never signs in"
        typer.echo(f"{kind.name:<{width}}  {signs_in}; may {kind.may}")
    if place.owner_is_superuser:
        typer.echo(
            f"No {MIGRATOR}: the tables belong to {place.owner}, a superuser, and who may become that may do anything."
        )
    if not steps:
        typer.echo("Everything is as it should be.")
        return
    typer.echo(f"\nNot as it should be ({len(steps)}):")
    for step in steps:
        typer.echo(f"{step.role:<{width}}  {step.says}")
    raise OperatorError(
        "Some of it is for the server's administrator, as shown."
        if apply
        else "Mend it with: aada db roles --apply. Only passwords were changed."
        if renew
        else "Mend it with: aada db roles --apply. Nothing was changed."
    )


def _bring_roles(settings: Settings, passwords: Path, renew: list[str], *, apply: bool) -> None:
    done = database_roles.bring(settings, passwords, renew, apply=apply)
    if done.made:
        typer.echo(
            f"{', '.join(done.made)}: addresses with passwords are in {passwords}, for you alone to read. They are "
            "shown nowhere else."
        )
    for line in done.refused:
        typer.echo(f"For the server's administrator, in this database: {line};")
    if apply:
        typer.echo(f"{len(done.steps)} changes made.")
    typer.echo()


@commands.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Look for what wears out: indexes that are missing, broken or unused, room of removed rows, sequences and
    transaction numbers near their end, failed checksums, changed sort rules, an old release. Exit status 1 with a
    problem. Changes nothing.
    """
    with database_server(get_settings()) as (settings, server), connect(settings) as connection:
        known = Installation(settings, database=connection, embedded=server is not None)
        report(examination.examine(known, wear.CHECKS), as_json)


@commands.command()
def explain(query: Annotated[str, typer.Argument(help="One SQL statement.")]) -> None:
    """Run a statement as the system's role, show its plan, times and buffers, and roll it back."""
    with (
        database_server(get_settings()) as (settings, _server),
        connect(settings, settings.app_database_url) as connection,
        connection.cursor(binary=True) as cursor,  # the binary protocol takes one statement only
    ):
        try:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query}".encode())
            lines = [str(row[0]) for row in cursor]
        except psycopg.Error as error:
            reason = error.diag.message_primary or " ".join(str(error).split())
            raise OperatorError(f"PostgreSQL refuses the statement: {reason}.") from error
        finally:
            connection.rollback()
    typer.echo("\n".join(lines))
