"""Pages of the ledger: accounts, one account, the journal, one transaction with its receipt and reversal, Money."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.documents.service import IssueDeskDep, IssueForm
from app.finance.ledger import chart, panels, policy, service
from app.finance.ledger.plans import service as plans
from app.finance.ledger.receipts import service as receipts
from app.finance.ledger.reports import ACCOUNTS, JOURNAL, STATEMENT
from app.finance.ledger.schemas import ReversalForm
from app.web import navigation, refusals, reports, search
from app.web.field_types import OptionalDay, OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
refusals.register_record("transaction_id", "ledger_transactions", owner="student_id")
refusals.register_record("student_id", "users", owner="id", kind=Records.STUDENTS)
navigation.register(
    NavItem("Ledger", "/ledger", "wallet", policy.may_read_all, order=56),
    NavItem("Money", "/account/money", "wallet", lambda subject: subject.is_student, order=56),
)
READS = [Requires(Permission.LEDGER_READ)]
POSTS = [Requires(Permission.LEDGER_POST)]
LEDGER = ("Ledger", "/ledger")
_State = Annotated[Literal["owes", "credit", "settled"] | None, BeforeValidator(blank_is_none), Query()]
_Word = Annotated[str, Query(max_length=20)]


def _found(session: Session, subject: Subject, words: str) -> Found | None:
    """Transactions by number, reference or description, for the box that finds things."""
    if not policy.may_read_all(subject):
        return None
    page = service.journal(session, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(
            f"Transaction {row.id}",
            " · ".join(part for part in (chart.KINDS[row.kind], row.student or row.payer, row.memo) if part),
            f"/ledger/transactions/{row.id}",
            "receipt",
        )
        for row in page.items
    ]
    return Found("Ledger", hits, page.total or len(hits), "/ledger/journal")


search.register("ledger", _found, order=70)


@router.get("/ledger", dependencies=READS)
def accounts(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    state: _State = None,
) -> Response:
    """Students with their balances."""
    return reports.answer(
        request,
        db,
        subject,
        ACCOUNTS,
        service.accounts(db, subject, paging, state=state),
        "ledger/accounts.html",
        sums=service.sums(db, subject),
        links=panels.links(db, settings),
        may_post=policy.may_post(subject),
    )


@router.get("/ledger/journal", dependencies=READS)
def journal(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    kind: _Word = "",
    method: _Word = "",
    payer_id: Annotated[OptionalId, Query()] = None,
    first: Annotated[OptionalDay, Query()] = None,
    last: Annotated[OptionalDay, Query()] = None,
) -> Response:
    """Every transaction."""
    listing = service.journal(
        db,
        subject,
        paging,
        kinds=[kind] if kind in chart.KINDS else [],
        method=method if method in chart.METHODS else None,
        payer_id=payer_id,
        first=first,
        last=last,
    )
    return reports.answer(request, db, subject, JOURNAL, listing, "ledger/journal.html", kinds=chart.KINDS)


# One account


@router.get("/ledger/students/{student_id}", dependencies=READS)
def account(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, student_id: PathId
) -> Response:
    """A student's account: what was charged and paid, and every line with the balance after it."""
    found = service.account(db, subject, student_id)
    return _account(request, db, subject, paging, found, "ledger/account.html")


@router.get("/account/money")
def money(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    """A student's own account."""
    if not subject.is_student:
        return redirect("/ledger")
    found = service.account(db, subject, subject.user_id)
    shown = panels.of(db, subject, settings)
    return _account(request, db, subject, paging, found, "ledger/money.html", panels=shown)


def _account(
    request: Request,
    db: Session,
    subject: Subject,
    paging: Paging,
    found: service.Account,
    template: str,
    **context: Any,
) -> Response:
    name = found.student.full_name
    return reports.answer(
        request,
        db,
        subject,
        STATEMENT,
        service.statement(db, subject, found.student.id, paging),
        template,
        file_name=f"account-{found.student.id}",
        about={"Student": name},
        account=found,
        plans=plans.of_student(db, subject, found.student.id),
        methods=chart.METHODS,
        kinds=chart.KINDS,
        may_post=policy.may_post(subject) and subject.user_id != found.student.id,
        breadcrumbs=[LEDGER, (name, None)],
        **context,
    )


# One transaction


@router.get("/ledger/transactions/{transaction_id}")
def transaction(request: Request, db: Db, subject: CurrentSubject, transaction_id: PathId) -> Response:
    return _transaction(request, db, subject, transaction_id, None)


def _transaction(
    request: Request, db: Session, subject: Subject, transaction_id: int, form: Form[IssueForm] | None
) -> Response:
    found = service.transaction(db, subject, transaction_id)
    row = found.row
    own = row.student_id is not None and row.student_id == subject.user_id
    posts = policy.may_post(subject) and not own
    if own:
        trail = [("Money", "/account/money")]
    elif row.student_id is not None:
        trail = [LEDGER, (row.student, f"/ledger/students/{row.student_id}")]
    else:
        trail = [LEDGER, ("Journal", "/ledger/journal")]
    may_receipt = (own or posts) and row.kind in chart.RECEIPTS and row.reversed_by is None
    if form is None:
        act = receipts.act(db, subject, transaction_id) if may_receipt else uuid4()
        form = Form.blank(IssueForm, request=act)
    return render(
        request,
        "ledger/transaction.html",
        found=found,
        row=row,
        form=form,
        kind=chart.KINDS[row.kind],
        method=chart.METHODS[row.method][0] if row.method else None,
        own=own,
        may_reverse=posts and found.reversible,
        may_receipt=may_receipt,
        breadcrumbs=[*trail, (f"Transaction {row.id}", None)],
    )


@router.post("/ledger/transactions/{transaction_id}/receipt")
def issue_receipt(
    request: Request,
    desk: IssueDeskDep,
    transaction_id: PathId,
    form: Annotated[Form[IssueForm], Depends(posted(IssueForm))],
) -> Response:
    """Issue the payment's receipt and go to it."""

    def again(session: Session) -> Response:
        receipts.act(session, desk.subject, transaction_id)
        return _transaction(request, session, desk.subject, transaction_id, form)

    return desk.issue(
        form,
        lambda session, _values: receipts.draft(session, desk.subject, desk.files, transaction_id),
        again,
    )


@router.get("/ledger/transactions/{transaction_id}/reverse", dependencies=POSTS)
def reverse_page(request: Request, db: Db, subject: CurrentSubject, transaction_id: PathId) -> Response:
    return _reverse(request, db, subject, transaction_id, Form.blank(ReversalForm, request=uuid4()))


@router.post("/ledger/transactions/{transaction_id}/reverse", dependencies=POSTS)
def reverse(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    transaction_id: PathId,
    form: Annotated[Form[ReversalForm], Depends(posted(ReversalForm))],
) -> Response:
    def act(values: ReversalForm) -> Response:
        return redirect(f"/ledger/transactions/{service.reverse(db, subject, transaction_id, values).id}")

    return form.submit(db, act, again=lambda: _reverse(request, db, subject, transaction_id, form))


def _reverse(
    request: Request, db: Session, subject: Subject, transaction_id: int, form: Form[ReversalForm]
) -> Response:
    found = service.transaction(db, subject, transaction_id)
    return render(
        request,
        "ledger/reverse.html",
        found=found,
        row=found.row,
        kind=chart.KINDS[found.row.kind],
        form=form,
        back=f"/ledger/transactions/{transaction_id}",
        breadcrumbs=[LEDGER, (f"Transaction {transaction_id}", f"/ledger/transactions/{transaction_id}"),
                     ("Reverse", None)],
    )  # fmt: skip
