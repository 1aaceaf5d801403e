"""The cosigner's page behind a signed link: read, agree, sign; on a phone, without an account."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.permissions import Subject
from app.finance.agreements import terms
from app.finance.agreements.cosigners import service
from app.finance.agreements.pages import trace_of
from app.finance.agreements.schemas import ConsentForm, SignForm
from app.web.downloads import pdf_response
from app.web.forms import Form, posted
from app.web.pace import LINKS, Paced
from app.web.render import redirect, render
from app.web.request import (
    DatabaseDep,
    Db,
    FilesDep,
    OptionalSubject,
    SettingsDep,
    optional_subject,
)

router = APIRouter(include_in_schema=False)
PLACE = "/agreement"
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
"""The address holds the secret: no search engine keeps it, and no other site learns it."""


def _counted(database: DatabaseDep, secret: str) -> None:
    with database.begin() as session:
        service.count_use(session, secret)


def _signed_in(request: Request, database: DatabaseDep) -> Subject | None:
    """Whoever is signed in, asked for in a transaction that is over by then."""
    with database.begin() as session:
        return optional_subject(request, session)


_BriefOptional = Annotated[Subject | None, Depends(_signed_in)]
ROUTE: dict[str, Any] = {"dependencies": [Paced(LINKS), Depends(_counted)]}


@router.get("/agreement/{secret}", **ROUTE)
def agreement(request: Request, db: Db, subject: OptionalSubject, secret: str) -> Response:
    # Mail programs look at links before their readers do: looking uses nothing up.
    return _page(request, db, subject, secret, None)


@router.post("/agreement/{secret}/consent", **ROUTE)
def consent(
    request: Request,
    db: Db,
    subject: OptionalSubject,
    secret: str,
    form: Annotated[Form[ConsentForm], Depends(posted(ConsentForm))],
) -> Response:
    """Agree to electronic records."""

    def act(_values: ConsentForm) -> Response:
        service.consent(db, secret, subject)
        return redirect(f"{PLACE}/{secret}#sign")

    try:
        answer = form.submit(db, act, lambda: _page(request, db, subject, secret, form))
    except NotFound:
        return _gone(request, "unknown")
    answer.headers.update(_HEADERS)
    return answer


@router.post("/agreement/{secret}/sign", **ROUTE)
def sign(
    request: Request,
    subject: _BriefOptional,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    secret: str,
    form: Annotated[Form[SignForm], Depends(posted(SignForm))],
) -> Response:
    """Sign, once."""

    def act(values: SignForm) -> Response:
        service.sign(database, secret, subject, files, settings, values, trace_of(request))
        return redirect(f"{PLACE}/{secret}")

    try:
        answer = form.submit_apart(
            database, act, lambda session: _page(request, session, subject, secret, form)
        )
    except NotFound:
        return _gone(request, "unknown")
    answer.headers.update(_HEADERS)
    return answer


@router.get("/agreement/{secret}/file", **ROUTE)
def file(subject: _BriefOptional, database: DatabaseDep, files: FilesDep, secret: str) -> Response:
    """The agreement as PDF."""
    number, pdf = service.content(database, secret, subject, files)
    answer = pdf_response(pdf, f"{number}.pdf", inline=True)
    answer.headers.update(_HEADERS)
    return answer


def _page(
    request: Request, session: Session, subject: Subject | None, secret: str, form: Form[Any] | None
) -> Response:
    try:
        seen = service.look(session, secret, subject)
    except NotFound:
        return _gone(request, "unknown")
    if seen.agreement is None:
        return _gone(request, seen.state)
    row = seen.agreement.row
    form = form or Form.blank(ConsentForm)
    return render(
        request,
        "agreements/cosigner.html",
        headers=_HEADERS,
        seen=seen,
        found=seen.agreement,
        row=row,
        drawn=terms.drawn(row.terms),
        consent=terms.CONSENT,
        form=form,
        consent_form=form if form.model is ConsentForm else Form.blank(ConsentForm),
        sign_form=form if form.model is SignForm else Form.blank(SignForm, shown=row.file_sha256),
        place=f"{PLACE}/{secret}",
    )


def _gone(request: Request, state: str) -> Response:
    return render(request, "agreements/gone.html", 410, headers=_HEADERS, state=state)
