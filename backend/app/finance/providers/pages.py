"""Paying online as a student, the provider's webhook, and what the bursar has to look at. All 404 while it is off."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator

from app.core import clock
from app.core.errors import BadRequest, Invalid, NotFound
from app.core.permissions import Permission
from app.finance.ledger import policy
from app.finance.ledger.pages import LEDGER
from app.finance.providers import service
from app.finance.providers.protocol import Provider, ProviderFailed, Wanted
from app.finance.providers.service import PayForm
from app.school import service as school
from app.web import reports
from app.web.field_types import blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.reports import Column, Filter, Kind, Report
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
OUTCOMES = {
    "posted": "Posted",
    "nothing": "Nothing to do",
    "failed": "Not paid",
    "unknown": "Payment that was not begun here",
    "differs": "Another amount or currency than was begun",
    "taken_back": "Refund or dispute at the provider",
}
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
        raise NotFound("This page does not exist.")
    return found


ProviderDep = Annotated[Provider, Depends(provider)]


@router.post("/account/money/pay")
def pay(
    request: Request,
    known: ProviderDep,
    database: DatabaseDep,
    settings: SettingsDep,
    subject: BriefSubject,
    form: Annotated[Form[PayForm], Depends(posted(PayForm))],
) -> Response:
    """Begin a payment, and show the way to the provider's page. The provider is asked outside any transaction."""

    def go(values: PayForm) -> Response:
        with database.begin() as session:
            row = service.begin(session, subject, known.name, values)
            number, name = row.id, school.facts(session).legal_name
        wanted = Wanted(
            values.request,
            values.amount_cents,
            f"{name}: payment",
            subject.email,
            f"{settings.app_origin}/account/money",
        )
        try:
            made = known.open(wanted)
        except ProviderFailed as error:
            raise Invalid(
                "The payment page cannot be opened right now. Nothing was charged. Try again later, or pay at the office."
            ) from error
        with database.begin() as session:
            service.opened(session, number, made)
        return _shown(request, form, made.url)

    return form.submit_apart(database, go, again=lambda _session: _shown(request, form, None))


def _shown(request: Request, form: Form[PayForm], url: str | None) -> Response:
    return render(
        request,
        "providers/pay.html",
        form=form,
        url=url,
        breadcrumbs=[("Money", "/account/money"), ("Pay", None)],
    )


async def _sent(request: Request) -> tuple[bytes, Mapping[str, str]]:
    return await request.body(), request.headers


Sent = Annotated[tuple[bytes, Mapping[str, str]], Depends(_sent)]


@router.post("/api/v1/payments/webhook")
def webhook(known: ProviderDep, sent: Sent, db: Db) -> dict[str, str]:
    """A message of the provider. 400 with a sentence for one that is not the provider's."""
    body, headers = sent
    try:
        event = known.event(body, headers, clock.now().timestamp())
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return {"outcome": service.take(db, known.name, event)}


@router.get("/ledger/online-payments", dependencies=[Depends(provider), Requires(Permission.LEDGER_READ)])
def messages(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[Literal["waiting"] | None, BeforeValidator(blank_is_none), Query()] = None,
) -> Response:
    """The provider's messages; what the bursar has to look at has a button."""
    return reports.answer(
        request,
        db,
        subject,
        MESSAGES,
        service.messages(db, subject, paging, waiting=state is not None),
        "providers/messages.html",
        outcomes=OUTCOMES,
        may_post=policy.may_post(subject),
        breadcrumbs=[LEDGER, ("Online payments", None)],
    )


class HandledForm(BaseModel):
    """Which message was dealt with."""

    provider: str
    event_id: str


@router.post(
    "/ledger/online-payments/handled", dependencies=[Depends(provider), Requires(Permission.LEDGER_POST)]
)
def handled(
    db: Db, subject: CurrentSubject, form: Annotated[Form[HandledForm], Depends(posted(HandledForm))]
) -> Response:
    values = form.checked()
    service.handle(db, subject, values.provider, values.event_id)
    return redirect("/ledger/online-payments?state=waiting")
