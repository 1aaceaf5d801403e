"""Form 1098-T and the policy that says whether books and kits count."""

from datetime import date

from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM, Subject
from app.db.models import Enrollment
from app.finance.ledger import service as ledger
from app.finance.ledger.tax_forms import service as tax_forms
from app.school.service import PolicyKind, policies
from tests.factories.ledger import booked
from tests.finance.conftest import NOW
from tests.finance.forms import charge, payment


def test_a_year_that_was_filed_keeps_the_policy_of_its_last_day(
    session: Session, bursar: Subject, enrolled: Enrollment
) -> None:
    student, of = enrolled.user_id, {"enrollment_id": enrolled.id}
    booked(session, enrolled, 100_000, date(2025, 2, 1))
    for form in (charge(30_000, "books", booked_on=date(2025, 2, 1), **of),
                 payment(130_000, booked_on=date(2025, 3, 1), **of),
                 charge(20_000, "books", **of), payment(20_000, **of)):  # fmt: skip
        ledger.post_for_student(session, bursar, student, form)

    def payments(year: int) -> list[int]:
        return [one.boxes.payments for one in tax_forms.forms(session, bursar, year)]

    assert (payments(2025), payments(2026)) == ([100_000], [])
    policies.add(
        session, SYSTEM, PolicyKind.BILLING, effective_from=NOW.date(), approved_by="Board", today=NOW.date(),
        values={"books_and_kits_1098t": "qualified"},
    )  # fmt: skip
    assert (payments(2025), payments(2026)) == ([100_000], [20_000])
