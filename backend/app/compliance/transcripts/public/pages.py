"""The pages that anybody may open: verify a transcript, and open one by the link that its holder gave.

What proves something (a code, a secret) stands behind the # of an address or in a form, and so in no log and no
Referer. Nothing of these pages comes from elsewhere, and no search engine keeps them.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.compliance.transcripts import layout
from app.compliance.transcripts.deliveries import service as deliveries
from app.compliance.transcripts.deliveries.service import Shared
from app.compliance.transcripts.public import service
from app.compliance.transcripts.public.service import Answer
from app.compliance.transcripts.schemas import LookForm, TokenForm
from app.core.errors import NotFound
from app.web.downloads import pdf_response
from app.web.forms import Form, posted
from app.web.pace import LINKS, PUBLIC, Paced
from app.web.render import render
from app.web.request import Db, FilesDep

router = APIRouter(include_in_schema=False)
PAGE, SHARED = "/verify/transcript", "/shared-transcript"
UNLISTED = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}


@router.get(PAGE, dependencies=[Paced(PUBLIC)])
def verify_page(request: Request) -> Response:
    return _verify_page(request, Form.blank(LookForm))


@router.post(PAGE, dependencies=[Paced(LINKS)])
def verify(request: Request, db: Db, form: Annotated[Form[LookForm], Depends(posted(LookForm))]) -> Response:
    def look(values: LookForm) -> Response:
        answer = service.look(db, values.number, values.code, values.sha256)
        return _verify_page(request, form, answer)

    return form.submit(db, look, again=lambda: _verify_page(request, form))


def _verify_page(request: Request, form: Form[LookForm], answer: Answer | None = None) -> Response:
    return render(
        request, "transcripts/verify.html", form=form, answer=answer, page_path=PAGE, headers=UNLISTED
    )


@router.get(SHARED, dependencies=[Paced(PUBLIC)])
def shared_page(request: Request) -> Response:
    return _shared_page(request, None, None)


@router.post(SHARED, dependencies=[Paced(LINKS)])
def shared(
    request: Request, db: Db, form: Annotated[Form[TokenForm], Depends(posted(TokenForm))]
) -> Response:
    values = form.checked()
    try:
        found = deliveries.open_link(db, values.token)
    except NotFound as problem:
        return _shared_page(request, None, problem.detail, status=404)
    return _shared_page(request, found, None, token=values.token)


@router.post(f"{SHARED}/file", dependencies=[Paced(LINKS)])
def shared_file(
    request: Request, db: Db, files: FilesDep, form: Annotated[Form[TokenForm], Depends(posted(TokenForm))]
) -> Response:
    """The signed PDF behind a link, byte for byte as it was issued."""
    try:
        number, pdf = deliveries.open_file(db, files, form.checked().token)
    except NotFound as problem:
        return _shared_page(request, None, problem.detail, status=404)
    return pdf_response(pdf, f"{number}.pdf", inline=False)


def _shared_page(
    request: Request, found: Shared | None, problem: str | None, *, token: str = "", status: int = 200
) -> Response:
    facts = None
    if found is not None:
        facts = layout.facts(found.content, found.number, found.issued_on, None, title=layout.OFFICIAL)
    return render(
        request,
        "transcripts/shared.html",
        status,
        shared=found,
        facts=facts,
        problem=problem,
        token=token,
        page_path=SHARED,
        headers=UNLISTED,
    )
