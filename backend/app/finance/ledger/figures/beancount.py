"""The journal as a Beancount file: plain text that anybody can check with `bean-check`.

Balances at the end are the database's own sums, so that the check also compares the two.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from app.finance.ledger import chart

_ROOTS = {"asset": "Assets", "liability": "Liabilities", "income": "Income", "expense": "Expenses"}
_NAMES = {
    chart.CASH: "Cash",
    chart.CHECKS: "Checks",
    chart.CARDS: "Cards",
    chart.BANK: "Bank",
    chart.THIRD_PARTIES: "Third-Parties",
    chart.TUITION: "Tuition",
    chart.FEES: "Fees",
    chart.BOOKS: "Books",
    chart.KITS: "Kits",
    chart.LATE_FEES: "Late-Fees",
    chart.WAIVERS: "Waivers",
    chart.OTHER_WAIVERS: "Other-Waivers",
    chart.LATE_FEE_WAIVERS: "Late-Fee-Waivers",
    chart.REFUNDS: "Refunds",
    chart.OTHER_REFUNDS: "Other-Refunds",
    chart.SCHOLARSHIPS: "Scholarships",
    chart.OVER_AND_SHORT: "Over-And-Short",
}


def account(code: str, kind: str = "asset") -> str:
    """`4000` as `Income:Tuition`, `1200-17` as `Assets:Receivable:Student-17`."""
    owner, _, number = code.partition("-")
    if owner == chart.STUDENTS:
        return f"Assets:Receivable:Student-{number}"
    if owner == chart.PAYERS:
        return f"Assets:Receivable:Payer-{number}"
    return f"{_ROOTS[kind]}:{_NAMES[code]}"


def text(value: str) -> str:
    """A text between quotation marks, on one line."""
    escaped = " ".join(value.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02} USD"


def written(school: str, lines: Iterable[Row[Any]], totals: Sequence[Row[Any]]) -> Iterator[str]:
    """The file in pieces: accounts, transactions in the order of their days, and the balances after the last day."""
    kinds = {row.code: row.kind for row in totals}
    first = last = None
    body_started = False
    for (number, day), group in groupby(lines, key=lambda row: (row.id, row.booked_on)):
        if not body_started:
            body_started, first = True, day
            yield f'option "title" {text(school)}\noption "operating_currency" "USD"\n\n'
            for code, kind in kinds.items():
                yield f"{first} open {account(code, kind)} USD\n"
        last = day
        rows = list(group)
        whom = rows[0].student or rows[0].payer or ""
        head = f"{text(whom)} {text(rows[0].memo)}" if whom else text(rows[0].memo)
        yield f"\n{day} * {head}\n  transaction: {text(str(number))}\n"
        for row in rows:
            yield f"  {account(row.code, kinds[row.code])}  {amount(row.amount_cents)}\n"
    if last is None:
        yield "; Nothing was posted in this period.\n"
        return
    yield "\n"
    for row in totals:
        # A balance holds at the start of its day.
        yield f"{last + timedelta(days=1)} balance {account(row.code, row.kind)} {amount(int(row.cents))}\n"


def days_of(first: date | None, last: date | None) -> str:
    """The period in the name of a file."""
    return "-".join(day.isoformat() for day in (first, last) if day is not None) or "all"
