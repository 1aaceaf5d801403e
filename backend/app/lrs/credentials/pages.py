"""Pages of the credentials: who may use the record store."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.lrs.credentials import service
from app.lrs.credentials.policy import SCOPES
from app.lrs.credentials.schemas import CredentialForm
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, SettingsDep

router = APIRouter(prefix="/records/credentials", include_in_schema=False)
CRUMBS = [("Record store", "/records/statements"), ("Credentials", "/records/credentials")]


@router.get("")
def credentials(
    request: Request,
    db: Db,
    _admin: AdminSubject,
    settings: SettingsDep,
    revoked: Annotated[str, Query()] = "",
) -> Response:
    """The credentials of systems; with `revoked=yes` the withdrawn ones too."""
    return render(
        request,
        "lrs/credentials.html",
        credentials=service.listed(db, with_revoked=revoked == "yes"),
        with_revoked=revoked == "yes",
        endpoint=f"{settings.app_origin}/xapi",
        scopes=SCOPES,
        breadcrumbs=[CRUMBS[0], (CRUMBS[1][0], None)],
    )


@router.get("/new")
def new_credential(request: Request, _admin: AdminSubject) -> Response:
    blank = Form.blank(CredentialForm, scopes=["statements/write", "statements/read/mine"])
    return _form_page(request, blank)


@router.post("/new")
def create_credential(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    form: Annotated[Form[CredentialForm], Depends(posted(CredentialForm))],
) -> Response:
    def create(values: CredentialForm) -> Response:
        made = service.create(db, admin, settings.app_origin, **values.model_dump())
        return _secret_page(request, settings.app_origin, made, "The credential is made")

    return form.submit(db, create, again=lambda: _form_page(request, form))


@router.post("/{credential_id}/rotate")
def rotate(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, credential_id: PathId
) -> Response:
    made = service.rotate(db, admin, credential_id)
    return _secret_page(request, settings.app_origin, made, "The secret is replaced")


@router.post("/{credential_id}/revoke")
def revoke(db: Db, admin: AdminSubject, credential_id: PathId) -> Response:
    service.revoke(db, admin, credential_id)
    return redirect("/records/credentials", revoked="yes")


def _form_page(request: Request, form: Form[CredentialForm]) -> Response:
    return render(
        request,
        "lrs/credential_new.html",
        form=form,
        scopes=[(name, f"{words} ({name})") for name, words in SCOPES.items()],
        breadcrumbs=[*CRUMBS, ("New", None)],
    )


def _secret_page(request: Request, app_origin: str, made: service.NewSecret, title: str) -> Response:
    return render(
        request,
        "lrs/credential_secret.html",
        made=made,
        title=title,
        endpoint=f"{app_origin}/xapi",
        headers={"Cache-Control": "no-store"},
        breadcrumbs=[*CRUMBS, (made.credential.label, None)],
    )
