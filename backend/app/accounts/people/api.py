"""JSON routes of people."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.accounts.people import service
from app.accounts.people.pages import MANAGES, MANAGES_STUDENTS, DutyFilter, RoleFilter
from app.accounts.schemas import Email, FullName, PersonOut
from app.core import clock
from app.core.permissions import Duty, Role
from app.web.field_types import PathId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/users", tags=["People"])


class PersonIn(BaseModel):
    """A person to add; an invitation is mailed."""

    full_name: FullName
    email: Email
    role: Role
    duty: Duty | None = Field(
        None, description="In place of what the role would bring along; for staff alone."
    )


class PersonChange(BaseModel):
    """What to change; what is left out stays."""

    full_name: FullName | None = None
    email: Email | None = None
    role: Role | None = None


class InvitedOut(BaseModel):
    """A person for whom a one-time link was made.

    `link` is given once, for an invitation on a system without a mail server; otherwise it is null and the link goes
    to the person's email address.
    """

    user: PersonOut
    link: str | None


@router.get("", summary="Search people")
def people(
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    role: RoleFilter,
    duty: DutyFilter,
    deleted: bool = False,
) -> Page[PersonOut]:
    """Everybody for those who see the staff's accounts, else the students. `duty` asks who has it today."""
    found = service.list_people(
        session, subject, paging, role, deleted=deleted, duty=duty, today=clock.today(settings.zone)
    )
    return found.page().map(PersonOut.of)


@router.post(
    "", status_code=201, summary="Add a person and send the invitation", dependencies=MANAGES_STUDENTS
)
def create_person(session: Db, subject: CurrentSubject, settings: SettingsDep, given: PersonIn) -> InvitedOut:
    made = service.create_person(
        session,
        subject,
        settings,
        email=given.email,
        full_name=given.full_name,
        role=given.role,
        duty=given.duty,
    )
    return InvitedOut(user=PersonOut.of(made.user), link=made.link)


@router.get("/{user_id}", summary="One person")
def person(session: Db, subject: CurrentSubject, user_id: PathId) -> PersonOut:
    return PersonOut.of(service.get_person(session, subject, user_id))


@router.patch("/{user_id}", summary="Change name, email address or role", dependencies=MANAGES_STUDENTS)
def update_person(
    session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId, given: PersonChange
) -> PersonOut:
    user = service.update_person(
        session, subject, settings, user_id, email=given.email, full_name=given.full_name, role=given.role
    )
    return PersonOut.of(user)


@router.delete(
    "/{user_id}", status_code=204, summary="Delete an account; its records stay", dependencies=MANAGES
)
def delete_person(session: Db, subject: CurrentSubject, user_id: PathId) -> None:
    service.delete_person(session, subject, user_id)


@router.post("/{user_id}/restoration", summary="Restore a deleted account", dependencies=MANAGES)
def restore_person(session: Db, subject: CurrentSubject, user_id: PathId) -> PersonOut:
    return PersonOut.of(service.restore_person(session, subject, user_id))


@router.post(
    "/{user_id}/link",
    status_code=201,
    summary="Send a new invitation or password link",
    dependencies=MANAGES_STUDENTS,
)
def send_link(session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId) -> InvitedOut:
    made = service.send_link(session, subject, settings, user_id)
    return InvitedOut(user=PersonOut.of(made.user), link=made.link)
