"""`aada user`: people, from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.accounts import service
from app.core import clock
from app.core.permissions import SYSTEM, Duty, Role
from app.db.models import User
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.web.paging import Paging

commands = typer.Typer(no_args_is_help=True, help="People: create, invite, delete, restore, list.")

duties = typer.Typer(no_args_is_help=True, help="What people do at the school: give, end, list.")
commands.add_typer(duties, name="duty")

Email = Annotated[str, typer.Argument(help="The person's email address.")]


def _person(session: Session, email: str) -> User:
    user = service.find_by_email(session, _tidy(email))
    if user is None:
        raise OperatorError(f"Nobody has the email address {email}. To see everyone, run `aada user list`.")
    return user


def _tidy(email: str) -> str:
    try:
        return service.tidy_email(email)
    except ValueError as error:
        raise OperatorError(str(error)) from error


@commands.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="Full legal name.", prompt="Full legal name")],
    role: Annotated[Role, typer.Option(help="The documented role.")] = Role.STUDENT,
    duty: Annotated[
        Duty | None, typer.Option(help="For staff, instead of the duty that comes with the role.")
    ] = None,
) -> None:
    """Add a person, mail the invitation and print its link."""
    full_name = " ".join(name.split())
    if not 0 < len(full_name) <= 255:
        raise OperatorError("Enter a full legal name of 1 to 255 characters.")
    with school_database() as (database, settings), database.begin() as session:
        made = service.create_person(
            session, SYSTEM, settings, email=_tidy(email), full_name=full_name, role=role, duty=duty
        )
        _show_link(made.user, made.link)


@commands.command()
def invite(email: Email) -> None:
    """Mail and print a new link to set a password; the one before stops working."""
    with school_database() as (database, settings), database.begin() as session:
        made = service.send_link(session, SYSTEM, settings, _person(session, email).id)
        _show_link(made.user, made.link)


@commands.command()
def link(email: Email) -> None:
    """Print a one-time link to set a password, to hand over where no mail arrives; it is mailed as well."""
    invite(email)


@commands.command()
def delete(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete an account: no sign-in, in no list; all records stay."""
    with school_database() as (database, _settings):
        with database.begin() as session:
            user = _person(session, email)
        # Asked between two transactions: nothing is held while somebody thinks.
        if not yes:
            typer.confirm(f"Delete the account of {user.full_name} ({user.role.value})?", abort=True)
        with database.begin() as session:
            service.delete_person(session, SYSTEM, user.id)
        typer.echo(f"{user.full_name} is deleted. `aada user restore {user.email}` brings the account back.")


@commands.command()
def restore(email: Email) -> None:
    """Bring a deleted account back, with its password and records."""
    with school_database() as (database, _settings), database.begin() as session:
        user = service.restore_person(session, SYSTEM, _person(session, email).id)
        typer.echo(f"{user.full_name} is restored.")


@commands.command("reset-factors")
def reset_factors(
    email: Email,
    reason: Annotated[str, typer.Option(help="What was lost; kept in the history.", prompt="Reason")],
) -> None:
    """Remove a person's passkeys, authenticator apps and recovery codes after a loss; the password stays."""
    words = _reason(reason, "what was lost")
    with school_database() as (database, _settings), database.begin() as session:
        user = _person(session, email)
        keys, apps = service.reset_factors(session, user, words)
        typer.echo(
            f"{user.full_name}: {keys} passkeys and {apps} authenticator apps removed, signed out everywhere. "
            "The person is emailed."
        )


@commands.command()
def notes(
    email: Email,
    reason: Annotated[
        str, typer.Option(help="Who asked to inspect them; kept in the history.", prompt="Reason")
    ],
) -> None:
    """Print every note about a student, for whichever duties, to answer a request to inspect records."""
    words = _reason(reason, "why the notes are gathered")
    with school_database() as (database, settings), database.begin() as session:
        user = _person(session, email)
        found = service.gather_notes(session, user.id, words)
        typer.echo(f"{len(found)} {'note' if len(found) == 1 else 'notes'} about {user.full_name}")
        for one in found:
            at = f"{one.note.written_at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
            typer.echo(f"\n{at}, {one.note.author_name}, for: {one.audience}")
            if one.superseded_by:
                typer.echo("A later note takes the place of this one.")
            typer.echo(one.note.body)


