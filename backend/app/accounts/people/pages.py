"""Pages of the administration of people. The page of one student, /people/{id}, is a desk's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.accounts.people import service
from app.accounts.people.reports import DELETED_REPORT, PEOPLE_REPORT, ROLES
from app.accounts.schemas import PersonForm, status_of
from app.core.errors import FieldError, Invalid, Problem
from app.core.permissions import Role, Subject
from app.db.models import User
from app.web import navigation, reports, search
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, SettingsDep, StaffSubject
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("People", "/people", "users", navigation.STAFF, order=20))

PEOPLE = ("People", "/people")


def chosen_role(role: Annotated[str, Query(description="student, instructor or admin")] = "") -> Role | None:
    """The role a list is limited to; nothing or `all` means every role."""
    if role in ("", "all"):
        return None
    try:
        return Role(role)
    except ValueError:
        sentence = f"The role is one of {', '.join(Role)}."
        raise Invalid(sentence, errors=[FieldError("role", sentence)]) from None


RoleFilter = Annotated[Role | None, Depends(chosen_role)]


@router.get("/people")
def people(
    request: Request,
    session: Db,
    subject: StaffSubject,
    paging: PageParams,
    role: RoleFilter,
) -> Response:
    return reports.answer(
        request,
        session,
        subject,
        PEOPLE_REPORT,
        service.list_people(session, subject, paging, role),
        "accounts/people.html",
        role=role,
        status_of=status_of,
    )


@router.get("/people/deleted")
def deleted_people(request: Request, session: Db, admin: AdminSubject, paging: PageParams) -> Response:
    return reports.answer(
        request,
        session,
        admin,
        DELETED_REPORT,
        service.list_people(session, admin, paging, deleted=True),
        "accounts/people_deleted.html",
        breadcrumbs=[PEOPLE, ("Deleted", None)],
    )


@router.get("/people/new")
def new_person(request: Request, admin: AdminSubject, role: RoleFilter) -> Response:
    form = Form.blank(PersonForm, role=role or Role.STUDENT)
    return _new_page(request, form)


@router.post("/people/new")
def create_person(
    request: Request,
    session: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    form: Annotated[Form[PersonForm], Depends(posted(PersonForm))],
) -> Response:
    deleted: list[object] = []

    def create(values: PersonForm) -> Response:
        try:
            made = service.create_person(
                session,
                admin,
                settings,
                email=values.email,
                full_name=values.full_name,
                role=values.role,
            )
        except Problem as problem:
            deleted.append(problem.extra.get("deleted_user_id"))
            raise
        return _link_page(request, made, created=True)

    return form.submit(session, create, lambda: _new_page(request, form, next(iter(deleted), None)))


@router.get("/people/{user_id}/edit")
def edit_person(request: Request, session: Db, admin: AdminSubject, user_id: PathId) -> Response:
    person = service.get_person(session, admin, user_id)
    return _edit_page(request, person, Form.filled(PersonForm, person))


@router.post("/people/{user_id}/edit")
def update_person(
    request: Request,
    session: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[PersonForm], Depends(posted(PersonForm))],
) -> Response:
    person = service.get_person(session, admin, user_id)

    def update(values: PersonForm) -> Response:
        service.update_person(
            session,
            admin,
            settings,
            user_id,
            email=values.email,
            full_name=values.full_name,
            role=values.role,
        )
        return redirect(f"/people/{user_id}/edit", saved="yes")

    return form.submit(session, update, lambda: _edit_page(request, person, form))


@router.post("/people/{user_id}/link")
def send_link(
    request: Request, session: Db, admin: AdminSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    return _link_page(request, service.send_link(session, admin, settings, user_id), created=False)


@router.post("/people/{user_id}/delete")
def delete_person(session: Db, admin: AdminSubject, user_id: PathId) -> Response:
    service.delete_person(session, admin, user_id)
    return redirect("/people/deleted")


@router.post("/people/{user_id}/restore")
def restore_person(session: Db, admin: AdminSubject, user_id: PathId) -> Response:
    service.restore_person(session, admin, user_id)
    return redirect(f"/people/{user_id}/edit")


def _new_page(request: Request, form: Form[PersonForm], deleted_user_id: object = None) -> Response:
    return render(
        request,
        "accounts/person_new.html",
        form=form,
        roles=ROLES,
        deleted_user_id=deleted_user_id,
        breadcrumbs=[PEOPLE, ("Add a person", None)],
    )


def _edit_page(request: Request, person: User, form: Form[PersonForm]) -> Response:
    return render(
        request,
        "accounts/person_edit.html",
        person=person,
        status=status_of(person),
        form=form,
        roles=ROLES,
        saved=request.query_params.get("saved") == "yes",
        breadcrumbs=[PEOPLE, (person.full_name, None)],
    )


def _link_page(request: Request, made: service.Invited, *, created: bool) -> Response:
    return render(
        request,
        "accounts/person_link.html",
        person=made.user,
        link=made.link,
        created=created,
        invitation=status_of(made.user) == "invited",
        breadcrumbs=[PEOPLE, (made.user.full_name, f"/people/{made.user.id}/edit"), ("Link", None)],
    )


def _find_students(db: Session, subject: Subject, words: str) -> Found | None:
    if not subject.is_staff:
        return None
    people = service.list_people(db, subject, Paging(q=words, per_page=search.MOST), Role.STUDENT).page()
    hits = [Hit(user.full_name, user.email, f"/people/{user.id}", "user") for user in people.items]
    return Found("Students", hits, people.total, "/people")


search.register("students", _find_students, order=10)
