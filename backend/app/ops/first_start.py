"""The first start of a new installation: the demo school if asked for, and the first administrator."""

from __future__ import annotations

import subprocess
import sys

from sqlalchemy import select

from app.db.models import User
from app.db.session import Database
from app.ops.errors import OperatorError
from app.settings import Settings


def run(settings: Settings, database: Database, *, demo: bool) -> list[str]:
    """Do what an empty database needs; return the lines to show above the address."""
    with database.begin() as session:
        empty = session.scalar(select(User.id).limit(1)) is None
    if demo and empty:
        _seed()
    elif demo:
        return ["The demo school is only added to an empty database; this one has people in it."]
    return []


def _seed() -> None:
    # A command of its own: it shares the running server, and may be run by hand just the same.
    if subprocess.run([sys.executable, "-m", "app.cli", "seed"], check=False).returncode != 0:
        raise OperatorError("The demo school could not be made; the message above says why.")
