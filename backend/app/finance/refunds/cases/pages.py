"""Pages of refunds: the list, which is the report, one refund with its derivation, and what is decided about it."""

import json
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.core.money import format_cents
from app.core.permissions import Permission, Subject
from app.documents.service import IssueForm
from app.finance.ledger import chart, panels
from app.finance.ledger import service as ledger
from app.finance.ledger.panels import Panel
from app.finance.refunds.cases import policy, sentences, service
from app.finance.refunds.cases import queue as _queue  # noqa: F401 - what waits is in the queue
from app.finance.refunds.cases.letters import service as letters
from app.finance.refunds.cases.reports import REFUNDS, state
from app.finance.refunds.cases.schemas import ApprovalForm, RecomputeForm, RejectionForm, RemittanceForm
from app.rules.days import long_date
from app.settings import Settings
from app.web import navigation, refusals, reports, search
from app.web.field_types import OptionalDay, OptionalId, PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
refusals.register_record("refund_id", "refunds")
navigation.register(NavItem("Refunds", "/refunds", "receipt-refund", policy.may_read_all, order=57))
READS = [Requires(Permission.WITHDRAWALS_READ)]
COMPUTES = [Requires(Permission.LEDGER_POST)]
APPROVES = [Requires(Permission.REFUNDS_APPROVE)]
LIST = ("Refunds", "/refunds")
_Word = Annotated[str, Query(max_length=20)]


def _found(session: Session, subject: Subject, words: str) -> Found | None:
    """Refunds by number, student or program, for the box that finds things."""
    if not policy.may_read_all(subject):
        return None
    page = service.refunds(session, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(
            f"Refund {row.id}",
            f"{row.student} · {row.program} · {state(row)}",
            f"/refunds/{row.id}",
            "receipt-refund",
        )
        for row in page.items
    ]
    return Found("Refunds", hits, page.total or len(hits), "/refunds")


search.register("refunds", _found, order=71)


def _own(session: Session, subject: Subject, _settings: Settings) -> list[Panel]:
    """The student's refunds, on their Money."""
    return [
        Panel(
            f"Refund: {format_cents(row.amount_cents)}",
            f"{row.program}. {state(row)}"
            + (f", due by {long_date(row.due_on)}." if row.days_left is not None else "."),
            f"/refunds/{row.id}",
            "How it was computed, and every step",
        )
        for row in service.own_refunds(session, subject)
    ]


panels.register("refunds", _own)


@router.get("/refunds", dependencies=READS)
def refunds(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: _Word = "",
    timely: _Word = "",
    program_id: Annotated[OptionalId, Query()] = None,
    first: Annotated[OptionalDay, Query()] = None,
    last: Annotated[OptionalDay, Query()] = None,
) -> Response:
    """Refunds by the days left; the same list is the report of timeliness."""
    listing = service.refunds(
        db,
        subject,
        paging,
        state=state or None,
        timely=timely or None,
        program_id=program_id,
        first=first,
        last=last,
    )
    return reports.answer(
        request, db, subject, REFUNDS, listing, "refund_cases/list.html", sums=service.totals(db, subject)
    )


@router.get("/refunds/{refund_id}")
def refund(request: Request, db: Db, subject: CurrentSubject, refund_id: PathId) -> Response:
    """One refund: for the staff with what they can do, for the student with every step."""
    return case_page(request, db, subject, refund_id)


