"""Form 1098-T by student: the figures with numbers masked, and the file for a tax preparer with numbers in full."""

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from io import TextIOWrapper
from typing import BinaryIO

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock, history, proof
from app.core.actions import Action
from app.core.errors import FieldError, Forbidden, Invalid
from app.core.permissions import Actor, Permission
from app.db.models import StudentAddress, StudentIdentifier, StudentProfile, User
from app.finance.ledger import chart, policy
from app.finance.ledger.tax_forms import queries
from app.rules.form_1098t import Billing, Boxes, YearSums, boxes, settled
from app.school import service as school
from app.school.service import PolicyKind
from app.settings import Settings
from app.web.listing import Computed
from app.web.paging import Paging
from app.web.reports.files import csv_cell

_QUALIFIED = (chart.TUITION, chart.FEES, chart.REFUNDS, chart.WAIVERS)
_BOOKS = (chart.BOOKS, chart.KITS, chart.OTHER_REFUNDS, chart.OTHER_WAIVERS)
LAYOUT = (
    "Student TIN", "TIN type", "First name", "Middle name", "Last name", "Suffix", "Address line 1", "Address line 2",
    "City", "State", "ZIP code", "Country", "Email", "Account number", "Box 1", "Box 4", "Box 5", "Box 6", "Box 7",
    "Box 8", "Box 9", "Box 10",
)  # fmt: skip
"""The columns of the preparer’s file, one for each field of the form; tax software asks which is which."""


@dataclass(frozen=True, slots=True)
class Form:
    """One student’s form of a year, and what is missing from it."""

    user_id: int
    full_name: str
    email: str
    boxes: Boxes
    identifier: StudentIdentifier | None = field(repr=False)
    name: StudentProfile | None
    address: StudentAddress | None

    @property
    def masked(self) -> str | None:
        """The taxpayer number with its last four signs alone."""
        return None if self.identifier is None else f"***-**-{self.identifier.last_four}"

    @property
    def missing(self) -> str:
        """What the preparer will ask for; empty for nothing."""
        lacks = [("TIN", self.identifier), ("address", self.address)]
        return ", ".join(f"No {name}" for name, found in lacks if found is None)


def years(session: Session, subject: Actor) -> list[int]:
    """The calendar years of the ledger through the present one, the latest first. Raises Forbidden."""
    policy.require_read_all(subject)
    this = clock.today(school.facts(session).zone).year
    first = queries.first_year(session)
    return list(range(this, min(first or this, this) - 1, -1))


def year_of(session: Session, subject: Actor, value: str | None) -> int:
    """The year that was asked for; the last one that is over for nothing, or the present one where there is none.

    Raises Forbidden, Invalid.
    """
    known = years(session, subject)
    if not value:
        return known[min(1, len(known) - 1)]
    if value.isascii() and value.isdigit() and len(value) <= 4 and int(value) in known:
        return int(value)
    sentence = f"“{value}” is not a year in the ledger. Choose one of these: {', '.join(map(str, known))}."
    raise Invalid(sentence, errors=[FieldError("year", sentence)])


def forms(session: Session, subject: Actor, year: int) -> list[Form]:
    """The forms of a calendar year, by name; students without any figure have none. Raises Forbidden."""
    policy.require_read_all(subject)
    found = {student: boxes(sums, year) for student, sums in _sums(session, year).items()}
    figures = {student: one for student, one in found.items() if one.any}
    visible = policy.visible(session, subject, User.id)
    people = queries.students(session, list(figures), visible) if figures else []
    numbers = [row.id for row in people]
    identifiers = accounts.tax_numbers(session, numbers)
    names, addresses = accounts.tax_recipients(session, numbers)
    return [
        Form(
            row.id,
            row.full_name,
            row.email,
            figures[row.id],
            identifiers.get(row.id),
            names.get(row.id),
            addresses.get(row.id),
        )
        for row in people
    ]


def listing(session: Session, subject: Actor, found: Sequence[Form], paging: Paging) -> Computed[Form]:
    """The forms as a list. Sorts: student, box1, box4, box5, box6, missing. Raises Forbidden."""
    policy.require_read_all(subject)
    return Computed(
        session,
        found,
        paging,
        {
            "student": lambda one: one.full_name,
            "box1": lambda one: one.boxes.payments,
            "box4": lambda one: one.boxes.adjustments,
            "box5": lambda one: one.boxes.grants,
            "box6": lambda one: one.boxes.grant_adjustments,
            "missing": lambda one: one.missing,
        },
        "student",
        lambda one: (one.full_name, one.email),
    )


