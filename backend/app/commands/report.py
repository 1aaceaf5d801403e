"""`aada report`: the school's reports as files, the same that the pages offer."""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer
from typer.core import TyperCommand, TyperGroup

import app.ops.reports  # noqa: F401 - what is on offer
from app.core.errors import Invalid, Problem
from app.core.permissions import SYSTEM
from app.documents.service import report_writer
from app.ops.errors import OperatorError
from app.ops.school_database import school_database
from app.web.paging import MAX_SEARCH, Paging
from app.web.reports import register_pdf, registry
from app.web.reports.registry import Asked, Offer


class _Reports(TyperGroup):
    """An unknown name is answered with those that there are."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing:
            names = ", ".join(one.name for one in registry.every())
            ctx.fail(f"There is no report “{cmd_name}”. The reports are: {names}.")
        return found


class _Report(TyperCommand):
    """An unknown filter is answered with those that there are."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            wrong = getattr(error, "option_name", None)
            offer = registry.named(str(ctx.info_name))
            if wrong is None or not hasattr(error, "possibilities") or offer is None:
                raise
            known = ", ".join(f"--{one}" for one in offer.filters)
            sentence = f"Its filters are: {known}." if known else "It has none; --search narrows it."
            ctx.fail(f"The report {offer.name} has no filter “{wrong}”. {sentence}")
            raise


commands = typer.Typer(cls=_Reports, no_args_is_help=True, help="Reports as files: CSV, XLSX, PDF, JSON.")


class Format(StrEnum):
    """What a report can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    JSON = "json"


@commands.callback()
def _group() -> None:
    """Reports as files: CSV, XLSX, PDF, JSON."""


@commands.command("list")
def list_reports(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Every report with its filters and groupings."""
    offers = registry.every()
    if as_json:
        typer.echo(json.dumps([_described(one) for one in offers], ensure_ascii=False))
        return
    for one in offers:
        found = _described(one)
        typer.echo(f"{one.name}: {one.sentence}")
        for label, words in (("filters", found["filters"]), ("groups", found["groups"])):
            if words:
                typer.echo(f"    {label}: {', '.join(words)}")


def _described(offer: Offer) -> dict[str, Any]:
    return {
        "name": offer.name,
        "title": offer.report.title,
        "group": offer.group.value,
        "sentence": offer.sentence,
        "page": offer.path,
        "filters": {name: [value for value, _text in one.choices] for name, one in offer.filters.items()},
        "groups": [one.name for one in offer.report.groupings],
    }


def _write(
    offer: Offer,
    form: Format,
    output: Path | None,
    group: str,
    search: str,
    sort: str,
    *,
    as_json: bool,
    filters: dict[str, str],
) -> None:
    if output is None and form in (Format.XLSX, Format.PDF) and sys.stdout.isatty():
        raise typer.BadParameter(f"Say where the {form.upper()} file goes.", param_hint="--output")
    if len(search) > MAX_SEARCH or "\x00" in search:
        raise typer.BadParameter(f"At most {MAX_SEARCH} ordinary characters.", param_hint="--search")
    try:
        rows = _written(
            offer,
            form,
            output,
            Paging(q=search, sort=sort, group=group),
            {k: v for k, v in filters.items() if v},
        )
    except Invalid as wrong:
        raise typer.BadParameter(wrong.detail) from wrong
    except Problem as problem:
        raise OperatorError(problem.detail) from problem
    except OSError as error:
        raise OperatorError(f"{output or 'The output'} cannot be written ({error.strerror}).") from error
    if output is not None:
        said = {"file": str(output), "report": offer.name, "format": form.value, "rows": rows}
        typer.echo(
            json.dumps(said)
            if as_json
            else f"{output}: {offer.report.title}, {rows:,} {'row' if rows == 1 else 'rows'}"
        )


def _written(offer: Offer, form: Format, output: Path | None, paging: Paging, values: dict[str, str]) -> int:
    """Whole or not at all: an older file of that name is replaced only by a complete one, and only when the history
    has the row that says so."""
    folder = tempfile.gettempdir() if output is None else output.absolute().parent
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
        try:
            with school_database() as (database, settings):
                register_pdf(report_writer(settings))
                wrong: Invalid | None = None
                try:
                    with database.begin() as session:
                        asked = Asked(session, SYSTEM, offer.report, paging, values)
                        rows = registry.write(asked, offer, form.value, cast("BinaryIO", target))
                except Invalid as found:
                    # As a mistake of typing, before it is made an operator's error.
                    wrong = found
            if wrong is not None:
                raise wrong
            target.flush()
            os.fsync(target.fileno())
            if output is None:
                target.seek(0)
                while piece := target.read(64 * 1024):
                    sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
            else:
                Path(target.name).chmod(0o644)
                Path(target.name).replace(output)
        finally:
            Path(target.name).unlink(missing_ok=True)
    return rows


_ABOUT_ALL = (
    ("form", Format, Format.CSV, "--format", "What kind of file."),
    ("output", Path | None, None, "--output", "Where the file goes; else it is printed."),
    ("group", str, "", "--group", "Added up by one of the report’s groups."),
    ("search", str, "", "--search", "Only rows with these words."),
    ("sort", str, "", "--sort", "A column to sort by; a leading minus sign means descending."),
    ("as_json", bool, False, "--json", "Say what was written as JSON."),
)


def _command(offer: Offer) -> Callable[..., None]:
    """The command of one report: an option for each of its filters."""
    keys = {f"filter_{place}": one for place, one in enumerate(offer.report.filters)}
    labels = dict(zip(keys, offer.filters, strict=True))

    def run(**given: Any) -> None:
        """See `_write`."""
        filters = {one.name: given.pop(key) or "" for key, one in keys.items()}
        _write(offer, filters=filters, **given)

    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, typer.Option(option, help=text)],
        )
        for name, kind, default, option, text in _ABOUT_ALL
    ]
    for key, one in keys.items():
        values = ", ".join(value for value, _text in one.choices)
        text = (
            f"{one.label}: YYYY-MM-DD." if one.is_day else f"{one.label}: {values}." if values else one.label
        )
        options.append(
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default="",
                annotation=Annotated[str, typer.Option(f"--{labels[key]}", help=text)],
            )
        )
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in options}
    return run


for _offer in registry.every():
    commands.command(_offer.name, cls=_Report, help=_offer.sentence)(_command(_offer))
