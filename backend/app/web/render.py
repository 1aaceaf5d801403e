"""Pages from templates: one Jinja environment for the frame and every room's templates.

A room keeps its templates in `app/<room>/templates/<room>/`, extends `base.html` and imports the macros of
`components.html`. Filters and helpers know the request they work for, so macros need no `with context`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from app.core import visibility
from app.core.clock import now
from app.core.permissions import Subject
from app.core.purposes import Purpose
from app.core.visibility import Records
from app.settings import Settings
from app.web import formats, navigation
from app.web.assets import asset_url, inline_script
from app.web.compiled import PageEnvironment, safe, written

APP = Path(__file__).parent.parent
_REMINDED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class _View:
    """What the filters of the page being rendered need to know."""

    request: Request
    zone: ZoneInfo
    now: datetime


_view: ContextVar[_View] = ContextVar("view")


def render(
    request: Request,
    template: str,
    status_code: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    breadcrumbs: Iterable[navigation.Crumb] = (),
    **context: object,
) -> HTMLResponse:
    """The page `template` (`room/page.html`) filled with `context`.

    Every template also gets `request`, `subject` (Subject or None), `settings`, `zone`, `navigation` (lists of links),
    `purposes` (for those who look at students' records) and `breadcrumbs`, without those this person may not open.
    Raises jinja2.UndefinedError for a name that was not given: a misspelt name is not an empty string.
    """
    settings: Settings = request.app.state.settings
    subject: Subject | None = getattr(request.state, "subject", None)
    items = navigation.items_for(subject)
    current = navigation.current(items, request.url.path)
    frame: dict[str, object] = {
        "request": request,
        "subject": subject,
        "settings": settings,
        "zone": settings.zone,
        "school_logo": getattr(request.app.state, "school_logo", None),
        "navigation": _navigation(items, current) if items else Markup(),
        "tabs": items[:4],
        "more_than_tabs": len(items) > 4,
        "current_item": current,
        "breadcrumbs": navigation.trail(breadcrumbs, items),
        "factor_due_on": _factor_due_on(request, subject, settings),
        "purposes": list(Purpose) if subject and visibility.sees_some(subject, Records.STUDENTS) else (),
    }
    token = _view.set(_View(request, settings.zone, now()))
    try:
        body = environment().get_template(template).render(frame | context)
    finally:
        _view.reset(token)
    return HTMLResponse(body, status_code, dict(headers or {}))


@lru_cache(maxsize=512)
def _navigation(items: tuple[navigation.NavItem, ...], current: navigation.NavItem | None) -> Markup:
    """The entries as lists under their headings: thirty of them, and a person’s are the same on most pages."""
    listed = environment().get_template("navigation.html")
    # Written by a template, which escapes.
    return Markup(listed.render(navigation=navigation.sections(items), current_item=current))  # noqa: S704


def _factor_due_on(request: Request, subject: Subject | None, settings: Settings) -> date | None:
    """The day to remind of on every page but the one where it is done, in the last two weeks before it."""
    due_on = subject.factor_due_on if subject else None
    if due_on is None or request.url.path.startswith("/account/factors"):
        return None
    left = due_on - now().astimezone(settings.zone).date()
    return due_on if timedelta(0) < left <= _REMINDED_FOR else None


def redirect(path: str, **query: object) -> RedirectResponse:
    """Go to a page of ours after a form has been dealt with (303: the browser asks with GET)."""
    return RedirectResponse(url(path, **query), status_code=303)


def url(path: str, **query: object) -> str:
    """`path` with a query string; a value of None is left out."""
    pairs = [(name, value) for name, value in query.items() if value is not None]
    return f"{path}?{urlencode(pairs, doseq=True)}" if pairs else path


def query_url(**changes: object) -> str:
    """The address of the page being rendered with some of its query changed; None takes a name out."""
    request = _view.get().request
    pairs = [(name, value) for name, value in parse_qsl(request.url.query) if name not in changes]
    pairs += [(name, str(value)) for name, value in changes.items() if value is not None]
    return f"{request.url.path}?{urlencode(pairs)}"


def query_pairs(*without: str) -> list[tuple[str, str]]:
    """Names and values of the query of the page being rendered, for hidden fields of a form that keeps them."""
    pairs = parse_qsl(_view.get().request.url.query)
    return [(name, value) for name, value in pairs if name not in without]


_CELL = re.compile(r"<(td|th)(?=[\s>])")


def row_cells(cells: Markup, columns: Sequence[Mapping[str, object]]) -> Markup:
    """The cells of a table row with what a phone needs: a column's name on each, and the roles that get lost when
    the cells are laid out as lines of a card."""
    remaining = iter(columns)

    def complete(found: re.Match[str]) -> str:
        column = next(remaining, {})
        label = None if column.get("hidden_label") else str(column.get("label", ""))
        return _opened(found[1], label, bool(column.get("numeric")))

    # Only tags that are there already are completed, with escaped values.
    return safe(_CELL.sub(complete, cells))


@lru_cache(maxsize=1024)
def _opened(tag: str, label: str | None, numeric: bool) -> str:
    """A cell's tag as far as its own attributes. A list has hundreds of cells and a dozen columns."""
    role = "cell" if tag == "td" else "rowheader"
    labelled = "" if label is None else f' data-label="{escape(label)}"'
    return f'<{tag} role="{role}"{labelled}{" data-numeric" if numeric else ""}'


@lru_cache
def icon_names() -> frozenset[str]:
    """The icons in the sprite."""
    lines = (Path(__file__).parent / "icons.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def icon(name: str, extra_class: str = "", label: str | None = None) -> Markup:
    """An icon from the sprite; decoration unless it has a label. Raises LookupError for one not in it."""
    return _icon(name, extra_class, label, asset_url("vendor/icons.svg"))


@lru_cache(maxsize=1024)
def _icon(name: str, extra_class: str, label: str | None, sprite: str) -> Markup:
    if name not in icon_names():
        raise LookupError(f"The icon {name!r} is not listed in app/web/icons.txt.")
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon {}" {} focusable="false"><use href="{}#{}"></use></svg>').format(
        extra_class, meaning, sprite, name
    )


def _time_element(value: datetime | None, text: str, title: str | None = None) -> Markup:
    # Put together by hand: `Markup.format` takes ten times as long, and a list has a hundred of them.
    if value is None:
        return escape(text)
    extra = f' title="{written(title)}"' if title else ""
    return safe(f'<time datetime="{value.isoformat()}"{extra}>{written(text)}</time>')


def _local_time(value: datetime | None) -> Markup:
    return _time_element(value, formats.local_time(value, _view.get().zone))


def _clock_time(value: datetime | None) -> Markup:
    zone = _view.get().zone
    return _time_element(value, formats.clock_time(value, zone), formats.local_time(value, zone))


def _relative(value: datetime | None) -> Markup:
    view = _view.get()
    return _time_element(value, formats.relative(value, view.now), formats.local_time(value, view.zone))


@lru_cache
def environment() -> Environment:
    """The one environment: frame templates first, then each room's."""
    places = [
        Path(__file__).parent / "templates",
        *sorted(APP.glob("*/templates")),
        *sorted(APP.glob("*/*/templates")),
    ]
    env = PageEnvironment(
        loader=FileSystemLoader(list(dict.fromkeys(places))),
        autoescape=True,
        cache_size=-1,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "localtime": _local_time,
        "clocktime": _clock_time,
        "deadline": lambda value: _time_element(value, formats.deadline(value, _view.get().zone)),
        "date": lambda value: formats.day(value, _view.get().zone),
        "ago": _relative,
        "minutes": formats.duration_minutes,
        "seconds": formats.duration_seconds,
        "greeting_name": formats.greeting_name,
        "zone_name": formats.zone_name,
        "so_far": lambda value: formats.duration_minutes(
            int((_view.get().now - value).total_seconds() // 60)
        ),
        "elapsed": lambda value: formats.elapsed(value, _view.get().now),
        "row_cells": row_cells,
        "dollars": formats.dollars,
        "percent": formats.percent,
        "number": lambda value: formats.NOTHING if value is None else f"{value:,}",
        "initials": initials,
    }
    env.filters.update(filters)
    helpers: dict[str, Any] = {
        "asset_url": asset_url,
        "inline_script": inline_script,
        "url": url,
        "query_url": query_url,
        "query_pairs": query_pairs,
        "icon": icon,
    }
    env.globals.update(helpers)
    return env


def compile_templates() -> None:
    """Compile every template now and not with the first page that uses it; half a second in all."""
    env = environment()
    for name in env.list_templates(extensions=["html"]):
        env.get_template(name)


def initials(name: str) -> str:
    """`Maria Lopez-Diaz` as `ML`, for the round badge in a list."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
