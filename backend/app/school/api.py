"""The school's facts, calendar and policies as JSON. Staff read, administrators change."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.core import clock
from app.core.permissions import Permission
from app.school import calendar, policies, policy, service
from app.school.kinds import PolicyKind
from app.school.schemas import (
    CalendarOut,
    FactsOut,
    FactsPatch,
    HolidayForm,
    PolicyIn,
    PolicyOut,
    SignatoryForm,
    SignatoryOut,
    SpanOut,
    TermForm,
)
from app.web.field_types import EARLIEST_DAY, LATEST_DAY, Day, PathId
from app.web.request import CurrentSubject, Db, Requires, keep_up

router = APIRouter(prefix="/api/v1/school", tags=["school"])
READ, CHANGE = [Requires(Permission.SCHOOL_READ)], [Requires(Permission.SCHOOL_CHANGE)]
YearNumber = Annotated[int, Query(ge=EARLIEST_DAY.year, le=LATEST_DAY.year)]


@router.get("", dependencies=READ)
def get_school(db: Db, subject: CurrentSubject) -> FactsOut:
    """The institution's facts, with everybody who signs, signed or will."""
    policy.require_read(subject)
    return FactsOut.of(service.facts(db))


@router.patch("", dependencies=CHANGE)
def update_school(request: Request, db: Db, subject: CurrentSubject, body: FactsPatch) -> FactsOut:
    """Change what is given; the rest stays. Another time zone needs `zone_confirmed` once attendance is recorded."""
    facts = service.update(db, subject, body, only=service.fields_of(body))
    keep_up(request, db, now=True)
    return FactsOut.of(facts)


@router.post("/signatories", status_code=201, dependencies=CHANGE)
def add_signatory(db: Db, subject: CurrentSubject, body: SignatoryForm) -> SignatoryOut:
    """Add somebody who signs for the school."""
    return SignatoryOut.model_validate(service.save_signatory(db, subject, body))


@router.put("/signatories/{signatory_id}", dependencies=CHANGE)
def change_signatory(
    db: Db, subject: CurrentSubject, signatory_id: PathId, body: SignatoryForm
) -> SignatoryOut:
    """Change a signatory; a last day ends it."""
    return SignatoryOut.model_validate(service.save_signatory(db, subject, body, signatory_id))


@router.get("/calendar", dependencies=READ)
def get_calendar(db: Db, subject: CurrentSubject, year: YearNumber) -> CalendarOut:
    """The terms and holidays that touch a year."""
    found = calendar.of_year(db, year)
    return CalendarOut(
        year=year,
        terms=[SpanOut.model_validate(one) for one in found.terms],
        holidays=[SpanOut.model_validate(one) for one in found.holidays],
    )


@router.post("/terms", status_code=201, dependencies=CHANGE)
def add_term(db: Db, subject: CurrentSubject, body: TermForm) -> SpanOut:
    """Add a term."""
    return SpanOut.model_validate(calendar.save_term(db, subject, body))


@router.delete("/terms/{term_id}", status_code=204, dependencies=CHANGE)
def delete_term(db: Db, subject: CurrentSubject, term_id: PathId) -> None:
    """Remove a term."""
    calendar.remove_term(db, subject, term_id)


@router.post("/holidays", status_code=201, dependencies=CHANGE)
def add_holiday(db: Db, subject: CurrentSubject, body: HolidayForm) -> SpanOut:
    """Add a day or days on which the school is closed."""
    return SpanOut.model_validate(calendar.save_holiday(db, subject, body))


@router.delete("/holidays/{holiday_id}", status_code=204, dependencies=CHANGE)
def delete_holiday(db: Db, subject: CurrentSubject, holiday_id: PathId) -> None:
    """Remove a holiday."""
    calendar.remove_holiday(db, subject, holiday_id)


@router.get("/policies/{kind}", dependencies=READ)
def list_policies(db: Db, subject: CurrentSubject, kind: PolicyKind) -> list[PolicyOut]:
    """Every version of a policy, the newest first."""
    return [PolicyOut.of(one) for one in policies.versions(db, subject, kind)]


@router.get("/policies/{kind}/on/{day}", dependencies=READ)
def policy_on(db: Db, subject: CurrentSubject, kind: PolicyKind, day: Day) -> PolicyOut:
    """The version in force on a day."""
    policy.require_read(subject)
    return PolicyOut.of(policies.at(db, kind, day))


@router.post("/policies/{kind}", status_code=201, dependencies=CHANGE)
def add_policy(db: Db, subject: CurrentSubject, kind: PolicyKind, body: PolicyIn) -> PolicyOut:
    """Add a version. Values that are left out stay as in the version it follows."""
    made = policies.add(
        db,
        subject,
        kind,
        effective_from=body.effective_from,
        values=body.values,
        approved_by=body.approved_by,
        note=body.note,
        today=clock.today(service.facts(db).zone),
    )
    return PolicyOut.of(made)


@router.delete("/policies/{kind}/{policy_version}", status_code=204, dependencies=CHANGE)
def withdraw_policy(db: Db, subject: CurrentSubject, kind: PolicyKind, policy_version: PathId) -> None:
    """Take back a version that nothing was computed with."""
    policies.withdraw(db, subject, kind, policy_version)
