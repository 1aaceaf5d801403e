"""Pages of the API keys: who may use the LRS."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core.permissions import Permission, Subject
from app.lrs.desk.keys import service
from app.lrs.desk.keys.reports import KEYS, LAUNCHES
from app.lrs.desk.keys.schemas import KeyForm
from app.lrs.engine.scopes import SCOPES
from app.settings import Settings
from app.web import reports, shown_once
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/lrs/keys", include_in_schema=False)
READS = [Requires(Permission.LRS_READ_ALL)]
MANAGES = [Requires(Permission.LRS_MANAGE)]
CRUMBS = [("Learning record store", "/lrs/statements"), ("API keys", "/lrs/keys")]


@router.get("", dependencies=READS)
def api_keys(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    revoked: Annotated[str, Query()] = "",
) -> Response:
    """The API keys of systems, with `revoked=yes` the withdrawn ones too."""
    return reports.answer(
        request,
        db,
        subject,
        KEYS,
        service.listed(db, subject, paging, with_revoked=revoked == "yes"),
        "lrs/keys.html",
        endpoint=f"{settings.app_origin}/xapi",
        scopes=SCOPES,
        breadcrumbs=[CRUMBS[0], (CRUMBS[1][0], None)],
    )


@router.get("/launches", dependencies=READS)
def launches(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Learners' launch tokens that work now."""
    return reports.answer(
        request,
        db,
        subject,
        LAUNCHES,
        service.launches(db, subject, paging),
        "lrs/launches.html",
        breadcrumbs=[*CRUMBS, ("Launches", None)],
    )


@router.get("/new", dependencies=MANAGES)
def new_key(request: Request, subject: CurrentSubject) -> Response:
    blank = Form.blank(KeyForm, scopes=["statements/write", "statements/read/mine"])
    return _form_page(request, blank)


@router.post("/new", dependencies=MANAGES)
def create_key(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[KeyForm], Depends(posted(KeyForm))],
) -> Response:
    def create(values: KeyForm) -> Response:
        made = service.create(db, subject, settings.app_origin, **values.model_dump())
        return _show_once(settings, subject, made, "API key created")

    return form.submit(db, create, again=lambda: _form_page(request, form))


@router.get("/{key_id}", dependencies=READS)
def api_key(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, key_id: PathId
) -> Response:
    """One API key; with its secret when that has just been made here, this one time."""
    found = service.find(db, subject, key_id)
    new = shown_once.handed_over(settings, subject, request)
    page = render(
        request,
        "lrs/key.html",
        api_key=found,
        new=new,
        endpoint=f"{settings.app_origin}/xapi",
        scopes=SCOPES,
        breadcrumbs=[*CRUMBS, (found.label, None)],
    )
    if new:
        shown_once.forget(settings, page)
    return page


@router.post("/{key_id}/rotate", dependencies=MANAGES)
def rotate(db: Db, subject: CurrentSubject, settings: SettingsDep, key_id: PathId) -> Response:
    return _show_once(settings, subject, service.rotate(db, subject, key_id), "Secret replaced")


@router.get("/{key_id}/rotate", dependencies=MANAGES)
def rotated(subject: CurrentSubject, key_id: PathId) -> Response:
    """Where a sign-in in between leads back to."""
    return redirect(f"/lrs/keys/{key_id}")


@router.post("/{key_id}/revoke", dependencies=MANAGES)
def revoke(db: Db, subject: CurrentSubject, key_id: PathId) -> Response:
    gone = service.revoke(db, subject, key_id)
    if gone.kind == "launch":
        return redirect("/lrs/keys/launches")
    return redirect("/lrs/keys", revoked="yes")


def _form_page(request: Request, form: Form[KeyForm]) -> Response:
    return render(
        request,
        "lrs/key_new.html",
        form=form,
        scopes=[(name, f"{words} ({name})") for name, words in SCOPES.items()],
        breadcrumbs=[*CRUMBS, ("New", None)],
    )


def _show_once(settings: Settings, subject: Subject, made: service.NewSecret, title: str) -> Response:
    """Go to the API key's page, which shows the secret this one time."""
    here = f"/lrs/keys/{made.api_key.id}"
    response = redirect(here)
    shown_once.hand_over(settings, subject, response, here, {"title": title, "secret": made.secret})
    return response
