"""`aada doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import Database
from app.ops import migrations
from app.ops.doctor import examination
from app.ops.doctor.findings import Finding, Level
from app.ops.errors import OperatorError
from app.ops.servers import database_server
from app.settings import Settings, SettingsError, inspect_settings

commands = typer.Typer(help="Check the configuration: what is wrong, and what to do.")
_COLORS = {Level.OK: typer.colors.GREEN, Level.WARNING: typer.colors.YELLOW, Level.PROBLEM: typer.colors.RED}
_ORDER = (Level.PROBLEM, Level.WARNING, Level.OK)
_LEVEL_WIDTH, _CHECK_WIDTH = 9, 15


@commands.callback(invoke_without_command=True)
def doctor(
    mail_to: Annotated[
        str | None, typer.Option(help="Send a test message to this address, and show the server's answer.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Check this installation. Exit status 0 only when nothing is a problem; warnings do not count.

    Everything that can be checked is checked, also without a database. The outcome is shown on the Operations page.
    """
    settings, wrong = inspect_settings()
    found = examination.examine_everything(settings, wrong, mail_to)
    if examination.not_to_be_joined(settings, wrong) is None and not wrong:
        _keep(settings, found)
    report(found, as_json)


def report(found: list[Finding], as_json: bool) -> None:
    """Print the findings. Raises typer.Exit with status 1 if one is a problem."""
    if as_json:
        rows = [{"check": one.check, "level": one.level, "says": one.says, "do": one.do} for one in found]
        worst = min((one.level for one in found), key=_ORDER.index)
        typer.echo(json.dumps({"status": worst, "findings": rows}, indent=2, ensure_ascii=False))
    else:
        _show(found)
    if any(one.level is Level.PROBLEM for one in found):
        raise typer.Exit(1)


def _keep(settings: Settings, found: list[Finding]) -> None:
    """For the Operations page. Where there is no database to keep it in, it was shown here."""
    try:
        with database_server(settings) as (ready, _server):
            migrations.require_head(ready)
            database = Database(ready)
            try:
                with database.begin() as session:
                    examination.record(session, found, alert=False)
            finally:
                database.close()
    except (OperatorError, SettingsError, SQLAlchemyError, OSError):
        return


def _show(found: list[Finding]) -> None:
    width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))
    indent = " " * (_LEVEL_WIDTH + _CHECK_WIDTH)
    for one in sorted(found, key=lambda one: _ORDER.index(one.level)):
        head = f"{one.level.value:<{_LEVEL_WIDTH}}{one.check:<{_CHECK_WIDTH}}"
        says = textwrap.fill(
            one.says, width, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False
        )
        typer.echo(typer.style(says[:_LEVEL_WIDTH], fg=_COLORS[one.level], bold=True) + says[_LEVEL_WIDTH:])
        if one.do:
            typer.echo(
                textwrap.fill(
                    one.do,
                    width,
                    initial_indent=f"{indent}→ ",
                    subsequent_indent=f"{indent}  ",
                    break_on_hyphens=False,
                    break_long_words=False,
                )
            )
    counted = Counter(one.level for one in found)
    typer.echo(
        f"\n{counted[Level.PROBLEM]} problem{'' if counted[Level.PROBLEM] == 1 else 's'}, "
        f"{counted[Level.WARNING]} warning{'' if counted[Level.WARNING] == 1 else 's'}, {counted[Level.OK]} ok"
    )
