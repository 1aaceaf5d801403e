"""The lists of targets and of what they refused, described."""

from typing import Any

from app.lrs.desk.forwarding import service
from app.web.reports import Column, Kind, Report

TARGETS = Report[Any](
    name="targets",
    title="Targets",
    columns=(
        Column("number", "Number", lambda row: row.XapiForwarder.id, Kind.NUMBER, on_page=False),
        Column("name", "Name", lambda row: row.XapiForwarder.label, sort="name"),
        Column("endpoint", "Endpoint", lambda row: row.XapiForwarder.endpoint, on_page=False),
        Column("state", "Status", lambda row: service.state_of(row.XapiForwarder), Kind.STATUS),
        Column("sent", "Sent", lambda row: row.XapiForwarder.sent, Kind.NUMBER, sort="sent"),
        Column("put_aside", "Put aside", lambda row: row.dead, Kind.NUMBER, sort="put_aside"),
        Column(
            "last_success_at",
            "Last success",
            lambda row: row.XapiForwarder.last_success_at,
            Kind.MOMENT,
            sort="last_success",
        ),
        Column("last_error", "Last error", lambda row: row.XapiForwarder.last_error, on_page=False),
    ),
    search="Search by name or endpoint",
    names_people=False,
)
PUT_ASIDE = Report[Any](
    name="put-aside",
    title="Statements set aside",
    columns=(
        Column("statement", "Statement", lambda row: row.name, sort="stored"),
        Column("why", "Why", lambda row: row.error, sort="why"),
        Column("at", "When", lambda row: row.created_at, Kind.MOMENT, sort="when"),
    ),
    search="Search by reason or statement",
    names_people=False,
)
