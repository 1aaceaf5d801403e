"""The refund policy that the school has filed, and its open points: read with worked examples, tried, filed.

Both are dated policies: a version that an agreement or a refund goes by is never changed, only followed by another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.permissions import Permission, Subject
from app.finance.agreements import service as agreements
from app.rules.refunds_examples import Comparison, Effect, compare, effects
from app.rules.refunds_open_points import POINTS, OpenPoint
from app.rules.refunds_policies import GNPEC_CURRENT, POLICIES, Policy
from app.rules.refunds_settings import Settings
from app.school import service as school
from app.school.service import DatedPolicy, PolicyKind, RefundPolicy
from app.web.forms import sentence

__all__ = ["file", "policy_page", "settings_page", "settle", "try_policy", "try_settings"]


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """The versions of the refund policy. `in_force` is None where none is today, and `missing` says why."""

    versions: Sequence[DatedPolicy[RefundPolicy]]
    today: date
    in_force: DatedPolicy[RefundPolicy] | None
    missing: str | None
    examples: Sequence[Comparison]
    signed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Point:
    """An open point as the school reads it, with what each choice gives in its example."""

    name: str
    about: OpenPoint
    value: str
    example: str
    effects: Sequence[Effect]
    before: str | None = None
    """The choice until now, where another one is tried."""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The versions of the refund settings, and the points as the version of today reads them."""

    versions: Sequence[DatedPolicy[Any]]
    today: date
    in_force: DatedPolicy[Any]
    points: Sequence[Point]
    signed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that is not filed yet: its worked examples, and what to look at before it is.

    `seen` names it with what it was compared with; it is empty where nothing would change.
    """

    seen: str
    rule: Policy | None = None
    examples: Sequence[Comparison] = ()
    warnings: Sequence[str] = ()
    points: Sequence[Point] = ()


def may_file(subject: Subject) -> bool:
    """Whoever changes the school's policies."""
    return subject.may(Permission.SCHOOL_CHANGE)


def _require_read(subject: Subject) -> None:
    if not subject.may(Permission.SCHOOL_READ):
        raise Forbidden("The school's details and policies are for its staff.")


def _require_file(subject: Subject) -> None:
    if not may_file(subject):
        raise Forbidden("Only an administrator files the refund policy. Nothing was filed.")


def _today(session: Session) -> date:
    return clock.today(school.facts(session).zone)


# Reading


def policy_page(session: Session, subject: Subject) -> PolicyPage:
    """Every version, that of today, and its worked examples beside GNPEC's rule. Raises Forbidden."""
    _require_read(subject)
    today = _today(session)
    found = school.policies.at(session, PolicyKind.REFUND, today)
    missing = found.values.why_not_on(today)
    return PolicyPage(
        school.policies.versions(session, subject, PolicyKind.REFUND),
        today,
        None if missing else found,
        missing,
        compare(found.values.as_rule(), _settings(_at(session, PolicyKind.REFUND_SETTINGS, today))),
        agreements.signed_under(session, "version"),
    )


def settings_page(session: Session, subject: Subject) -> SettingsPage:
    """Every version of the refund settings, and each open point as that of today reads it. Raises Forbidden."""
    _require_read(subject)
    today = _today(session)
    found = school.policies.at(session, PolicyKind.REFUND_SETTINGS, today)
    return SettingsPage(
        school.policies.versions(session, subject, PolicyKind.REFUND_SETTINGS),
        today,
        found,
        _points(session, found.values.chosen(), today),
        agreements.signed_under(session, "settings_version"),
    )


def _points(
    session: Session, chosen: Mapping[str, str], day: date, before: Mapping[str, str] | None = None
) -> list[Point]:
    rule = school.policies.at(session, PolicyKind.REFUND, day).values.as_rule()
    found = []
    for name, about in POINTS.items():
        if before is None or before[name] != chosen[name]:
            example, given = effects(name, rule)
            was = None if before is None else before[name]
            found.append(Point(name, about, chosen[name], example, given, was))
    return found


def _settings(version: DatedPolicy[Any]) -> Settings:
    return school.settings_of(version.values.as_settings(), GEORGIA)


GEORGIA = "America/New_York"
"""The zone of the worked examples."""


# Trying and filing


def try_policy(session: Session, subject: Subject, day: date, values: Mapping[str, Any]) -> Trial:
    """What a version that is not filed yet would give from a day on. Keeps nothing. Raises Forbidden, Invalid."""
    _require_file(subject)
    checked = _checked(RefundPolicy, values)
    if (why := checked.why_not_from(day)) is not None:
        raise Invalid(why, errors=[FieldError("effective_from", why)])
    rule = checked.as_rule()
    reading = _at(session, PolicyKind.REFUND_SETTINGS, day)
    examples = compare(rule, _settings(reading))
    return Trial(_named(checked, day, reading.version), rule, examples, _warnings(rule, examples))


