"""Pages of the administration of people. The page of one student, /people/{id}, is a desk's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.duties import service as duties
from app.accounts.people import service
from app.accounts.people.reports import DELETED_REPORT, DUTIES, PEOPLE_REPORT, ROLES
from app.accounts.schemas import NewPersonForm, PersonForm, status_of
from app.core import clock
from app.core.errors import FieldError, Invalid, Problem
from app.core.permissions import Duty, Permission, Role, Subject
from app.db.models import User
from app.web import navigation, reports, search
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("People", "/people", "users", policy.may_list, order=20))

LISTS = [
    Requires(Permission.ACCOUNTS_READ, Permission.STUDENTS_READ_ALL, Permission.STUDENTS_READ_OWN_CLASSES)
]
MANAGES = [Requires(Permission.ACCOUNTS_MANAGE)]
MANAGES_STUDENTS = [Requires(Permission.ACCOUNTS_MANAGE, Permission.STUDENTS_MANAGE)]
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


def chosen_duty(duty: Annotated[str, Query(description="Who has this duty today")] = "") -> Duty | None:
    """The duty a list is limited to; nothing or `all` means everybody, with a duty or without."""
    if duty in ("", "all"):
        return None
    try:
        return Duty(duty)
    except ValueError:
        sentence = f"The duty is one of {', '.join(Duty)}."
        raise Invalid(sentence, errors=[FieldError("duty", sentence)]) from None


DutyFilter = Annotated[Duty | None, Depends(chosen_duty)]


@router.get("/people", dependencies=LISTS)
def people(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    role: RoleFilter,
    duty: DutyFilter,
) -> Response:
    found = service.list_people(session, subject, paging, role, duty=duty, today=clock.today(settings.zone))
    return reports.answer(
        request,
        session,
        subject,
        PEOPLE_REPORT,
        duties.with_duties(session, subject, settings, found),
        "accounts/people.html",
        role=role,
        duty=duty,
        sees_staff=policy.may_read_duties(subject),
        may_add=policy.may_manage_students(subject),
        may_manage=lambda person: policy.may_manage(subject, person.role),
        manages_all=policy.may_manage(subject),
        status_of=status_of,
    )


@router.get("/people/deleted", dependencies=MANAGES)
def deleted_people(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    found = service.list_people(session, subject, paging, deleted=True)
    return reports.answer(
        request,
        session,
        subject,
        DELETED_REPORT,
        duties.with_duties(session, subject, settings, found),
        "accounts/people_deleted.html",
        breadcrumbs=[PEOPLE, ("Deleted", None)],
    )


@router.get("/people/new", dependencies=MANAGES_STUDENTS)
def new_person(request: Request, subject: CurrentSubject, role: RoleFilter) -> Response:
    form = Form.blank(NewPersonForm, role=role or Role.STUDENT)
    return _new_page(request, subject, form)


@router.post("/people/new", dependencies=MANAGES_STUDENTS)
def create_person(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[NewPersonForm], Depends(posted(NewPersonForm))],
) -> Response:
    deleted: list[object] = []

    def create(values: NewPersonForm) -> Response:
        try:
            made = service.create_person(
                session,
                subject,
                settings,
                email=values.email,
                full_name=values.full_name,
                role=values.role,
                duty=values.duty,
            )
        except Problem as problem:
            deleted.append(problem.extra.get("deleted_user_id"))
            raise
        return _link_page(request, made, created=True)

    return form.submit(session, create, lambda: _new_page(request, subject, form, next(iter(deleted), None)))


@router.get("/people/{user_id}/edit", dependencies=MANAGES_STUDENTS)
def edit_person(request: Request, session: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    person = service.get_person(session, subject, user_id)
    policy.require_manage(subject, person.role)
    return _edit_page(request, subject, person, Form.filled(PersonForm, person))


@router.post("/people/{user_id}/edit", dependencies=MANAGES_STUDENTS)
def update_person(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[PersonForm], Depends(posted(PersonForm))],
) -> Response:
    person = service.get_person(session, subject, user_id)
    policy.require_manage(subject, person.role)

    def update(values: PersonForm) -> Response:
        service.update_person(
            session,
            subject,
            settings,
            user_id,
            email=values.email,
            full_name=values.full_name,
            role=values.role,
        )
        return redirect(f"/people/{user_id}/edit", saved="yes")

    return form.submit(session, update, lambda: _edit_page(request, subject, person, form))


@router.post("/people/{user_id}/link", dependencies=MANAGES_STUDENTS)
def send_link(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    return _link_page(request, service.send_link(session, subject, settings, user_id), created=False)


@router.post("/people/{user_id}/delete", dependencies=MANAGES)
def delete_person(session: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    service.delete_person(session, subject, user_id)
    return redirect("/people/deleted")


@router.post("/people/{user_id}/restore", dependencies=MANAGES)
def restore_person(session: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    service.restore_person(session, subject, user_id)
    return redirect(f"/people/{user_id}/edit")


def _new_page(
    request: Request, subject: Subject, form: Form[NewPersonForm], deleted_user_id: object = None
) -> Response:
    return render(
        request,
        "accounts/person_new.html",
        form=form,
        roles=[(value, text) for value, text in ROLES if policy.may_manage(subject, Role(value))],
        duties=DUTIES if policy.may_manage_duties(subject) else [],
        deleted_user_id=deleted_user_id if policy.may_manage(subject) else None,
        breadcrumbs=[PEOPLE, ("Add a person", None)],
    )


def _edit_page(request: Request, subject: Subject, person: User, form: Form[PersonForm]) -> Response:
    return render(
        request,
        "accounts/person_edit.html",
        person=person,
        status=status_of(person),
        form=form,
        roles=ROLES if policy.may_manage_duties(subject) else [(person.role.value, person.role.label)],
        manages_all=policy.may_manage(subject),
        sees_duties=subject.may(Permission.ACCOUNTS_READ) and person.role is not Role.STUDENT,
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
    if not policy.may_list(subject):
        return None
    people = service.list_people(db, subject, Paging(q=words, per_page=search.MOST), Role.STUDENT).page()
    hits = [Hit(user.full_name, user.email, f"/people/{user.id}", "user") for user in people.items]
    return Found("Students", hits, people.total, "/people")


search.register("students", _find_students, order=10)
