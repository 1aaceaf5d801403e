"""The reports of money, on offer by name."""

from app.finance.ledger import policy
from app.finance.ledger import service as ledger
from app.finance.ledger.closings import service as closings
from app.finance.ledger.figures import service as figures
from app.finance.ledger.figures.reports import AGEING, LINES, RECEIPTS
from app.finance.ledger.plans import service as plans
from app.finance.ledger.plans.reports import PLANS
from app.finance.ledger.reports import ACCOUNTS, CLOSINGS, JOURNAL
from app.finance.ledger.revenue import service as revenue
from app.finance.ledger.revenue.reports import DEFERRED
from app.finance.ledger.state_fees import service as state_fees
from app.finance.ledger.state_fees.reports import STATE_FEES, TUITION_AND_FEES
from app.finance.ledger.tax_forms import service as tax_forms
from app.finance.ledger.tax_forms.reports import FORM_1098T
from app.finance.refunds.cases import policy as refund_cases
from app.finance.refunds.cases import service as refunds
from app.finance.refunds.cases.reports import REFUNDS
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken


def _journal(asked: Asked) -> Taken:
    kind = asked.one("kind")
    return Taken(
        ledger.journal(
            asked.session,
            asked.subject,
            asked.paging,
            kinds=[kind] if kind else [],
            method=asked.one("method"),
            payer_id=asked.number("payer_id"),
            first=asked.day("first"),
            last=asked.day("last"),
        )
    )


def _receipts(asked: Asked) -> Taken:
    first, last = asked.day("first"), asked.day("last")
    return Taken(figures.receipts(asked.session, asked.subject, asked.paging, first=first, last=last))


def _lines(asked: Asked) -> Taken:
    first, last = asked.day("first"), asked.day("last")
    return Taken(figures.lines(asked.session, asked.subject, asked.paging, first=first, last=last))


def _tuition_and_fees(asked: Asked) -> Taken:
    first, last = asked.day("first"), asked.day("last")
    period = state_fees.fees_due(asked.session, asked.subject, first=first, last=last)
    rows = state_fees.months(asked.session, asked.subject, asked.paging, period)
    return Taken(rows, state_fees.about(period))


def _deferred(asked: Asked) -> Taken:
    found = revenue.revenue(asked.session, asked.subject, asked.day("day"))
    return Taken(revenue.listing(asked.session, asked.subject, found, asked.paging), found.about)


def _form_1098t(asked: Asked) -> Taken:
    year = tax_forms.year_of(asked.session, asked.subject, asked.text("year"))
    found = tax_forms.forms(asked.session, asked.subject, year)
    rows = tax_forms.listing(asked.session, asked.subject, found, asked.paging)
    return Taken(rows, {"Calendar year": str(year)})


def _refunds(asked: Asked) -> Taken:
    return Taken(
        refunds.refunds(
            asked.session,
            asked.subject,
            asked.paging,
            state=asked.one("state"),
            timely=asked.one("timely"),
            program_id=asked.number("program_id"),
            first=asked.day("first"),
            last=asked.day("last"),
        )
    )


registry.register(
    Offer(
        ACCOUNTS,
        Group.MONEY,
        "/ledger",
        "What each student owes, or is owed, today.",
        policy.may_read_all,
        lambda asked: Taken(
            ledger.accounts(asked.session, asked.subject, asked.paging, state=asked.one("state"))
        ),
    ),
    Offer(
        AGEING,
        Group.MONEY,
        "/ledger/reports/ageing",
        "What students owe, and for how long.",
        policy.may_read_all,
        lambda asked: Taken(figures.ageing(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        RECEIPTS,
        Group.MONEY,
        "/ledger/reports/receipts",
        "What came in by day, method and account, less what was taken back or paid out.",
        policy.may_read_all,
        _receipts,
    ),
    Offer(
        CLOSINGS,
        Group.MONEY,
        "/ledger/closings",
        "Every day that was closed, with the cash expected and counted.",
        policy.may_read_all,
        lambda asked: Taken(closings.closings(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        TUITION_AND_FEES,
        Group.MONEY,
        "/ledger/reports/tuition-and-fees",
        "The base of the state’s fees, by month, quarter, fiscal year and program.",
        policy.may_read_all,
        _tuition_and_fees,
    ),
    Offer(
        STATE_FEES,
        Group.MONEY,
        "/ledger/reports/state-fees",
        "GNPEC’s authorization and trust-fund fees of each fiscal year, with the base they are a share of.",
        policy.may_read_all,
        lambda asked: Taken(state_fees.year_listing(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        DEFERRED,
        Group.MONEY,
        "/ledger/reports/deferred-revenue",
        "What was charged, what is earned by the hours given, and what is deferred, as of any day.",
        policy.may_read_all,
        _deferred,
    ),
    Offer(
        FORM_1098T,
        Group.MONEY,
        "/ledger/reports/1098-t",
        "The figures of IRS Form 1098-T by student and calendar year; taxpayer numbers are masked.",
        policy.may_read_all,
        _form_1098t,
    ),
    Offer(
        JOURNAL,
        Group.MONEY,
        "/ledger/journal",
        "Every transaction.",
        policy.may_read_all,
        _journal,
    ),
    Offer(
        LINES,
        Group.MONEY,
        "/ledger/reports/journal-lines",
        "Every line of the journal, as QuickBooks imports it.",
        policy.may_read_all,
        _lines,
    ),
    Offer(
        REFUNDS,
        Group.MONEY,
        "/refunds",
        "What is owed after withdrawals, until when, and whether it was paid on time (GNPEC Standard 12: 45 days).",
        refund_cases.may_read_all,
        _refunds,
    ),
    Offer(
        PLANS,
        Group.MONEY,
        "/ledger/plans",
        "What each payment plan has received, what of it is past due, and what is due next.",
        policy.may_read_all,
        lambda asked: Taken(
            plans.plans(asked.session, asked.subject, asked.paging, state=asked.one("state"))
        ),
    ),
)
