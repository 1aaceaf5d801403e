"""The list of inspections, described."""

from typing import Any

from app.web.reports import Column, Kind, Report


def state(row: Any) -> str:
    """In a word: how a packet stands."""
    if row.finished_at is None:
        return "pending"
    return "failed" if row.problem else "ready"


INSPECTIONS = Report[Any](
    name="inspections",
    title="Inspections",
    columns=(
        Column(
            "inspector",
            "Inspector",
            lambda row: row.inspector,
            sort="inspector",
            link=lambda row: f"/inspections/{row.id}",
        ),
        Column("agency", "Authority", lambda row: row.agency, sort="agency"),
        Column("reference", "Reference", lambda row: row.reference, on_page=False),
        Column("asked_at", "Started", lambda row: row.asked_at, Kind.MOMENT, sort="asked"),
        Column("students", "Students", lambda row: row.students, Kind.NUMBER),
        Column("state", "State", state, Kind.STATUS),
        Column("expires_at", "Download until", lambda row: row.expires_at, Kind.MOMENT),
        Column("asker", "Started by", lambda row: row.asker, on_page=False),
        Column("seed", "Seed of the draw", lambda row: row.seed, on_page=False),
        Column("drawn_from", "Drawn from", lambda row: row.drawn_from, Kind.NUMBER, on_page=False),
        Column("sha256", "SHA-256 of the packet", lambda row: row.packet_sha256, on_page=False),
    ),
    search="Search by inspector or authority",
    names_people=False,
)
