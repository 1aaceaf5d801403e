"""Where a person is signed in: one's own devices, and another's for an administrator."""

from fastapi import APIRouter, Request, Response

from app.accounts import policy
from app.accounts.access import service
from app.accounts.access.browser_names import browser_name
from app.accounts.tokens import service as tokens
from app.core.permissions import Permission
from app.web.field_types import PathId
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
SEES = [Requires(Permission.HISTORY_READ)]
ENDS = [Requires(Permission.ACCOUNTS_MANAGE)]


@router.get("/account/devices")
def own_devices(request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    return render(
        request,
        "accounts/devices.html",
        sessions=service.list_sessions(session, subject, settings),
        attempts=service.failed_attempts(session, subject, settings, subject.user_id),
        browser_name=browser_name,
        breadcrumbs=[("Your account", "/account"), ("Your devices", None)],
    )


@router.post("/account/sessions/others/revoke")
def revoke_other_sessions(session: Db, subject: CurrentSubject) -> Response:
    service.revoke_other_sessions(session, subject)
    return redirect("/account/devices")


@router.post("/account/sessions/{session_id}/revoke")
def revoke_session(session: Db, subject: CurrentSubject, session_id: PathId) -> Response:
    service.revoke_session(session, subject, session_id)
    return redirect("/account/devices")


# Another person's


@router.get("/people/{user_id}/devices", dependencies=SEES)
def devices(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    person, sessions = service.sessions_of(session, subject, settings, user_id)
    may_end = policy.may_manage(subject)
    back = f"/people/{user_id}/edit" if may_end else None
    return render(
        request,
        "accounts/person_devices.html",
        person=person,
        sessions=sessions,
        tokens=tokens.tokens_of(session, subject, user_id),
        attempts=service.failed_attempts(session, subject, settings, user_id),
        may_end=may_end,
        browser_name=browser_name,
        breadcrumbs=[("People", "/people"), (person.full_name, back), ("Devices", None)],
    )


@router.post("/people/{user_id}/sessions/end", dependencies=ENDS)
def end_sessions(session: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    service.end_sessions_of(session, subject, user_id)
    return redirect(f"/people/{user_id}/devices")


@router.post("/people/{user_id}/sessions/{session_id}/end", dependencies=ENDS)
def end_session(session: Db, subject: CurrentSubject, user_id: PathId, session_id: PathId) -> Response:
    service.end_sessions_of(session, subject, user_id, session_id)
    return redirect(f"/people/{user_id}/devices")


@router.post("/people/{user_id}/tokens/{token_id}/revoke", dependencies=ENDS)
def revoke_token(session: Db, subject: CurrentSubject, user_id: PathId, token_id: PathId) -> Response:
    tokens.revoke_token_of(session, subject, user_id, token_id)
    return redirect(f"/people/{user_id}/devices")
