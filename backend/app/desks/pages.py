"""The first page of each person, the student's page for the staff, and search."""

from fastapi import APIRouter, Request, Response

from app.accounts import service as accounts
from app.compliance.attendance import service as attendance
from app.core import clock
from app.core.errors import NotFound
from app.desks import disclosures, person, person_sections, policy, today
from app.desks.person_sections import Section
from app.desks.reports import VIEWS
from app.documents import service as documents
from app.school import service as school
from app.web import navigation, reports, search
from app.web.field_types import PathId
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Today", "/", "home", navigation.EVERYONE, order=10))


@router.get("/")
def first_page(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    if subject.is_student:
        found = today.student_today(db, subject, settings.zone)
        return render(request, "desks/student_today.html", today=found)
    seen = today.staff_today(db, subject, settings.zone)
    return render(
        request, "desks/staff_today.html", today=seen, weeks=attendance.weeks_chart(seen.weeks or [])
    )


@router.get("/people/{user_id}")
def student_page(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    found = person.student_page(db, subject, user_id, settings.zone)
    return render(
        request,
        "desks/person.html",
        page=found,
        person=found.person,
        sections=person_sections.sections_of(subject, found.person),
        weeks=attendance.weeks_chart(found.totals.weeks if found.totals else []),
        may=subject.may,
        may_edit=accounts.may_manage(subject, found.person.role),
        breadcrumbs=[("People", "/people"), (found.person.full_name, None)],
    )


@router.get("/people/{user_id}/sections/{section}")
def student_section(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId, section: str
) -> Response:
    """A section of the student's page, as a page: the student's page takes it from here."""
    if section not in set(Section):
        raise NotFound("There is no such page.")
    page = person_sections.student_section(db, subject, user_id, Section(section), settings.zone)
    name = page.person.full_name
    return render(
        request,
        "desks/section.html",
        page=page,
        person=page.person,
        found=page.found,
        kind_title=documents.kind_title,
        may=subject.may,
        reads_trail=policy.may_read_trail(subject),
        breadcrumbs=[("People", "/people"), (name, f"/people/{user_id}"), (page.section.heading, None)],
    )


@router.get("/account/views")
def views_page(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        VIEWS,
        disclosures.seen_of_mine(db, subject, paging),
        "desks/views.html",
        breadcrumbs=[("Your account", "/account"), ("Who has seen your records", None)],
    )


@router.get("/search")
def search_page(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    if not paging.q and "q" in request.query_params:
        return redirect("/search")
    return render(
        request,
        "desks/search.html",
        words=paging.q,
        found=search.search(
            db, subject, paging.q, today=clock.today(settings.zone), revision=school.seen_by(db)
        ),
        most=search.MOST,
    )
