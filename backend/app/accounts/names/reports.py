"""The list of name requests, described."""

from typing import Any

from app.web.reports import Column, Filter, Kind, Report


def _new_name(row: Any) -> str:
    asked = row.NameRequest
    return " ".join(
        part for part in (asked.first_name, asked.middle_name, asked.last_name, asked.name_suffix) if part
    )


def _state(row: Any) -> str:
    approved = row.NameRequest.approved
    return "pending" if approved is None else "approved" if approved else "denied"


REQUESTS = Report[Any](
    name="name-requests",
    title="Name change requests",
    columns=(
        Column(
            "full_name",
            "Student",
            lambda row: row.full_name,
            sort="name",
            link=lambda row: f"/people/name-requests/{row.NameRequest.id}",
        ),
        Column("new_name", "New name", _new_name),
        Column("counts_from", "Effective from", lambda row: row.NameRequest.counts_from, Kind.DAY),
        Column("asked_at", "Requested", lambda row: row.NameRequest.asked_at, Kind.MOMENT, sort="asked"),
        Column("state", "Status", _state, Kind.STATUS),
        Column("answer", "Answer", lambda row: row.NameRequest.answer, on_page=False),
    ),
    search="Search by name or email",
    filters=(Filter("state", "Status", (("decided", "Decided"),), "Waiting"),),
    counted="Requests",
)
