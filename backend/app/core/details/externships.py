"""Details of externships: sites, placements, hours, what supervisors confirm."""

from datetime import date, datetime
from typing import Any, Literal

from app.core.details.base import Details, FieldsChanged, Named


class Agreement(Named):
    """An agreement with the site of this name."""

    signed_on: date
    expires_on: date
    ended_on: date | None = None


class AgreementReminded(Named):
    expires_on: date
    days: int
    """How many days before its end the reminder was due."""


class Supervisor(Named):
    """A supervisor by name, at a site."""

    site: str
    what: Literal["added", "changed", "archived"]


class RubricAdded(Details):
    program_id: int
    effective_from: date
    skills: list[str]


class Placed(Details):
    site_id: int
    supervisor_id: int
    starts_on: date
    ends_on: date
    hours_required: int


class HoursLogged(Details):
    """A day's hours, as they are now; `before` as they were."""

    externship_id: int
    day: date
    after: dict[str, Any] | None = None
    before: dict[str, Any] | None = None


class LinkSent(Details):
    """A link to confirm a week, by its end alone."""

    week: date
    supervisor: str
    expires_at: datetime


class LinkOpened(Details):
    """A link that no longer works was opened, or one by somebody it is not for."""

    week: date
    why: Literal["expired", "revoked", "signed_in"]


class WeekDecided(Details):
    week: date
    supervisor: str
    confirmed_minutes: int
    confirmed_days: int
    disputed_days: int
    link_id: int


class Evaluated(Details):
    supervisor: str
    rubric_id: int
    ratings: list[int]
    link_id: int


class Verified(Details):
    """What was verified: whole hours, the minutes behind them, and the file that shows it."""

    total_hours: int
    minutes: int
    document: str


class Reopened(Details):
    total_hours: int


class LogsCompared(Details):
    """Externships whose documented row says something else than their log."""

    compared: int
    differences: int
    named: list[str]


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

EXTERNSHIP_AGREEMENT_ADDED = (
    "externship_agreement.added",
    "externship_agreements",
    "Externship agreement added",
    Agreement,
)
EXTERNSHIP_AGREEMENT_ENDED = (
    "externship_agreement.ended",
    "externship_agreements",
    "Externship agreement ended early",
    Agreement,
)
EXTERNSHIP_AGREEMENT_OPENED = (
    "externship_agreement.opened",
    "externship_agreements",
    "Externship agreement opened",
    Named,
)
EXTERNSHIP_AGREEMENT_REMINDED = (
    "externship_agreement.reminded",
    "externship_agreements",
    "Reminder of an expiring externship agreement sent",
    AgreementReminded,
)
EXTERNSHIP_CHANGED = ("externship.changed", "externships", "Externship placement changed", FieldsChanged)
EXTERNSHIP_DOCUMENT_OPENED = (
    "externship.document_opened",
    "externships",
    "Supporting document of an externship opened",
)
EXTERNSHIP_EVALUATED = ("externship.evaluated", "externships", "Externship skills evaluated", Evaluated)
EXTERNSHIP_HOURS_CHANGED = (
    "externship_hours.changed",
    "externship_hours",
    "Externship hours changed",
    HoursLogged,
)
EXTERNSHIP_HOURS_LOGGED = (
    "externship_hours.logged",
    "externship_hours",
    "Externship hours logged",
    HoursLogged,
)
EXTERNSHIP_HOURS_REMOVED = (
    "externship_hours.removed",
    "externship_hours",
    "Externship hours removed",
    HoursLogged,
)
EXTERNSHIP_HOURS_REOPENED = (
    "externship_hours.reopened",
    "externship_hours",
    "Confirmed externship hours reopened",
    HoursLogged,
)
EXTERNSHIP_LINK_REFUSED = (
    "externship_link.refused",
    "externship_links",
    "Supervisor’s link refused",
    LinkOpened,
)
EXTERNSHIP_LINK_SENT = ("externship_link.sent", "externship_links", "Supervisor’s link sent", LinkSent)
EXTERNSHIP_LOGS_COMPARED = (
    "externship_logs.compared",
    "externship_hours",
    "Externships compared with their logs",
    LogsCompared,
)
EXTERNSHIP_PLACED = ("externship.placed", "externships", "Placed in an externship", Placed)
EXTERNSHIP_REOPENED = ("externship.reopened", "externships", "Externship verification reversed", Reopened)
EXTERNSHIP_RUBRIC_ADDED = (
    "externship_rubric.added",
    "externship_rubrics",
    "Externship rubric added",
    RubricAdded,
)
EXTERNSHIP_SITE_CHANGED = (
    "externship_site.changed",
    "externship_sites",
    "Externship site changed",
    FieldsChanged,
)
EXTERNSHIP_SITE_CREATED = ("externship_site.created", "externship_sites", "Externship site added", Named)
EXTERNSHIP_SUPERVISOR_CHANGED = (
    "externship_supervisor.changed",
    "externship_supervisors",
    "Externship supervisor changed",
    Supervisor,
)
EXTERNSHIP_VERIFIED = ("externship.verified", "externships", "Externship hours verified", Verified)
EXTERNSHIP_WEEK_CONFIRMED = (
    "externship_week.confirmed",
    "externships",
    "Externship hours confirmed by the supervisor",
    WeekDecided,
)
