"""`aada school`: the institution's facts, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.school import service
from app.school.facts import SchoolFacts
from app.school.schemas import FactsPatch
from app.web.forms import sentence

commands = typer.Typer(no_args_is_help=True, help="The institution's facts: name, address, zone.")


@contextmanager
def school_session() -> Iterator[Session]:
    """One transaction on the school's database; a refusal is one sentence."""
    with school_database() as (database, settings), database.begin() as session:
        service.ensure(session, settings)
        yield session


@commands.command()
def show() -> None:
    """Show the institution's facts and who signs for it."""
    with school_session() as session:
        _show(service.facts(session))


@commands.command("set")
def change(
    facts: Annotated[
        list[str],
        typer.Argument(help="NAME=VALUE, such as city=Atlanta; `aada school show` lists the names."),
    ],
    confirm_zone: Annotated[
        bool, typer.Option("--confirm-zone", help="Change the time zone although attendance is recorded.")
    ] = False,
) -> None:
    """Change facts, such as: aada school set legal_name="Peachtree Dental College" city=Atlanta"""
    given: dict[str, str] = {}
    for item in facts:
        name, sign, value = item.partition("=")
        if not sign or name not in FactsPatch.model_fields or name == "zone_confirmed":
            raise OperatorError(f"“{item}” is not NAME=VALUE with one of the names of `aada school show`.")
        given[name] = value.replace("\\n", "\n")
    try:
        wanted = FactsPatch.model_validate(
            {name: value or None for name, value in given.items()} | {"zone_confirmed": confirm_zone}
        )
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = f"{fault['loc'][0]}: " if fault["loc"] else ""
        raise OperatorError(field + sentence(fault)) from None
    with school_session() as session:
        _show(service.update(session, SYSTEM, wanted, only=service.fields_of(wanted)))


def _show(facts: SchoolFacts) -> None:
    lines = {
        "legal_name": facts.legal_name,
        "short_name": facts.short_name,
        "address": "\\n".join(facts.address_lines),
        "city": facts.city,
        "state": facts.state,
        "zip_code": facts.zip_code,
        "phone": facts.phone,
        "website": facts.website,
        "authorization_number": facts.authorization_number,
        "time_zone": facts.zone.key,
        "fiscal_year_month": facts.fiscal_year_month,
        "fiscal_year_day": facts.fiscal_year_day,
        "primary_color": facts.primary_color,
        "accent_color": facts.accent_color,
    }
    for name, value in lines.items():
        typer.echo(f"{name:<22}{value}")
    typer.echo(f"{'logo':<22}{facts.logo.media_type if facts.logo else 'none'}")
    for one in facts.signatories:
        typer.echo(
            f"{'signatory':<22}{one.name}, {one.title}, from {one.first_day} to {one.last_day or 'now'}"
        )
