"""`aada policy`: the school's dated policies, from the command line."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

import app.ops.retention  # noqa: F401 - the retention policy knows every kind
from app.commands.school import school_session
from app.core import clock
from app.core.permissions import SYSTEM
from app.ops.errors import OperatorError
from app.school import policies, service
from app.school.kinds import PolicyKind
from app.school.policies import DatedPolicy

commands = typer.Typer(
    no_args_is_help=True,
    help="Dated policies: attendance, progress, password, second factor, retention, storage, agreement.",
)
Kind = Annotated[PolicyKind, typer.Argument(help="Which policy.")]


@commands.command("list")
def list_versions(kind: Annotated[PolicyKind | None, typer.Argument(help="Only this kind.")] = None) -> None:
    """List every version, the newest first."""
    with school_session() as session:
        for one in [kind] if kind else list(PolicyKind):
            for version in policies.versions(session, SYSTEM, one):
                typer.echo(_line(version))


@commands.command()
def show(
    kind: Kind,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today without it.")
    ] = None,
) -> None:
    """Show the version in force on a day."""
    with school_session() as session:
        day = on.date() if on else clock.today(service.facts(session).zone)
        found: DatedPolicy[Any] = policies.at(session, kind, day)
        typer.echo(_line(found))
        for name, value in found.values.model_dump(mode="json").items():
            typer.echo(f"  {name:<28}{value}")


@commands.command()
def add(
    kind: Kind,
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE; what is left out stays as before.")],
    effective: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    approved_by: Annotated[str, typer.Option(help="Who approved it.", prompt="Approved by")],
    note: Annotated[str, typer.Option(help="Why, for those who read it later.")] = "",
) -> None:
    """Add a version, such as: aada policy add password minimum_characters=16 --from 2027-01-01"""
    given: dict[str, object] = {}
    for item in values:
        name, sign, text = item.partition("=")
        if not sign:
            raise OperatorError(
                f"“{item}” is not NAME=VALUE; `aada policy show {kind.value}` lists the names."
            )
        given[name] = text
    with school_session() as session:
        made = policies.add(
            session,
            SYSTEM,
            kind,
            effective_from=effective.date(),
            values=given,
            approved_by=" ".join(approved_by.split()) or "Not named",
            note=note,
            today=clock.today(service.facts(session).zone),
        )
        typer.echo(_line(made))


def _line(one: DatedPolicy[Any]) -> str:
    values = json.dumps(one.values.model_dump(mode="json"))
    state = "used" if one.used_at else "not used yet"
    since = f"from {one.effective_from}, approved by {one.approved_by}, {state}"
    return f"{one.kind.value} {one.version}, {since}: {values}"
