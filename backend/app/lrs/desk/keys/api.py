"""JSON routes of the API keys."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.core.permissions import Permission
from app.lrs.desk.keys import service
from app.lrs.desk.keys.schemas import KeyForm, KeyOut, LaunchOut, NewKeyOut
from app.web.field_types import PathId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/api/v1/lrs/keys", tags=["Learning record store"])
READS = [Requires(Permission.LRS_READ_ALL)]
MANAGES = [Requires(Permission.LRS_MANAGE)]
moved = APIRouter(prefix="/api/v1/lrs/credentials")


@router.get("", summary="The API keys of systems", dependencies=READS)
def api_keys(db: Db, subject: CurrentSubject, paging: PageParams, revoked: bool = False) -> Page[KeyOut]:
    """With `revoked`, the withdrawn ones too."""
    return service.listed(db, subject, paging, with_revoked=revoked).page().map(KeyOut.model_validate)


@router.get("/launches", summary="Learners' launch tokens that work now", dependencies=READS)
def launches(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[LaunchOut]:
    return service.launches(db, subject, paging).page().map(LaunchOut.of)


@router.post("", status_code=201, summary="Create an API key; the secret is shown once", dependencies=MANAGES)
def create_key(db: Db, subject: CurrentSubject, settings: SettingsDep, given: KeyForm) -> NewKeyOut:
    made = service.create(db, subject, settings.app_origin, **given.model_dump())
    db.refresh(made.api_key)
    return NewKeyOut.of(made, settings.app_origin)


@router.post(
    "/{key_id}/rotate", summary="Replace the secret; the new one is shown once", dependencies=MANAGES
)
def rotate_key(db: Db, subject: CurrentSubject, settings: SettingsDep, key_id: PathId) -> NewKeyOut:
    return NewKeyOut.of(service.rotate(db, subject, key_id), settings.app_origin)


@router.delete(
    "/{key_id}", status_code=204, summary="Withdraw an API key or a launch token", dependencies=MANAGES
)
def revoke_key(db: Db, subject: CurrentSubject, key_id: PathId) -> None:
    service.revoke(db, subject, key_id)


@moved.api_route(
    "{rest:path}", methods=["GET", "POST", "DELETE"], include_in_schema=False, dependencies=READS
)
def moved_routes(request: Request, subject: CurrentSubject, rest: str) -> Response:
    """What these routes were called before; 308 repeats method and body at the new address."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{router.prefix}{rest}{query}", status_code=308)
