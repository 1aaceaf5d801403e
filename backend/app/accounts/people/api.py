"""JSON routes of people."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.accounts.people import service
from app.accounts.people.pages import RoleFilter
from app.accounts.schemas import Email, FullName, PersonOut
from app.core.permissions import Role
from app.web.fields import PathId
from app.web.paging import Page, PageParams
from app.web.request import AdminSubject, CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/users", tags=["People"])


class PersonIn(BaseModel):
    """A person to add; an invitation is mailed."""

    full_name: FullName
    email: Email
    role: Role


class PersonChange(BaseModel):
    """What to change; what is left out stays."""

    full_name: FullName | None = None
    email: Email | None = None
    role: Role | None = None


class InvitedOut(BaseModel):
    """A person and the one-time link to set a password, shown this one time."""

    user: PersonOut
    link: str


@router.get("", summary="Search people")
def people(
    session: Db, subject: CurrentSubject, paging: PageParams, role: RoleFilter, deleted: bool = False
) -> Page[PersonOut]:
    """Administrators see everybody, instructors the students."""
    return service.list_people(session, subject, paging, role, deleted=deleted).page().map(PersonOut.of)


@router.post("", status_code=201, summary="Add a person and send the invitation")
def create_person(session: Db, admin: AdminSubject, settings: SettingsDep, given: PersonIn) -> InvitedOut:
    made = service.create_person(
        session, admin, settings, email=given.email, full_name=given.full_name, role=given.role
    )
    return InvitedOut(user=PersonOut.of(made.user), link=made.link)


@router.get("/{user_id}", summary="One person")
def person(session: Db, subject: CurrentSubject, user_id: PathId) -> PersonOut:
    return PersonOut.of(service.get_person(session, subject, user_id))


@router.patch("/{user_id}", summary="Change name, e-mail address or role")
def update_person(
    session: Db, admin: AdminSubject, settings: SettingsDep, user_id: PathId, given: PersonChange
) -> PersonOut:
    user = service.update_person(
        session, admin, settings, user_id, email=given.email, full_name=given.full_name, role=given.role
    )
    return PersonOut.of(user)


@router.delete("/{user_id}", status_code=204, summary="Delete an account; its records stay")
def delete_person(session: Db, admin: AdminSubject, user_id: PathId) -> None:
    service.delete_person(session, admin, user_id)


@router.post("/{user_id}/restoration", summary="Restore a deleted account")
def restore_person(session: Db, admin: AdminSubject, user_id: PathId) -> PersonOut:
    return PersonOut.of(service.restore_person(session, admin, user_id))


@router.post("/{user_id}/link", status_code=201, summary="Send a new invitation or password link")
def send_link(session: Db, admin: AdminSubject, settings: SettingsDep, user_id: PathId) -> InvitedOut:
    made = service.send_link(session, admin, settings, user_id)
    return InvitedOut(user=PersonOut.of(made.user), link=made.link)
