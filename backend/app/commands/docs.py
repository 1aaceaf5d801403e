"""`aada docs`: pages of the documentation that are written from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.ops.errors import OperatorError
from app.ops.schema_docs import markdown
from app.settings import CHECKOUT

commands = typer.Typer(no_args_is_help=True, help="Documentation generated from the code.")

SCHEMA_PAGE = CHECKOUT / "docs" / "database.md"


@commands.callback()
def _group() -> None:
    """Documentation that is written from the code."""


@commands.command()
def schema(
    out: Annotated[Path, typer.Option(help="File to write.")] = SCHEMA_PAGE,
    check: Annotated[
        bool, typer.Option("--check", help="Only check whether the file is up to date.")
    ] = False,
) -> None:
    """Write docs/database.md, the reference of every table, from the models."""
    page = markdown()
    if check:
        if not out.is_file() or out.read_text(encoding="utf-8") != page:
            raise OperatorError(f"{out} does not match the models. Update it with `aada docs schema`.")
        typer.echo(f"{out} is up to date.")
        return
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{out} cannot be written ({error.strerror}).") from error
    typer.echo(f"Wrote {out}")
