"""The list of externship sites, described."""

from typing import Any

from app.web.reports import Column, Filter, Kind, Report

STANDINGS = [
    ("approved", "Approved"),
    ("expiring", "Expiring"),
    ("expired", "Expired"),
    ("unapproved", "No agreement"),
]
SITES = Report[Any](
    name="externship-sites",
    title="Externship sites",
    columns=(
        Column(
            "name", "Site", lambda row: row.name, sort="name", link=lambda row: f"/externships/sites/{row.id}"
        ),
        Column("standing", "Agreement", lambda row: row.standing, Kind.STATUS, sort="standing"),
        Column("until", "Valid until", lambda row: row.covered_until, Kind.DAY, sort="until"),
        Column("students", "Students now", lambda row: row.students, Kind.NUMBER, sort="students"),
        Column("capacity", "Capacity", lambda row: row.capacity, Kind.NUMBER, sort="capacity"),
        Column("address", "Address", lambda row: row.address, on_page=False),
        Column("contact", "Contact", lambda row: row.contact_name, on_page=False),
        Column("email", "Contact’s email", lambda row: row.contact_email, on_page=False),
        Column("phone", "Contact’s phone", lambda row: row.contact_phone, on_page=False),
    ),
    search="Search by name or address",
    filters=(
        Filter("standing", "Agreement", STANDINGS),
        Filter("archived", "Archived", [("yes", "Archived")], "In use"),
    ),
    counted="Sites",
    names_people=False,
)