def _warnings(rule: Policy, examples: Sequence[Comparison]) -> list[str]:
    found = []
    if rule.name not in POLICIES:
        found.append(
            "Only an accredited school may use a policy of its own, and files it with GNPEC each year. An unaccredited "
            "school uses Standards 12 and 13 (GNPEC Standard 12)."
        )
    less = [one for one in examples if one.cents < one.gnpec_cents]
    if less:
        found.append(
            f"In {len(less)} of {len(examples)} examples it gives less than GNPEC’s rule. GNPEC can impose its own "
            "rule, if that is kinder to students, after enough complaints."
        )
    if rule.due_days > GNPEC_CURRENT.due_days:
        found.append("GNPEC asks for payment within 45 days of the withdrawal.")
    if rule.tiers and rule.name not in POLICIES:
        found.append(
            "GNPEC’s guidelines for enrollment agreements ask that the refund policy has no fixed refund table."
        )
    if (rule.window_hours or 0) < 72 and not rule.window_business_days:
        found.append("GNPEC asks for 72 hours to cancel after signing (Standard 13).")
    if rule.window_hours != 72:
        found.append(
            "Agreements disclose the time to cancel in words of the school’s own. Look at Agreements, Wording, too."
        )
    return found


def file(
    session: Session,
    subject: Subject,
    values: Mapping[str, Any],
    *,
    effective_from: date,
    approved_by: str,
    note: str,
    seen: str,
) -> None:
    """File a version from a day on, after its worked examples were shown.

    Raises Forbidden, Invalid, and Conflict for other values than were shown and as dated policies do.
    """
    trial = try_policy(session, subject, effective_from, values)
    _add(session, subject, PolicyKind.REFUND, values, effective_from, approved_by, note, seen == trial.seen)


def try_settings(session: Session, subject: Subject, day: date, values: Mapping[str, Any]) -> Trial:
    """What settling open points in another way would change from a day on. Raises Forbidden, Invalid."""
    _require_file(subject)
    before, rule = _at(session, PolicyKind.REFUND_SETTINGS, day), _at(session, PolicyKind.REFUND, day)
    checked = _checked(type(before.values), values)
    points = _points(session, checked.chosen(), day, before.values.chosen())
    return Trial(_named(checked, day, before.version, rule.version) if points else "", points=points)


def settle(
    session: Session,
    subject: Subject,
    values: Mapping[str, Any],
    *,
    effective_from: date,
    approved_by: str,
    note: str,
    seen: str,
) -> None:
    """Settle open points from a day on, after what changes was shown. Raises as `file` does, and Conflict where nothing
    changes."""
    trial = try_settings(session, subject, effective_from, values)
    if not trial.points:
        raise Conflict(
            "Every point already has that reading on that day. Nothing was added. Choose another reading."
        )
    _add(
        session,
        subject,
        PolicyKind.REFUND_SETTINGS,
        values,
        effective_from,
        approved_by,
        note,
        seen == trial.seen,
    )


def _add(
    session: Session,
    subject: Subject,
    kind: PolicyKind,
    values: Mapping[str, Any],
    day: date,
    approved_by: str,
    note: str,
    was_shown: bool,
) -> None:
    if not was_shown:
        raise Conflict(
            "The values have changed since the worked examples were shown. Look at them again first."
        )
    school.policies.add(
        session,
        subject,
        kind,
        effective_from=day,
        values=values,
        approved_by=approved_by,
        note=note,
        today=_today(session),
    )


def _checked(shape: type[Any], values: Mapping[str, Any]) -> Any:
    try:
        return shape.model_validate(dict(values))
    except ValidationError as error:
        faults = [
            FieldError(str(item["loc"][0]) if item["loc"] else "", sentence(item))
            for item in error.errors(include_url=False)
        ]
        raise Invalid(" ".join(one.message for one in faults), errors=faults) from None


def _at(session: Session, kind: PolicyKind, day: date) -> DatedPolicy[Any]:
    """The version that another one would follow. Raises Invalid for a day before the first one."""
    try:
        return school.policies.at(session, kind, day)
    except NotFound:
        words = "The school’s first version begins later than this day. Choose a later day."
        raise Invalid(words, errors=[FieldError("effective_from", words)]) from None


def _named(values: Any, day: date, *compared_with: int) -> str:
    """Names what was shown: the values, the day, and the versions that they were compared with."""
    return sha256(f"{values.model_dump_json()} {day} {compared_with}".encode()).hexdigest()
