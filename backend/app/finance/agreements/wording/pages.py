"""The page on which staff edit what agreements disclose, with a preview."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.documents.service import IssueDeskDep
from app.finance.agreements.schemas import WordingForm
from app.finance.agreements.wording import service
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.AGREEMENTS_READ)]
CHANGES = [Requires(Permission.SCHOOL_CHANGE)]


@router.get("/agreements/wording", dependencies=READS)
def wording(request: Request, db: Db, subject: CurrentSubject) -> Response:
    values = service.in_force(db, subject).values
    form = Form.blank(
        WordingForm,
        disclosures="\n\n".join(map(str, values.disclosures)),
        sign_within_days=values.sign_within_days,
        effective_from="",
        approved_by="",
    )
    return _page(request, db, subject, form)


def _page(request: Request, session: Session, subject: Subject, form: Form[WordingForm]) -> Response:
    return render(
        request,
        "agreements/wording.html",
        form=form,
        found=service.in_force(session, subject),
        may_change=service.may_change(subject),
        breadcrumbs=[("Agreements", "/agreements"), ("Wording", None)],
    )


@router.post("/agreements/wording", dependencies=CHANGES)
def save(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[WordingForm], Depends(posted(WordingForm))],
) -> Response:
    def act(values: WordingForm) -> Response:
        service.save(db, subject, values)
        return redirect("/school/policies#agreement")

    return form.submit(db, act, lambda: _page(request, db, subject, form))


@router.post("/agreements/wording/preview")
def preview(
    request: Request, desk: IssueDeskDep, form: Annotated[Form[WordingForm], Depends(posted(WordingForm))]
) -> Response:
    """A sample agreement with these words; nothing is kept."""

    def act(values: WordingForm) -> Response:
        return desk.preview(lambda session: service.preview(session, desk.subject, desk.files, values))

    return form.submit_apart(desk.database, act, lambda session: _page(request, session, desk.subject, form))
