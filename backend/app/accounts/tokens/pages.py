"""The page of one's own API tokens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts.schemas import TokenForm
from app.accounts.tokens import service
from app.core.permissions import Permission, Subject
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db

router = APIRouter(include_in_schema=False)
OFFERED_DAYS = 90


@router.get("/account/tokens")
def own_tokens(request: Request, session: Db, subject: CurrentSubject) -> Response:
    return _page(request, session, subject)


@router.post("/account/tokens")
def create_token(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    form: Annotated[Form[TokenForm], Depends(posted(TokenForm))],
) -> Response:
    def create(values: TokenForm) -> Response:
        _token, clear = service.create_token(
            session,
            subject,
            values.name,
            values.lifetime_days,
            scopes=values.scopes,
            read_only=values.access == "read",
        )
        # Answered at once and not by a redirect: the token is shown this one time only.
        return _page(request, session, subject, new_token=clear)

    return form.submit(session, create, lambda: _page(request, session, subject, form=form))


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(session: Db, subject: CurrentSubject, token_id: PathId) -> Response:
    service.revoke_token(session, subject, token_id)
    return redirect("/account/tokens")


def _page(
    request: Request,
    session: Session,
    subject: Subject,
    *,
    form: Form[TokenForm] | None = None,
    new_token: str | None = None,
) -> Response:
    return render(
        request,
        "accounts/tokens.html",
        form=form or Form.blank(TokenForm, lifetime_days=OFFERED_DAYS, access="read"),
        new_token=new_token,
        tokens=service.list_tokens(session, subject),
        labels={permission.value: permission.label for permission in Permission},
        scopes=[(one.value, one.label) for one in Permission if subject.may(one)],
        breadcrumbs=[("Your account", "/account"), ("API tokens", None)],
    )
