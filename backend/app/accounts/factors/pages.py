"""Pages of one's own second factors."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts.factors import service
from app.accounts.factors.schemas import AuthenticatorForm, PasskeyForm
from app.core import clock, proof
from app.core.permissions import Subject
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/account/factors", include_in_schema=False)
ACCOUNT = ("Your account", "/account")
FACTORS = ("Second factor", "/account/factors")


@router.get("")
def factors(request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    return render(
        request,
        "accounts/factors.html",
        held=service.overview(session, subject),
        today=clock.today(settings.zone),
        saved=request.query_params.get("saved", ""),
        breadcrumbs=[ACCOUNT, ("Second factor", None)],
    )


@router.get("/passkeys/new")
def new_passkey(request: Request, subject: CurrentSubject) -> Response:
    proof.require_recent(subject)
    return _passkey_page(request, Form.blank(PasskeyForm))


@router.post("/passkeys/options")
def passkey_options(session: Db, subject: CurrentSubject, settings: SettingsDep) -> dict[str, Any]:
    return service.begin_passkey(session, subject, settings)


@router.post("/passkeys")
def add_passkey(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[PasskeyForm], Depends(posted(PasskeyForm))],
) -> Response:
    def add(values: PasskeyForm) -> Response:
        codes = service.add_passkey(session, subject, settings, values.name, values.answer)
        return _done(request, codes, "passkey")

    return form.submit(session, add, lambda: _passkey_page(request, form))


@router.post("/passkeys/{passkey_id}/remove")
def remove_passkey(session: Db, subject: CurrentSubject, passkey_id: PathId) -> Response:
    service.remove_passkey(session, subject, passkey_id)
    return redirect("/account/factors", saved="removed")


@router.get("/authenticators/new")
def new_authenticator(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    return _authenticator_page(request, session, subject, settings, Form.blank(AuthenticatorForm))


@router.post("/authenticators")
def add_authenticator(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[AuthenticatorForm], Depends(posted(AuthenticatorForm))],
) -> Response:
    def add(values: AuthenticatorForm) -> Response:
        codes = service.add_authenticator(session, subject, settings, values.name, values.sealed, values.code)
        return _done(request, codes, "authenticator")

    return form.submit(session, add, lambda: _authenticator_page(request, session, subject, settings, form))


@router.post("/authenticators/{authenticator_id}/remove")
def remove_authenticator(session: Db, subject: CurrentSubject, authenticator_id: PathId) -> Response:
    service.remove_authenticator(session, subject, authenticator_id)
    return redirect("/account/factors", saved="removed")


@router.post("/recovery-codes")
def renew_codes(request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    return _done(request, service.renew_codes(session, subject, settings), "codes")


def _done(request: Request, codes: list[str], saved: str) -> Response:
    if not codes:
        return redirect("/account/factors", saved=saved)
    # Answered at once and not by a redirect: the codes are shown this one time only.
    return render(
        request,
        "accounts/recovery_codes.html",
        codes=codes,
        saved=saved,
        breadcrumbs=[ACCOUNT, FACTORS, ("Recovery codes", None)],
    )


def _passkey_page(request: Request, form: Form[PasskeyForm]) -> Response:
    return render(
        request,
        "accounts/passkey_new.html",
        form=form,
        breadcrumbs=[ACCOUNT, FACTORS, ("Add a passkey", None)],
    )


def _authenticator_page(
    request: Request, session: Session, subject: Subject, settings: Settings, form: Form[AuthenticatorForm]
) -> Response:
    setup = service.begin_authenticator(session, subject, settings, form.text("sealed") or None)
    form.data["code"] = []
    return render(
        request,
        "accounts/authenticator_new.html",
        form=form,
        setup=setup,
        breadcrumbs=[ACCOUNT, FACTORS, ("Add an authenticator app", None)],
    )
