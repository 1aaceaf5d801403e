"""JSON routes of duties."""

from fastapi import APIRouter

from app.accounts.duties import service
from app.accounts.duties.schemas import DutyForm, DutyOut, EndForm
from app.core.permissions import Duty, Permission
from app.web.field_types import PathId
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/api/v1", tags=["People"])
MANAGES = [Requires(Permission.DUTIES_MANAGE)]


@router.get("/me/duties", summary="What one does at the school today")
def own_duties(session: Db, subject: CurrentSubject) -> list[Duty]:
    return service.own_duties(session, subject)


@router.get("/users/{user_id}/duties", summary="The duties a person was given")
def duties(session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId) -> list[DutyOut]:
    """One's own, or anybody's for those who see the staff's accounts; the latest first."""
    found = service.list_duties(session, subject, settings, user_id)
    return [DutyOut.model_validate(line) for line in found]


@router.post("/users/{user_id}/duties", status_code=201, summary="Give a person a duty", dependencies=MANAGES)
def give_duty(
    session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId, given: DutyForm
) -> list[DutyOut]:
    """Both days are included. Answers with all duties of the person: a first one writes down that of the role."""
    service.give_duty(session, subject, settings, user_id, **given.model_dump())
    return duties(session, subject, settings, user_id)


@router.post("/duties/{duty_id}/end", summary="End a duty now, or set its last day", dependencies=MANAGES)
def end_duty(
    session: Db, subject: CurrentSubject, settings: SettingsDep, duty_id: PathId, given: EndForm
) -> list[DutyOut]:
    """Takes effect with the person's next request; nobody is signed out. Answers with all duties of the person."""
    ended = service.end_duty(session, subject, settings, duty_id, **given.model_dump())
    return duties(session, subject, settings, ended.user_id)