def may_file(subject: Actor) -> bool:
    """Who reads the ledger and sees taxpayer numbers in full."""
    return policy.may_read_all(subject) and subject.may(Permission.IDENTIFIERS_REVEAL)


def preparers_file(session: Session, subject: Actor, settings: Settings, year: int) -> BinaryIO:
    """The forms as CSV with numbers in full, each look at a number recorded. Raises Forbidden, ProofRequired."""
    policy.require_read_all(subject)
    if not may_file(subject):
        raise Forbidden("Your duties do not include seeing identifiers in full. Ask the registrar.")
    if subject.user_id is not None:
        proof.require(subject, Action.IDENTIFIER_REVEALED, {})
    found = forms(session, subject, year)
    records = [one.identifier for one in found if one.identifier is not None]
    numbers = accounts.reveal_tax_numbers(session, subject, settings, records, f"Form 1098-T for {year}")
    file: BinaryIO = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # type: ignore[assignment]  # noqa: SIM115
    try:
        text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        lines = csv.writer(text)
        lines.writerow(LAYOUT)
        lines.writerows(_line(one, numbers.get(one.user_id, "")) for one in found)
        text.detach()
        history.record(
            session, subject, Action.REPORT_EXPORTED, "form-1098-t-file", format="csv", rows=len(found)
        )
    except BaseException:
        file.close()
        raise
    return file


def _sums(session: Session, year: int) -> dict[int, dict[int, YearSums]]:
    """The sums of every student: of this year, and of all years before it as the one before.

    The policy in force on the last day of the year says what counts, so a year that was filed stays as it was.
    """
    day = min(date(year, 12, 31), clock.today(school.facts(session).zone))
    billing = school.policies.at(session, PolicyKind.BILLING, day).values
    qualified = _QUALIFIED + (_BOOKS if billing.books_and_kits_1098t == "qualified" else ())
    paid_by_payers: dict[tuple[int, int], int] = {}
    billed: dict[int, list[Billing]] = {}
    for row in queries.billings(session, year):
        one = Billing(row.student_id, row.cents, row.year, row.reversed_in)
        billed.setdefault(row.payer_id, []).append(one)
    received: dict[int, dict[int, int]] = {}
    for row in queries.received(session, year):
        received.setdefault(row.payer_id, {})[row.year] = row.cents
    for payer_id, payments in received.items():
        for (student_id, paid_in), cents in settled(billed.get(payer_id, []), payments).items():
            key = student_id, max(paid_in, year - 1)
            paid_by_payers[key] = paid_by_payers.get(key, 0) + cents
    found: dict[int, dict[int, YearSums]] = {}
    for row in queries.sums(session, year, qualified):
        by_payers = paid_by_payers.pop((row.student_id, row.year), 0)
        found.setdefault(row.student_id, {})[row.year] = YearSums(
            row.billed, row.paid, row.grants + by_payers
        )
    for (student_id, paid_in), cents in paid_by_payers.items():
        found.setdefault(student_id, {})[paid_in] = YearSums(grants=cents)
    return found


def _line(one: Form, number: str) -> list[str]:
    name, address = one.name, one.address
    # A name that nobody has taken apart stands whole where the family name does.
    apart = name is not None and bool(name.last_name)
    first, middle, last, suffix = (
        (name.first_name, name.middle_name, name.last_name, name.name_suffix)
        if name is not None and apart
        else (None, None, one.full_name, None)
    )
    lines = (
        (address.line1, address.line2, address.city, address.state, address.postal_code, address.country)
        if address is not None
        else (None,) * 6
    )
    kind = one.identifier.kind.upper() if one.identifier is not None and number else None
    texts = (number, kind, first, middle, last, suffix, *lines, one.email, str(one.user_id))
    amounts = (one.boxes.payments, one.boxes.adjustments, one.boxes.grants, one.boxes.grant_adjustments)
    return [
        *(str(csv_cell(text)) for text in texts),
        *(f"{cents // 100}.{cents % 100:02}" for cents in amounts),
        *("",) * 4,
    ]
