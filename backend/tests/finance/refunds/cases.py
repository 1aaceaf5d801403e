"""A student who left, their account, and the people who handle the refund."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.permissions import Duty, Role, Subject
from app.db.models import AuditEntry, Enrollment, EnrollmentStatus, Refund, User, Withdrawal
from app.enrollment import service as enrollments
from app.enrollment.service import Figures, Hours
from app.enrollment.withdrawals import figures
from app.finance.ledger import service as ledger
from app.finance.ledger.balances import service as balances
from app.finance.refunds.cases import service
from app.finance.refunds.cases.remittances import service as remittances
from app.finance.refunds.cases.schemas import (
    ApprovalForm,
    RecomputeForm,
    RejectionForm,
    RemittanceForm,
    ReturnForm,
)
from tests.factories.school import School
from tests.finance.forms import charge, payment

LEFT = datetime(2026, 4, 20, 15, tzinfo=UTC)
OWED = 453_600
"""$5,040.00 paid, 48 of 480 hours attended."""
SignIn = Callable[[User], TestClient]


def person(school: School, duty: Duty, name: str) -> Subject:
    user = school.with_duty(duty, full_name=name)
    role = Role.ADMIN if duty is Duty.ADMINISTRATOR else Role.INSTRUCTOR
    return Subject(user.id, user.email, user.full_name, role, duties=frozenset({duty}))


@dataclass(frozen=True, slots=True)
class Office:
    """The registrar processes, the administrator approves, the bursar pays."""

    session: Session
    school: School
    registrar: Subject
    bursar: Subject
    chief: Subject

    @classmethod
    def of(cls, session: Session, school: School) -> "Office":
        return cls(
            session,
            school,
            person(school, Duty.REGISTRAR, "Ruth Registrar"),
            person(school, Duty.BURSAR, "Bea Bursar"),
            person(school, Duty.ADMINISTRATOR, "Ada Administrator"),
        )

    def enrolled(self, name: str = "Maria Lopez", tuition: int = 504_000) -> Enrollment:
        program = self.school.program(tuition_amount_cents=tuition, clock_hours=480)
        return self.school.enrollment(self.school.student(full_name=name), program)

    def leaves(
        self,
        enrollment: Enrollment,
        *,
        hours: int = 48,
        kind: str = "student",
        at: datetime = LEFT,
        percent: int | None = None,
        basis: str | None = None,
    ) -> Refund:
        """The withdrawal is processed by the registrar, and its refund computed. With `percent` no hours count."""
        enrollment.status = EnrollmentStatus.WITHDRAWN
        withdrawal = Withdrawal(
            user_id=enrollment.user_id,
            enrollment_id=enrollment.id,
            requested_at=at,
            admin_processed_at=at,
            kind=kind,
            date_basis=basis,
        )
        self.session.add(withdrawal)
        self.session.flush()
        in_hours = {"transferred_minutes": hours * 60, "total_minutes": 480 * 60}
        counted = Hours(**in_hours if percent is None else {})
        figures.freeze(self.session, withdrawal, Figures(counted, percent or 0, 100, at))
        return service.open_for_withdrawal(
            self.session,
            self.registrar,
            service.Leaving.of(enrollments.frozen_figures(self.session, withdrawal.id)),
        )

    def owed(self, cents: int = 504_000, *, hours: int = 48, name: str = "Maria Lopez") -> Refund:
        """Somebody who was charged and paid this much of tuition, and left."""
        enrollment = self.enrolled(name)
        of = {"enrollment_id": enrollment.id}
        ledger.post_for_student(self.session, self.bursar, enrollment.user_id, charge(504_000, **of))
        if cents:
            ledger.post_for_student(self.session, self.bursar, enrollment.user_id, payment(cents, **of))
        return self.leaves(enrollment, hours=hours)

    # The acts, short

    def approve(self, refund: Refund | int, by: Subject | None = None, computation: int = 1) -> Refund:
        number = refund if isinstance(refund, int) else refund.id
        return service.approve(self.session, by or self.chief, number, ApprovalForm(computation=computation))

    def reject(self, refund: Refund, by: Subject | None = None) -> Refund:
        values = RejectionForm(rejection="The kit was issued")
        return service.reject(self.session, by or self.chief, refund.id, values)

    def recompute(self, refund: Refund, by: Subject | None = None, **more: Any) -> Refund:
        values = RecomputeForm.model_validate({"reason": "The account has changed"} | more)
        return service.recompute(self.session, by or self.bursar, refund.id, values)

    def remit(self, refund: Refund, cents: int, by: Subject | None = None, **more: Any) -> int:
        return remittances.remit(self.session, by or self.bursar, refund.id, remittance(cents, **more)).id

    def comes_back(self, refund: Refund, number: int) -> Refund:
        values = ReturnForm(request=uuid4(), reason="Check returned by the post office")
        return remittances.take_back(self.session, self.bursar, refund.id, number, values)


def remittance(cents: int, **more: Any) -> RemittanceForm:
    given = {"request": uuid4(), "amount_cents": cents, "method": "check", "reference": "2041"}
    return RemittanceForm.model_validate(given | more)


def user_of(session: Session, subject: Subject) -> User:
    return session.get_one(User, subject.user_id)


def balance(office: Office, refund: Refund) -> int:
    student = service.read(office.session, office.bursar, refund.id).row.student_id
    return balances.balances_of(office.session, [student])[student]


def acts(office: Office, refund: Refund) -> list[str]:
    return list(
        office.session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.target == "refunds", AuditEntry.target_id == str(refund.id))
            .order_by(AuditEntry.id)
        )
    )
