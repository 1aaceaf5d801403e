"""The first start of a new installation: the demo school if asked for, and the first administrator."""

from __future__ import annotations

import subprocess
import sys

import typer
from sqlalchemy import select

from app.accounts import service as accounts
from app.core.smtp import MailServer
from app.db.models import User
from app.db.session import Database
from app.documents import service as documents
from app.ops import keys
from app.ops.errors import OperatorError
from app.school import service as school
from app.settings import Settings


def run(settings: Settings, database: Database, *, demo: bool) -> list[str]:
    """Do what an empty database needs; return the lines to show above the address.

    As long as no administrator has a password, each start makes a link to set one: a lost link locks nobody out.
    """
    with database.begin() as session:
        empty = session.scalar(select(User.id).limit(1)) is None
    lines = []
    if demo and empty:
        typer.echo("· creating the demo school: 200 students over two years, a minute or two")
        _seed()
    elif demo:
        lines.append(
            "The demo school was not added, and nothing was changed: it needs an empty database, and this one already "
            "has people in it. To keep both, give the demo a directory of its own: DATA_DIR=/tmp/demo."
        )
    with database.begin() as session:
        known = school.ensure(session, settings)
        keys.note_use(session, settings)
        documents.ensure_keys(session, school.effective_settings(settings, known))
        link = accounts.ensure_first_admin(session, settings)
    if link is not None:
        lines += ["Open this link to choose the administrator's password. It works once:", f"  {link}"]
    lines.append(
        "No mail server is set (SMTP_URL): email is kept in the outbox and not sent."
        if settings.smtp_url is None
        else MailServer.of(settings.smtp_url).description
    )
    return lines


def _seed() -> None:
    # A command of its own: it shares the running server, and may be run by hand just the same.
    if subprocess.run([sys.executable, "-m", "app.cli", "seed"], check=False).returncode != 0:
        raise OperatorError("The demo school could not be created; the message above says why.")
