"""`aada ledger`: the balances that the pages show, against the postings they are added up from."""

from __future__ import annotations

import typer

from app.finance.ledger.balances import service as balances
from app.ops.school_database import school_database

commands = typer.Typer(no_args_is_help=True, help="The ledger: its balances, and the postings behind them.")


@commands.callback()
def _group() -> None:
    """The ledger: its balances, and the postings behind them."""


@commands.command()
def verify() -> None:
    """Add up every posting: each transaction sums to zero, each balance is right. Ends with status 1 otherwise."""
    with school_database() as (database, _settings), database.begin() as session:
        found = balances.check(session)
    if not found.differences:
        typer.echo("Every transaction balances, and every balance agrees with the postings.")
        return
    for sentence in found.named:
        typer.echo(sentence)
    if found.differences > len(found.named):
        typer.echo(f"... and {found.differences - len(found.named):,} more")
    typer.echo("The postings are right. Run `aada ledger rebuild` to add up the balances again.", err=True)
    raise typer.Exit(1)


@commands.command()
def rebuild() -> None:
    """Add up the balances again. Posting waits meanwhile: seconds for a million postings."""
    with school_database() as (database, _settings), database.begin() as session:
        mended = balances.rebuild(session)
    typer.echo(
        f"{mended:,} wrong {'balance' if mended == 1 else 'balances'} put right."
        if mended
        else "Every balance was right."
    )
