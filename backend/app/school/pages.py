"""Pages of the school: its facts, logo and signatories, and its calendar. Its policies are in `policy_pages`."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.db.models import SchoolHoliday, SchoolTerm
from app.school import branding, calendar, policy, policy_pages, service
from app.school.schemas import FactsForm, HolidayForm, LogoForm, SignatoryForm, TermForm
from app.web import formats, navigation
from app.web.field_types import EARLIEST_DAY, LATEST_DAY, PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, keep_up

router = APIRouter(include_in_schema=False)
router.include_router(policy_pages.router)
navigation.register(
    NavItem("School", "/school", "school", policy.may_review, order=85, section="Administration")
)

READ, CHANGE = [Requires(Permission.SCHOOL_READ)], [Requires(Permission.SCHOOL_CHANGE)]
SCHOOL = ("School", "/school")
CALENDAR = ("Calendar", "/school/calendar")
MONTHS = tuple(date(2000, month, 1).strftime("%B") for month in range(1, 13))
# An SVG is a document of its own when somebody opens its address: nothing in it may run or load.
_LOGO_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox",
    "Cache-Control": "private, max-age=300",
}


# Facts


@router.get("/school", dependencies=READ)
def school_page(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return _facts_page(request, db, subject, Form.blank(LogoForm))


def _facts_page(request: Request, db: Session, subject: Subject, form: Form[LogoForm]) -> Response:
    policy.require_read(subject)
    facts = service.facts(db)
    return render(
        request,
        "school/facts.html",
        facts=facts,
        form=form,
        today=clock.today(facts.zone),
        month=MONTHS[facts.fiscal_year_month - 1],
        may_change=policy.may_change(subject),
    )


@router.get("/school/edit", dependencies=CHANGE)
def edit_facts(request: Request, db: Db, subject: CurrentSubject) -> Response:
    facts = service.facts(db)
    form = Form.filled(FactsForm, facts)
    form.data["address"] = ["\n".join(facts.address_lines)]
    form.data["time_zone"] = [facts.zone.key]
    return _facts_form(request, form)


@router.post("/school/edit", dependencies=CHANGE)
def save_facts(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[FactsForm], Depends(posted(FactsForm))],
) -> Response:
    def save(values: FactsForm) -> Response:
        service.update(db, subject, values)
        keep_up(request, db, now=True)
        return redirect("/school")

    return form.submit(db, save, again=lambda: _facts_form(request, form))


def _facts_form(request: Request, form: Form[FactsForm]) -> Response:
    months = [(number, name) for number, name in enumerate(MONTHS, 1)]
    return render(
        request,
        "school/facts_form.html",
        form=form,
        months=months,
        zones=_zones(form.text("time_zone")),
        zone_refused=bool(form.error("time_zone")),
        breadcrumbs=[SCHOOL, ("Edit school details", None)],
    )


def _zones(current: str) -> list[tuple[str, str]]:
    """The time zones of the United States by the names people use; any other that the school has stays a choice."""
    known = [
        (key, f"{name} ({key.partition('/')[2].replace('_', ' ')})") for key, name in formats.ZONES.items()
    ]
    return (
        known if current in formats.ZONES or not current else [*known, (current, current.replace("_", " "))]
    )


# Logo


@router.get("/school/logo")
def logo_file(db: Db, store: FilesDep) -> Response:
    """The logo, for everybody: it stands on the sign-in page."""
    found = service.facts(db).logo
    if found is None:
        raise NotFound("The school has no logo.")
    content = branding.read_logo(store, found)
    return Response(content, media_type=found.media_type, headers=_LOGO_HEADERS)


@router.post("/school/logo", dependencies=CHANGE)
def upload_logo(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    store: FilesDep,
    form: Annotated[Form[LogoForm], Depends(posted(LogoForm))],
) -> Response:
    def keep(values: LogoForm) -> Response:
        content = values.logo.file.read(branding.LARGEST_BYTES + 1)
        branding.change_logo(db, subject, store, content)
        keep_up(request, db, now=True)
        return redirect("/school")

    return form.submit(db, keep, again=lambda: _facts_page(request, db, subject, form))


@router.post("/school/logo/remove", dependencies=CHANGE)
def remove_logo(request: Request, db: Db, subject: CurrentSubject) -> Response:
    branding.remove_logo(db, subject)
    keep_up(request, db, now=True)
    return redirect("/school")


# Signatories, terms and holidays: each a name with days


@router.get("/school/signatories/new", dependencies=CHANGE)
def new_signatory(request: Request, db: Db, subject: CurrentSubject) -> Response:
    today = clock.today(service.facts(db).zone)
    return _entry_form(request, Form.blank(SignatoryForm, first_day=today), "Add a signatory", SCHOOL)


@router.post("/school/signatories/new", dependencies=CHANGE)
def add_signatory(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[SignatoryForm], Depends(posted(SignatoryForm))],
) -> Response:
    def save(values: SignatoryForm) -> Response:
        service.save_signatory(db, subject, values)
        return redirect("/school")

    return form.submit(db, save, again=lambda: _entry_form(request, form, "Add a signatory", SCHOOL))


@router.get("/school/signatories/{signatory_id}/edit", dependencies=CHANGE)
def edit_signatory(request: Request, db: Db, subject: CurrentSubject, signatory_id: PathId) -> Response:
    found = next((one for one in service.facts(db).signatories if one.id == signatory_id), None)
    if found is None:
        raise NotFound("There is no such signatory.")
    form = Form.filled(SignatoryForm, found)
    return _entry_form(request, form, found.name, SCHOOL, remove=f"/school/signatories/{signatory_id}/remove")


@router.post("/school/signatories/{signatory_id}/edit", dependencies=CHANGE)
def change_signatory(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    signatory_id: PathId,
    form: Annotated[Form[SignatoryForm], Depends(posted(SignatoryForm))],
) -> Response:
    def save(values: SignatoryForm) -> Response:
        service.save_signatory(db, subject, values, signatory_id)
        return redirect("/school")

    return form.submit(db, save, again=lambda: _entry_form(request, form, "Change a signatory", SCHOOL))


@router.post("/school/signatories/{signatory_id}/remove", dependencies=CHANGE)
def remove_signatory(db: Db, subject: CurrentSubject, signatory_id: PathId) -> Response:
    service.remove_signatory(db, subject, signatory_id)
    return redirect("/school")


@router.get("/school/calendar", dependencies=READ)
def calendar_page(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    year: Annotated[int | None, Query(ge=EARLIEST_DAY.year, le=LATEST_DAY.year)] = None,
) -> Response:
    policy.require_read(subject)
    today = clock.today(service.facts(db).zone)
    shown = calendar.of_year(db, year or today.year)
    return render(
        request,
        "school/calendar.html",
        shown=shown,
        months=[(name, _weeks(shown, month)) for month, name in enumerate(MONTHS, 1)],
        today=today,
        earliest=EARLIEST_DAY.year,
        latest=LATEST_DAY.year,
        may_change=policy.may_change(subject),
    )


def _weeks(shown: calendar.Year, month: int) -> list[list[tuple[date, str, str] | None]]:
    """The weeks of a month, Sunday first: day, kind (`holiday`, `term` or empty) and name; None beside the month."""
    day = date(shown.year, month, 1)
    cells: list[tuple[date, str, str] | None] = [None] * ((day.weekday() + 1) % 7)
    while day.month == month:
        holiday, term = shown.holiday_on(day), shown.term_on(day)
        kind = "holiday" if holiday else "term" if term else ""
        cells.append((day, kind, holiday.name if holiday else term.name if term else ""))
        day += timedelta(days=1)
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


@router.get("/school/terms/new", dependencies=CHANGE)
def new_term(request: Request, subject: CurrentSubject) -> Response:
    return _entry_form(request, Form.blank(TermForm), "Add a term", CALENDAR)


@router.post("/school/terms/new", dependencies=CHANGE)
def add_term(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[TermForm], Depends(posted(TermForm))],
) -> Response:
    def save(values: TermForm) -> Response:
        return redirect("/school/calendar", year=calendar.save_term(db, subject, values).first_day.year)

    return form.submit(db, save, again=lambda: _entry_form(request, form, "Add a term", CALENDAR))


@router.get("/school/terms/{term_id}/edit", dependencies=CHANGE)
def edit_term(request: Request, db: Db, subject: CurrentSubject, term_id: PathId) -> Response:
    found = calendar.find(db, SchoolTerm, term_id)
    remove = f"/school/terms/{term_id}/remove"
    return _entry_form(request, Form.filled(TermForm, found), found.name, CALENDAR, remove=remove)


@router.post("/school/terms/{term_id}/edit", dependencies=CHANGE)
def change_term(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    term_id: PathId,
    form: Annotated[Form[TermForm], Depends(posted(TermForm))],
) -> Response:
    def save(values: TermForm) -> Response:
        saved = calendar.save_term(db, subject, values, term_id)
        return redirect("/school/calendar", year=saved.first_day.year)

    return form.submit(db, save, again=lambda: _entry_form(request, form, "Change a term", CALENDAR))


@router.post("/school/terms/{term_id}/remove", dependencies=CHANGE)
def remove_term(db: Db, subject: CurrentSubject, term_id: PathId) -> Response:
    calendar.remove_term(db, subject, term_id)
    return redirect("/school/calendar")


@router.get("/school/holidays/new", dependencies=CHANGE)
def new_holiday(request: Request, subject: CurrentSubject) -> Response:
    return _entry_form(request, Form.blank(HolidayForm), "Add a holiday", CALENDAR)


@router.post("/school/holidays/new", dependencies=CHANGE)
def add_holiday(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[HolidayForm], Depends(posted(HolidayForm))],
) -> Response:
    def save(values: HolidayForm) -> Response:
        return redirect("/school/calendar", year=calendar.save_holiday(db, subject, values).first_day.year)

    return form.submit(db, save, again=lambda: _entry_form(request, form, "Add a holiday", CALENDAR))


@router.get("/school/holidays/{holiday_id}/edit", dependencies=CHANGE)
def edit_holiday(request: Request, db: Db, subject: CurrentSubject, holiday_id: PathId) -> Response:
    found = calendar.find(db, SchoolHoliday, holiday_id)
    remove = f"/school/holidays/{holiday_id}/remove"
    return _entry_form(request, Form.filled(HolidayForm, found), found.name, CALENDAR, remove=remove)


@router.post("/school/holidays/{holiday_id}/edit", dependencies=CHANGE)
def change_holiday(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    holiday_id: PathId,
    form: Annotated[Form[HolidayForm], Depends(posted(HolidayForm))],
) -> Response:
    def save(values: HolidayForm) -> Response:
        saved = calendar.save_holiday(db, subject, values, holiday_id)
        return redirect("/school/calendar", year=saved.first_day.year)

    return form.submit(db, save, again=lambda: _entry_form(request, form, "Change a holiday", CALENDAR))


@router.post("/school/holidays/{holiday_id}/remove", dependencies=CHANGE)
def remove_holiday(db: Db, subject: CurrentSubject, holiday_id: PathId) -> Response:
    calendar.remove_holiday(db, subject, holiday_id)
    return redirect("/school/calendar")


def _entry_form(
    request: Request, form: Form[Any], title: str, back: tuple[str, str], *, remove: str | None = None
) -> Response:
    crumbs = [SCHOOL, (title, None)] if back == SCHOOL else [SCHOOL, back, (title, None)]
    return render(
        request,
        "school/entry_form.html",
        form=form,
        title=title,
        cancel=back[1],
        remove=remove,
        breadcrumbs=crumbs,
    )
