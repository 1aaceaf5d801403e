"""`aada refund`: what a student who leaves gets back, from a case file, without a database."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from app.core.money import format_cents
from app.finance.refunds import door
from app.rules.days import long_date
from app.rules.refunds import Result

commands = typer.Typer(no_args_is_help=True, help="Refunds: what a student who leaves gets back.")
_WIDTH = 78


@commands.callback()
def _group() -> None:
    """Refunds: what a student who leaves gets back."""


@commands.command()
def preview(
    file: Annotated[
        str, typer.Option("--file", help="The case file (docs/refund-case.md); - reads standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Compute the refund of a case file. A case that cannot be computed ends with status 2, its path and a sentence."""
    try:
        result = door.preview(door.parse(_read(file)))
    except door.CaseRefused as refused:
        for fault in refused.faults:
            typer.echo(f"{fault.path}: {fault.sentence}", err=True)
        raise typer.Exit(2) from None
    # As bytes in UTF-8: the names of a case stand in the answer, whatever the terminal is set to.
    text = json.dumps(result.as_record(), ensure_ascii=False, indent=2) if as_json else _words(result)
    try:
        typer.echo(text.encode())
        sys.stdout.flush()
    except OSError as error:
        typer.echo(f"The answer could not be written ({error.strerror}).", err=True)
        raise typer.Exit(1) from None


def _read(file: str) -> bytes:
    try:
        if file == "-":
            if sys.stdin is None:
                raise OSError("standard input is closed")
            return sys.stdin.buffer.read(door.LARGEST + 1)
        with Path(file).open("rb") as opened:
            return opened.read(door.LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        typer.echo(f"$: The file {file} cannot be read ({reason}).", err=True)
        raise typer.Exit(2) from None


def _words(result: Result) -> str:
    out = [
        f"Refund: {format_cents(result.amount_cents)}, due by {long_date(result.due_on)} ({result.policy})",
        "",
    ]
    for line in result.lines:
        words = textwrap.wrap(line.text, _WIDTH) or [""]
        if line.amount_cents:
            words[-1] = f"{words[-1]:{_WIDTH}} {format_cents(line.amount_cents):>14}"
        out.extend(words)
    out += [f"{'Refund':{_WIDTH}} {format_cents(result.amount_cents):>14}", "", "Settings"]
    recorded = result.as_record()["settings"]
    out += [f"  {name} = {json.dumps(value)}" for name, value in recorded.items()]
    return "\n".join(out)
