"""Paying online as a student, the provider's webhook, and what the bursar has to look at. 404 while it is off."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import BadRequest, Invalid, NotFound
from app.core.money import format_cents
from app.core.permissions import Permission, Subject
from app.finance.ledger import panels, policy
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.panels import Panel
from app.finance.providers import service
from app.finance.providers.protocol import Provider, ProviderFailed, Wanted
from app.finance.providers.queries import FOR_BURSAR, OUTCOMES
from app.finance.providers.service import HandledForm, PayForm
from app.school import service as school
from app.settings import Settings
from app.web import refusals, reports
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.reports import Column, Filter, Kind, Report
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("payment_event_id", "payment_events")
NO_PAGE = "This page does not exist. Check the address, or start again from Today."
MESSAGES = Report[Any](
    name="online-payments",
    title="Online payments",
    columns=(
        Column("received", "Received", lambda row: row.received_at, Kind.MOMENT, sort="received"),
        Column("outcome", "What became of it", lambda row: OUTCOMES[row.outcome]),
        Column("student", "Student", lambda row: row.student),
        Column("amount", "Amount", lambda row: row.amount_cents, Kind.CENTS, sort="amount"),
        Column("reference", "Provider’s reference", lambda row: row.reference),
        Column("type", "Message", lambda row: row.type, on_page=False),
        Column("event", "Number", lambda row: row.event_id, on_page=False),
        Column("transaction", "Transaction", lambda row: row.transaction_id, on_page=False),
        Column("handled", "Dealt with", lambda row: row.handled_at, Kind.MOMENT),
    ),
    search="Search by student, reference or number",
    filters=(Filter("state", "Show", (("waiting", "To look at"),)),),
)


async def provider(settings: SettingsDep) -> Provider:
    """The provider that is set; without one the address does not exist."""
    found = service.provider_of(settings)
    if found is None:
        raise NotFound(NO_PAGE)
    return found


def _shown(session: Session, settings: Settings) -> bool:
    """What was reported stays to be seen after payments online are switched off."""
    return service.provider_of(settings) is not None or service.any_messages(session)


def something(settings: SettingsDep, db: Db) -> None:
    """404 where there is nothing to be seen."""
    if not _shown(db, settings):
        raise NotFound(NO_PAGE)


ProviderDep = Annotated[Provider, Depends(provider)]
SOMETHING = Depends(something, scope="function")


# A student pays


def _own(session: Session, subject: Subject, settings: Settings) -> list[Panel]:
    """The way to pay, on the student's Money, while it is on and something is owed."""
    if service.provider_of(settings) is None:
        return []
    owed = service.owed(session, subject)
    if not owed.offers:
        return []
    begun = service.own_unconfirmed(session, subject)
    text = "By card, on the page of the school’s payment provider."
    if begun is not None:
        text = (
            f"You began a payment of {format_cents(begun.amount_cents)}. If you completed it, it appears here once "
            "the provider has confirmed it, usually within a minute. Do not pay it twice."
        )
    return [Panel("Pay online", text, "/account/money/pay", "Pay online", pays=True)]


def _office(session: Session, settings: Settings) -> tuple[str, str] | None:
    return ("Online payments", "/ledger/online-payments") if _shown(session, settings) else None


panels.register("providers", _own)
panels.register_link("providers", _office)


@router.get("/account/money/pay")
def pay_page(request: Request, db: Db, subject: CurrentSubject, _known: ProviderDep) -> Response:
    """What to pay: past due, the next installment, everything, or an amount of the student's."""
    owed = service.owed(db, subject)
    first = owed.offers[0].key if owed.offers else "own"
    return _pay(request, owed, Form.blank(PayForm, request=uuid4(), choice=first))


@router.post("/account/money/pay")
def pay(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    subject: BriefSubject,
    known: ProviderDep,
    form: Annotated[Form[PayForm], Depends(posted(PayForm))],
) -> Response:
    """Begin a payment, and show the way to the provider's page. The provider is asked outside any transaction."""

    def go(values: PayForm) -> Response:
        with database.begin() as session:
            row = service.begin(session, subject, known, values)
            number, cents, name = row.id, row.amount_cents, school.facts(session).legal_name
        back = f"{settings.app_origin}/account/money"
        try:
            made = known.open(Wanted(values.request, cents, f"{name}: payment", subject.email, back))
        except ProviderFailed as error:
            raise Invalid(
                "The payment page cannot be opened right now. Nothing was charged. Try again later, or pay at the "
                "school’s office."
            ) from error
        with database.begin() as session:
            service.opened(session, number, made)
        return _pay(request, None, form, url=made.url, cents=cents)

    return form.submit_apart(
        database, go, again=lambda session: _pay(request, service.owed(session, subject), form)
    )


def _pay(
    request: Request, owed: service.Owed | None, form: Form[PayForm], url: str | None = None, cents: int = 0
) -> Response:
    trail = [("Money", "/account/money"), ("Pay online", None)]
    return render(
        request, "providers/pay.html", form=form, owed=owed, url=url, cents=cents, breadcrumbs=trail
    )


# The provider reports


async def _sent(request: Request) -> tuple[bytes, Mapping[str, str]]:
    return await request.body(), request.headers


@router.post("/api/v1/payments/webhook")
def webhook(
    known: ProviderDep, sent: Annotated[tuple[bytes, Mapping[str, str]], Depends(_sent)], db: Db
) -> dict[str, str]:
    """A message of the provider. 400 with a sentence for one that is not the provider's."""
    body, headers = sent
    try:
        event = known.event(body, headers, clock.now().timestamp())
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return {"outcome": service.take(db, known.name, event)}


# The bursar looks


@router.get("/ledger/online-payments", dependencies=[SOMETHING, Requires(Permission.LEDGER_READ)])
def messages(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[Literal["waiting"] | None, BeforeValidator(blank_is_none), Query()] = None,
) -> Response:
    """The provider's messages, each with what became of it."""
    return reports.answer(
        request,
        db,
        subject,
        MESSAGES,
        service.messages(db, subject, paging, waiting=state is not None),
        "providers/messages.html",
        outcomes=OUTCOMES,
        breadcrumbs=[LEDGER, ("Online payments", None)],
    )


@router.get(
    "/ledger/online-payments/{payment_event_id}", dependencies=[SOMETHING, Requires(Permission.LEDGER_READ)]
)
def message(request: Request, db: Db, subject: CurrentSubject, payment_event_id: PathId) -> Response:
    return _message(request, db, subject, payment_event_id, Form.blank(HandledForm))


@router.post(
    "/ledger/online-payments/{payment_event_id}", dependencies=[SOMETHING, Requires(Permission.LEDGER_POST)]
)
def handle(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    payment_event_id: PathId,
    form: Annotated[Form[HandledForm], Depends(posted(HandledForm))],
) -> Response:
    """Note what was done about a message."""

    def act(values: HandledForm) -> Response:
        service.handle(db, subject, payment_event_id, values)
        return redirect("/ledger/online-payments?state=waiting")

    return form.submit(db, act, again=lambda: _message(request, db, subject, payment_event_id, form))


def _message(
    request: Request, db: Session, subject: Subject, number: int, form: Form[HandledForm]
) -> Response:
    row = service.message(db, subject, number)
    return render(
        request,
        "providers/message.html",
        row=row,
        outcome=OUTCOMES[row.outcome],
        form=form,
        waits=row.outcome in FOR_BURSAR and row.handled_at is None,
        may_post=policy.may_post(subject) and row.student_id != subject.user_id,
        breadcrumbs=[LEDGER, ("Online payments", "/ledger/online-payments"), (f"Message {row.id}", None)],
    )
