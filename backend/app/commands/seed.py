"""`aada seed`: the demo school."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

import typer

from app.db.session import Database
from app.demo import issue_samples, seed_demo_school
from app.demo.agreements import write_agreements
from app.demo.film import upload_film
from app.demo.grades import write_reviews
from app.demo.receipts import write_receipts
from app.demo.sent_back import send_refund_back
from app.demo.transcripts import write_transcripts
from app.demo.written import write_work
from app.ops import migrations
from app.ops.backup import second
from app.ops.servers import database_server
from app.settings import get_settings

commands = typer.Typer(invoke_without_command=True, help="Fill an empty database with the demo school.")


@commands.callback()
def seed(
    seed: Annotated[int, typer.Option(help="The same number creates the same school.")] = 1,
    students: Annotated[int, typer.Option(min=1, max=2000, help="How many students.")] = 200,
    date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The day on which the demo history ends, at noon; now unless given."
        ),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(help="Everyone's password, at least 15 characters; generated unless given."),
    ] = None,
) -> None:
    """Fill an empty database with a demo school: two years of students, hours, lessons and paperwork."""
    settings = get_settings()
    moment = None if date is None else datetime.combine(date.date(), time(12), settings.zone)
    with database_server(settings) as (reached, _server):
        second.give_way(reached)
        migrations.require_head(reached)
        database = Database(reached)
        try:
            summary = seed_demo_school(
                database, reached, seed=seed, students=students, moment=moment, password=password
            )
            write_reviews(database, reached)
            issue_samples(database, reached)
            write_transcripts(database, reached)
            write_receipts(database, reached)
            write_agreements(database, reached)
            send_refund_back(database)
            write_work(database, reached)
            film = upload_film(database, reached)
        finally:
            database.close()
    counts = summary.rows
    lessons = counts["lessons"] + (film is not None)
    typer.echo(
        f"The demo school is ready: {counts['programs']} programs, {counts['modules']} modules, "
        f"{lessons} lessons, {counts['users']} people, {counts['enrollments']} enrollments, "
        f"{counts['attendance']} attendance records."
    )
    typer.echo("Sign in as")
    for person in summary.sign_ins:
        typer.echo(f"  {person.email:<34} {person.full_name} ({person.post})")
    typer.echo(f"with the password  {summary.password}")
    if password is None:
        typer.echo("It was created for this demo and is shown only now.")
