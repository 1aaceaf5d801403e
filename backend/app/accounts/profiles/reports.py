"""The list of contact information, described."""

from typing import Any

from app.web.reports import Column, Kind, Report

CONTACTS = Report[Any](
    name="student-contacts",
    title="Contact information",
    columns=(
        Column("id", "Number", lambda row: row.id, Kind.NUMBER, on_page=False),
        Column(
            "full_name",
            "Name",
            lambda row: row.full_name,
            sort="name",
            link=lambda row: f"/people/{row.id}/file",
        ),
        Column("preferred_name", "Preferred name", lambda row: row.preferred_name),
        Column("email", "Email", lambda row: row.email),
        Column("phone", "Phone", lambda row: row.phone),
        Column("address", "Address", lambda row: row.address),
        Column("birth_date", "Birth date", lambda row: row.birth_date, Kind.DAY, sort="born"),
        Column("emergency", "Emergency contact", lambda row: row.emergency),
    ),
    search="Search by name, email or address",
    counted="Students",
)
