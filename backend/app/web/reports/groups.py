"""A list added up: one row a group, with its count and measures, and the chart of them."""

from dataclasses import replace
from typing import Any

from sqlalchemy import func, literal_column, select

from app.core.errors import FieldError, Invalid
from app.web.listing import Listing
from app.web.reports.description import Column, Grouping, Kind, Report

MOST_BARS = 30
"""Groups that a chart shows; more cannot be distinguished."""
_CENTS = 100
_UNITS = {Kind.MINUTES: ("h", 60), Kind.CENTS: ("dollars", _CENTS), Kind.PERCENT: ("%", 1)}
"""What a chart calls a measure, and how many of the unit it is kept in make one."""


def chosen(report: Report[Any], name: str) -> Grouping | None:
    """The grouping of this name; None for no name. Raises Invalid for one that the report does not have."""
    if not name:
        return None
    found = next((grouping for grouping in report.groupings if grouping.name == name), None)
    if found is None:
        offered = ", ".join(grouping.name for grouping in report.groupings) or "nothing"
        sentence = f"This list cannot be grouped by “{name}”. Group it by one of these: {offered}."
        raise Invalid(sentence, errors=[FieldError("group", sentence)])
    return found


def columns(report: Report[Any], grouping: Grouping, *, named: bool) -> tuple[Column[Any], ...]:
    """The columns of the groups: what they have in common, `named` as on a page, how many rows, the measures."""

    def common(row: Any) -> Any:
        return (
            grouping.named(row[0]) if named and grouping.named is not str and row[0] is not None else row[0]
        )

    return (
        Column("group", grouping.label, common, grouping.kind, sort="group"),
        Column("count", report.counted, lambda row: row[1], Kind.NUMBER, sort="count"),
        *(
            Column(
                measure.name,
                measure.label,
                lambda row, place=place: row[place],  # type: ignore[misc]
                measure.kind,
                sort=measure.name,
            )
            for place, measure in enumerate(grouping.measures, start=2)
        ),
    )


def grouped(listing: Listing[Any], grouping: Grouping, zone: str) -> Listing[Any]:
    """The groups of the whole list, added up in the database."""
    inner = listing.statement.order_by(None).subquery()
    key = grouping.by(inner.c, zone).label("group_key")
    count = func.count().label("count")
    measures = [
        (func.avg if measure.how == "avg" else func.sum)(inner.c[measure.name]).label(f"m_{measure.name}")
        for measure in grouping.measures
    ]
    sorts: dict[str, Any] = {
        "group": literal_column("group_key"),
        "count": literal_column("count"),
        **{measure.name: literal_column(f"m_{measure.name}") for measure in grouping.measures},
    }
    paging = replace(listing.paging, group="")
    order = paging.order(sorts, "group" if grouping.in_order else "-count")
    statement = select(key, count, *measures).group_by(literal_column("group_key"))
    ordered = statement.order_by(order, literal_column("group_key"))
    return Listing(listing.session, ordered, paging)


def chart_over(report: Report[Any], listing: Listing[Any], zone: str) -> dict[str, Any] | None:
    """The chart that stands over the list while it is not grouped, in its groups' own order."""
    grouping = next(one for one in report.groupings if one.name == report.chart_by)
    plain = Listing[Any](listing.session, listing.statement, replace(listing.paging, sort=""))
    return chart_of(report, grouping, grouped(plain, grouping, zone))


def chart_of(report: Report[Any], grouping: Grouping, listing: Listing[Any]) -> dict[str, Any] | None:
    """What the chart macro takes: the first measure, or the count, of the first groups in their order."""
    if not grouping.chart:
        return None
    rows = listing.session.execute(listing.statement.limit(MOST_BARS)).all()
    if not rows:
        return None
    measure = grouping.measures[0] if grouping.measures else None
    unit, parts = _UNITS.get(measure.kind, ("", 1)) if measure else ("", 1)
    values = [_figure(row[2] if measure else row[1], parts) for row in rows]
    label = measure.label if measure else report.counted
    return {
        "kind": grouping.chart,
        "title": f"{label} by {grouping.label.lower()}",
        "unit": unit,
        "labels": [_label(row[0], grouping) for row in rows],
        "series": [{"name": label, "values": values}],
    }


def _label(key: Any, grouping: Grouping) -> str:
    if key is None:
        return "–"
    if grouping.named is not str:
        return grouping.named(key)
    text = str(getattr(key, "value", key))
    return text.replace("_", " ").capitalize() if grouping.kind is Kind.STATUS else text


def _figure(value: Any, parts: int) -> float | int | None:
    if value is None:
        return None
    number = float(value) / parts
    return int(number) if number.is_integer() else round(number, 2 if parts == _CENTS else 1)
