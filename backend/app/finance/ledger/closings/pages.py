"""Daily closing as a page: what came in, the count, and every day that was closed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.finance.ledger import chart, policy
from app.finance.ledger.closings import service
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.reports import CLOSINGS
from app.finance.ledger.schemas import ClosingForm
from app.web import reports
from app.web.forms import Form, posted
from app.web.paging import PageParams, Paging
from app.web.render import redirect
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.LEDGER_READ)]
POSTS = [Requires(Permission.LEDGER_POST)]


@router.get("/ledger/closings", dependencies=READS)
def closings(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    return _page(request, db, subject, paging, None)


@router.post("/ledger/closings", dependencies=POSTS)
def close(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[ClosingForm], Depends(posted(ClosingForm))],
) -> Response:
    def act(values: ClosingForm) -> Response:
        service.close(db, subject, values)
        return redirect("/ledger/closings")

    return form.submit(db, act, again=lambda: _page(request, db, subject, Paging(), form))


def _page(
    request: Request, db: Session, subject: Subject, paging: Paging, form: Form[ClosingForm] | None
) -> Response:
    waiting = service.to_close(db, subject, form.values.day if form and form.values else None)
    if form is None:
        form = Form.blank(ClosingForm, **({"day": waiting.through} if waiting else {}))
    return reports.answer(
        request,
        db,
        subject,
        CLOSINGS,
        service.closings(db, subject, paging),
        "ledger/closings.html",
        waiting=waiting,
        form=form,
        methods=chart.METHODS,
        may_post=policy.may_post(subject),
        breadcrumbs=[LEDGER, ("Daily closing", None)],
    )
