"""`aada docs`: pages of the documentation that are written from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.ops import refund_docs
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
    _write_or_check({out: markdown()}, "schema", check=check)


@commands.command()
def refunds(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = CHECKOUT / "docs",
    check: Annotated[
        bool, typer.Option("--check", help="Only check whether the files are up to date.")
    ] = False,
) -> None:
    """Write docs/refund-case.md and docs/refund-case.schema.json, the case file of a refund, from its shapes."""
    pages = {
        folder / "refund-case.md": refund_docs.markdown(),
        folder / "refund-case.schema.json": refund_docs.schema(),
    }
    _write_or_check(pages, "refunds", check=check)


def _write_or_check(pages: dict[Path, str], name: str, *, check: bool) -> None:
    for out, page in pages.items():
        if check:
            if not out.is_file() or out.read_text(encoding="utf-8") != page:
                raise OperatorError(f"{out} does not match the code. Update it with `aada docs {name}`.")
            typer.echo(f"{out} is up to date.")
            continue
        try:
            out.write_text(page, encoding="utf-8")
        except OSError as error:
            raise OperatorError(f"{out} cannot be written ({error.strerror}).") from error
        typer.echo(f"Wrote {out}")
