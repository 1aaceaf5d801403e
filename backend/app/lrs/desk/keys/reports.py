"""The lists of keys, described."""

from typing import Any

from app.db.models import XapiCredential
from app.web.reports import Column, Filter, Kind, Report, action

KEYS = Report[XapiCredential](
    name="api-keys",
    title="API keys",
    columns=(
        Column("number", "Number", lambda one: one.id, Kind.NUMBER, on_page=False),
        Column("name", "Name", lambda one: one.label, sort="name"),
        Column("key", "Key", lambda one: one.key, on_page=False),
        Column("may", "May", lambda one: ", ".join(one.scopes)),
        Column(
            "limit", "Limit", lambda one: one.rate_limit_per_minute, Kind.NUMBER, sort="limit", in_files=False
        ),
        Column(
            "limit_per_minute",
            "Requests per minute",
            lambda one: one.rate_limit_per_minute,
            Kind.NUMBER,
            on_page=False,
        ),
        Column("last_used_at", "Last used", lambda one: one.last_used_at, Kind.MOMENT, sort="last_used"),
        Column("made_at", "Made", lambda one: one.created_at, Kind.MOMENT, sort="made"),
        Column("rotated_at", "New secret", lambda one: one.rotated_at, Kind.MOMENT, on_page=False),
        Column("revoked_at", "Revoked", lambda one: one.revoked_at, Kind.MOMENT, on_page=False),
        action("Change"),
    ),
    search="Search by name or key",
    filters=(Filter("revoked", "Which", [("yes", "Include revoked")], "In use"),),
    names_people=False,
)
LAUNCHES = Report[Any](
    name="launches",
    title="Launches",
    columns=(
        Column("number", "Number", lambda row: row.XapiCredential.id, Kind.NUMBER, on_page=False),
        Column("learner", "Learner", lambda row: row.full_name, sort="learner"),
        Column("activity", "Activity", lambda row: row.XapiCredential.activity, sort="activity"),
        Column("key", "Key", lambda row: row.XapiCredential.key, on_page=False),
        Column("opened_at", "Opened", lambda row: row.XapiCredential.created_at, Kind.MOMENT, sort="made"),
        Column(
            "last_used_at",
            "Last used",
            lambda row: row.XapiCredential.last_used_at,
            Kind.MOMENT,
            sort="last_used",
        ),
        Column("until", "Works until", lambda row: row.XapiCredential.expires_at, Kind.MOMENT, sort="until"),
        action("Change"),
    ),
    search="Search by learner or activity",
)
