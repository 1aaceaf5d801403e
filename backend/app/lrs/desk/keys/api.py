"""JSON routes of the credentials."""

from fastapi import APIRouter

from app.lrs.desk.keys import service
from app.lrs.desk.keys.schemas import CredentialForm, CredentialOut, LaunchOut, NewCredentialOut
from app.web.fields import PathId
from app.web.paging import Page, PageParams
from app.web.request import AdminSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/lrs/credentials", tags=["Record store"])


@router.get("", summary="The credentials of systems")
def credentials(
    db: Db, _admin: AdminSubject, paging: PageParams, revoked: bool = False
) -> Page[CredentialOut]:
    """With `revoked`, the withdrawn ones too."""
    return service.listed(db, paging, with_revoked=revoked).page().map(CredentialOut.model_validate)


@router.get("/launches", summary="Learners' launch tokens that work now")
def launches(db: Db, _admin: AdminSubject, paging: PageParams) -> Page[LaunchOut]:
    return service.launches(db, paging).page().map(LaunchOut.of)


@router.post("", status_code=201, summary="Make a credential; the secret is shown once")
def create_credential(
    db: Db, admin: AdminSubject, settings: SettingsDep, given: CredentialForm
) -> NewCredentialOut:
    made = service.create(db, admin, settings.app_origin, **given.model_dump())
    db.refresh(made.credential)
    return NewCredentialOut.of(made, settings.app_origin)


@router.post("/{credential_id}/rotate", summary="Replace the secret; the new one is shown once")
def rotate_credential(
    db: Db, admin: AdminSubject, settings: SettingsDep, credential_id: PathId
) -> NewCredentialOut:
    return NewCredentialOut.of(service.rotate(db, admin, credential_id), settings.app_origin)


@router.delete("/{credential_id}", status_code=204, summary="Withdraw a credential or a launch token")
def revoke_credential(db: Db, admin: AdminSubject, credential_id: PathId) -> None:
    service.revoke(db, admin, credential_id)