def case_page(
    request: Request,
    session: Session,
    subject: Subject,
    refund_id: int,
    *,
    approval: Form[ApprovalForm] | None = None,
    rejection: Form[RejectionForm] | None = None,
    again: Form[RecomputeForm] | None = None,
    remittance: Form[RemittanceForm] | None = None,
    letter: Form[IssueForm] | None = None,
) -> Response:
    """The page of a refund, with a form shown again where it was refused."""
    found = service.read(session, subject, refund_id)
    row, current = found.row, found.current
    own = row.student_id == subject.user_id
    computes = policy.may_compute(subject) and not own
    approves = policy.may_approve(subject) and not own
    payees = found.open_payees
    may_remit = computes and row.state == "to_remit"
    two_above = service.two_approve_above(session)
    may_letter = computes and row.approved_at is not None
    loose = 0
    if row.approved_at is None or found.left_out:
        loose = ledger.without_program(session, row.enrollment_id)
    if letter is None and may_letter:
        letter = Form.blank(IssueForm, request=letters.act(found))
    kept = [one["name"] for one in current.case_file["items"] if one["kept"]]
    return render(
        request,
        "refund_cases/case.html",
        found=found,
        row=row,
        current=current,
        own=own,
        state=state(row),
        item_choices=[(one["name"], one["name"]) for one in found.items_in_question],
        methods=chart.METHODS,
        payees=payees,
        loose=(sentences.loose if own else sentences.assign)(loose) if loose else None,
        approval=approval or Form.blank(ApprovalForm, computation=current.number),
        rejection=rejection or Form.blank(RejectionForm),
        again=again or Form.blank(RecomputeForm, kept=kept),
        remittance=remittance or Form.blank(RemittanceForm, request=uuid4()),
        letter=letter,
        may_approve=approves and row.state in ("to_approve", "to_approve_again"),
        is_maker=subject.user_id in found.makers,
        is_endorser=row.endorsed_by == subject.user_id,
        first_of_two=row.amount_cents > two_above and row.endorsed_at is None,
        two_above=two_above,
        may_reject=approves
        and row.state in ("to_approve", "to_approve_again", "to_remit", "nothing_owed")
        and not any(one.returned_at is None for one in found.remittances),
        may_compute=computes and row.approved_at is None,
        may_remit=may_remit,
        may_take_back=computes,
        breadcrumbs=[("Money", "/account/money") if own else LIST, (f"Refund {row.id}", None)],
    )


@router.post("/refunds/{refund_id}/approval", dependencies=APPROVES)
def approve(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    refund_id: PathId,
    form: Annotated[Form[ApprovalForm], Depends(posted(ApprovalForm))],
) -> Response:
    """Approve it."""

    def act(values: ApprovalForm) -> Response:
        service.approve(db, subject, refund_id, values)
        return redirect(f"/refunds/{refund_id}")

    return form.submit(db, act, again=lambda: case_page(request, db, subject, refund_id, approval=form))


@router.post("/refunds/{refund_id}/rejection", dependencies=APPROVES)
def reject(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    refund_id: PathId,
    form: Annotated[Form[RejectionForm], Depends(posted(RejectionForm))],
) -> Response:
    """Send it back."""

    def act(values: RejectionForm) -> Response:
        service.reject(db, subject, refund_id, values)
        return redirect(f"/refunds/{refund_id}")

    return form.submit(db, act, again=lambda: case_page(request, db, subject, refund_id, rejection=form))


@router.post("/refunds/{refund_id}/computations", dependencies=COMPUTES)
def recompute(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    refund_id: PathId,
    form: Annotated[Form[RecomputeForm], Depends(posted(RecomputeForm))],
) -> Response:
    """Compute it again."""

    def act(values: RecomputeForm) -> Response:
        service.recompute(db, subject, refund_id, values)
        return redirect(f"/refunds/{refund_id}")

    return form.submit(db, act, again=lambda: case_page(request, db, subject, refund_id, again=form))


@router.get("/refunds/{refund_id}/case.json")
def case_file(db: Db, subject: CurrentSubject, refund_id: PathId) -> Response:
    """The case as `aada refund preview` takes it, to compute the refund again."""
    found = service.read(db, subject, refund_id)
    return Response(
        json.dumps(found.current.case_file, indent=2, ensure_ascii=False),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="refund-{refund_id}-case.json"',
            "Cache-Control": "no-store",
        },
    )