def _reason(text: str, what: str) -> str:
    words = " ".join(text.split())
    if not 0 < len(words) <= 500:
        raise OperatorError(f"Say in 1 to 500 characters {what}.")
    return words


@commands.command("list")
def list_users(
    q: Annotated[str, typer.Argument(help="Text in the name or email address.")] = "",
    role: Annotated[Role | None, typer.Option(help="Only these.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted people instead.")] = False,
) -> None:
    """List people, at most 1000."""
    with school_database() as (database, settings), database.begin() as session:
        page = service.list_people(session, SYSTEM, Paging(q=q, per_page=1000), role, deleted=deleted).page()
        table = Table(box=None)
        for heading in ("Number", "Name", "Email address", "Role", "Status", "Last sign-in"):
            table.add_column(heading, overflow="fold")
        for user in page.items:
            seen = user.last_sign_in_at
            table.add_row(
                str(user.id),
                user.full_name,
                user.email,
                user.role.value,
                service.status_of(user),
                f"{seen.astimezone(settings.zone):%Y-%m-%d %H:%M}" if seen else "never",
            )
    console = Console()
    console.print(table)
    console.print(f"{len(page.items)} of {page.total}")


# Duties


@duties.command("list")
def list_duties(email: Email) -> None:
    """Show every duty a person was given."""
    with school_database() as (database, settings), database.begin() as session:
        user = _person(session, email)
        held = service.duties_of_people(session, SYSTEM, settings, [user])[user.id]
        table = Table(box=None)
        for heading in ("Number", "Duty", "First day", "Last day", "Status", "Reason"):
            table.add_column(heading, overflow="fold")
        for line in service.list_duties(session, SYSTEM, settings, user.id):
            ends = line.ends_on.isoformat() if line.ends_on else "no end"
            table.add_row(
                str(line.id), line.duty.value, line.starts_on.isoformat(), ends, line.state, line.reason
            )
    console = Console()
    console.print(table)
    console.print(f"Today: {', '.join(duty.value for duty in held) or 'none'}")


@duties.command()
def give(
    email: Email,
    duty: Annotated[Duty, typer.Argument(help="The duty.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the history.", prompt="Reason")],
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; today unless given.")
    ] = None,
    last_day: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; no end unless given.")
    ] = None,
) -> None:
    """Give a member of staff a duty; both days are included."""
    with school_database() as (database, settings), database.begin() as session:
        user = _person(session, email)
        given = service.give_duty(
            session,
            SYSTEM,
            settings,
            user.id,
            duty,
            starts_on=first_day.date() if first_day else clock.today(settings.zone),
            ends_on=last_day.date() if last_day else None,
            reason=reason,
        )
        typer.echo(f"{user.full_name} has the duty {duty.value} from {given.starts_on}, number {given.id}.")


@duties.command()
def end(
    number: Annotated[int, typer.Argument(help="The number shown by `aada user duty list`.", min=1)],
    reason: Annotated[str, typer.Option(help="Why; kept in the history.", prompt="Reason")],
    last_day: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Last day; ends now unless given.")
    ] = None,
) -> None:
    """End a duty now, or set its last day. The person stays signed in."""
    with school_database() as (database, settings), database.begin() as session:
        day = last_day.date() if last_day else None
        service.end_duty(session, SYSTEM, settings, number, last_day=day, reason=reason)
        typer.echo(f"The duty number {number} ends {f'after {day}' if day else 'now'}.")


def _show_link(user: User, link: str | None) -> None:
    typer.echo(f"{user.full_name} <{user.email}>, {user.role.value}. One-time link to set a password:")
    typer.echo(link or "")
