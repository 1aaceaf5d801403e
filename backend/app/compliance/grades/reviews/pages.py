"""Pages of academic progress: the list, one review with its appeal."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from app.compliance.grades import policy
from app.compliance.grades.reviews import service
from app.compliance.grades.reviews.reports import PROGRESS
from app.core.permissions import Subject
from app.settings import Settings
from app.web import navigation, refusals, reports
from app.web.field_types import PathId, Text, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import Page, PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1/academic-progress", tags=["grades"])
refusals.register_record("review_id", "progress_reviews")
refusals.register_record("appeal_id", "progress_appeals")
navigation.register(NavItem("Progress", "/academic-progress", "chart-line", policy.may_list, order=48))
PROGRESS_PAGE = ("Academic progress", "/academic-progress")
State = Annotated[Literal["good", "warning", "probation", "not_met"] | None, BeforeValidator(blank_is_none)]
Risk = Annotated[Literal["yes", "appeals"] | None, BeforeValidator(blank_is_none)]


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


class AppealForm(BaseModel):
    """What happened, and what has changed."""

    reason: Annotated[Text, Field(min_length=10, max_length=4_000)]


class AppealDecisionForm(BaseModel):
    """The decision about an appeal, with a word to the student."""

    decision: Annotated[Literal["grant", "deny"], Field(title="Decision")]
    note: Annotated[Text, Field(min_length=3, max_length=1_000)]


class ReviewOut(BaseModel):
    """The latest review of an enrollment."""

    model_config = {"from_attributes": True}

    id: int
    enrollment_id: int
    user_id: int
    full_name: str
    program: str
    checkpoint_pct: int
    state: str
    explanation: str


@api.get("")
def list_progress(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[ReviewOut]:
    """The latest review of each active enrollment. Sorts: student, program, state, pace, gpa, day."""
    return service.list_reviews(db, subject, paging).page().map(ReviewOut.model_validate)


@router.get("/academic-progress")
def progress(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[State, Query()] = None,
    risk: Annotated[Risk, Query()] = None,
) -> Response:
    """How everybody stands, and who is at risk."""
    listing = service.list_reviews(
        db, subject, paging, state=state, at_risk=risk == "yes", appeals=risk == "appeals"
    )
    return reports.answer(
        request,
        db,
        subject,
        PROGRESS,
        listing,
        "grades/progress.html",
        may_review=policy.may_approve(subject),
    )


@router.post("/academic-progress")
def review_now(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """Review those who have reached a checkpoint, without waiting for the night."""
    form.checked()
    service.run(db, subject, settings.zone)
    return redirect("/academic-progress")


@router.get("/academic-progress/{review_id}")
def review(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, review_id: PathId
) -> Response:
    """A review: what was found, and the appeal."""
    return _page(request, db, subject, settings, review_id, Form.blank(AppealForm))


def _page(
    request: Request, db: Session, subject: Subject, settings: Settings, review_id: int, form: Form[Any]
) -> Response:
    found = service.read_review(db, subject, review_id, settings.zone)
    own = found.row.user_id == subject.user_id
    return render(
        request,
        "grades/review.html",
        review=found,
        row=found.row,
        form=form,
        own=own,
        may_decide=policy.may_approve(subject, found.row.user_id),
        breadcrumbs=[("Grades", "/grades") if own else PROGRESS_PAGE, (found.row.full_name, None)],
    )


@router.post("/academic-progress/{review_id}/appeal")
def appeal(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    review_id: PathId,
    form: Annotated[Form[AppealForm], Depends(posted(AppealForm))],
) -> Response:
    """The student appeals."""

    def ask(values: AppealForm) -> Response:
        service.appeal(db, subject, review_id, values.reason, settings.zone)
        return redirect(f"/academic-progress/{review_id}")

    return form.submit(db, ask, lambda: _page(request, db, subject, settings, review_id, form))


@router.post("/academic-progress/{review_id}/appeal/{appeal_id}")
def decide(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    review_id: PathId,
    appeal_id: PathId,
    form: Annotated[Form[AppealDecisionForm], Depends(posted(AppealDecisionForm))],
) -> Response:
    """Grant or deny the appeal."""

    def act(values: AppealDecisionForm) -> Response:
        granted = values.decision == "grant"
        service.decide_appeal(db, subject, review_id, appeal_id, granted=granted, note=values.note)
        return redirect(f"/academic-progress/{review_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, review_id, form))
