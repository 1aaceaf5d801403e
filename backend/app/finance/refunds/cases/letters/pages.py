"""Issuing the letter about a refund."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.documents.service import IssueDeskDep, IssueForm
from app.finance.refunds.cases.letters import service
from app.finance.refunds.cases.pages import case_page
from app.web.field_types import PathId
from app.web.forms import Form, posted

router = APIRouter(include_in_schema=False)


@router.post("/refunds/{refund_id}/letter")
def issue_letter(
    request: Request,
    desk: IssueDeskDep,
    refund_id: PathId,
    form: Annotated[Form[IssueForm], Depends(posted(IssueForm))],
) -> Response:
    """Issue the letter and go to it."""

    def again(session: Session) -> Response:
        return case_page(request, session, desk.subject, refund_id, letter=form)

    return desk.issue(
        form, lambda session, _values: service.draft(session, desk.subject, desk.files, refund_id), again
    )
