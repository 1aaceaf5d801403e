"""What of money is in a student's whole file."""

from sqlalchemy import Select, select

from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import (
    AgreementLink,
    AgreementSignature,
    EnrollmentAgreement,
    LedgerAccount,
    LedgerBalance,
    LedgerPosting,
    LedgerReceipt,
    LedgerTransaction,
    PaymentCheckout,
    PaymentPlan,
    PaymentPlanInstallment,
    PaymentPlanReminder,
    Refund,
    RefundComputation,
    RefundRemittance,
    Withdrawal,
)


def _transactions(student: int) -> Select[tuple[int]]:
    return select(LedgerTransaction.id).where(LedgerTransaction.student_id == student)


def _refunds(student: int) -> Select[tuple[int]]:
    return (
        select(Refund.id)
        .join(Withdrawal, Withdrawal.id == Refund.withdrawal_id)
        .where(Withdrawal.user_id == student)
    )


def _accounts(student: int) -> Select[tuple[int]]:
    return select(LedgerAccount.id).where(LedgerAccount.student_id == student)


records.export(
    Refund,
    "money",
    "Refunds",
    lambda student: Refund.withdrawal_id.in_(select(Withdrawal.id).where(Withdrawal.user_id == student)),
)
records.export(
    RefundComputation,
    "money",
    "Computations of refunds",
    records.within(RefundComputation.refund_id, _refunds),
)
records.export(
    RefundRemittance,
    "money",
    "Payments of refunds",
    records.within(RefundRemittance.refund_id, _refunds),
    withheld={"request": "Tells a form that was sent twice."},
)
records.export(LedgerAccount, "money", "Account", records.owned(LedgerAccount.student_id))
records.export(LedgerBalance, "money", "Balance", records.within(LedgerBalance.account_id, _accounts))
records.export(
    LedgerTransaction,
    "money",
    "Charges, payments and credits",
    records.owned(LedgerTransaction.student_id),
    withheld={
        "created_xid": "A number of the database’s own.",
        "fingerprint": "Tells a form that was sent twice; the row itself says what it was made of.",
    },
)
records.export(
    LedgerPosting,
    "money",
    "Lines of transactions",
    records.within(LedgerPosting.transaction_id, _transactions),
)
records.export(
    LedgerReceipt, "money", "Receipts", records.within(LedgerReceipt.transaction_id, _transactions)
)


def _plans(student: int) -> Select[tuple[int]]:
    return select(PaymentPlan.id).where(PaymentPlan.student_id == student)


records.export(PaymentCheckout, "money", "Payments begun online", records.owned(PaymentCheckout.student_id))
records.leave_out("A provider’s messages about payments, which are in the ledger.", "payment_events")
records.export(PaymentPlan, "money", "Payment plans", records.owned(PaymentPlan.student_id))
records.export(
    PaymentPlanInstallment, "money", "Installments", records.within(PaymentPlanInstallment.plan_id, _plans)
)
records.export(
    PaymentPlanReminder,
    "money",
    "Reminders of installments",
    records.within(PaymentPlanReminder.plan_id, _plans),
)
records.leave_out(
    "Payers are others than the student; what they are billed is in the transactions.", "ledger_payers"
)
records.leave_out("What a program costs is the school’s; the agreement has it.", "program_fees")
records.leave_out("The count of a day’s cash names no student.", "ledger_closings")


def _agreements(student: int) -> Select[tuple[int]]:
    return select(EnrollmentAgreement.id).where(EnrollmentAgreement.student_id == student)


records.export(
    EnrollmentAgreement,
    "agreements",
    "Enrollment agreements",
    records.owned(EnrollmentAgreement.student_id),
    papers=(StoredPaper("file_sha256"),),
)
records.export(
    AgreementSignature,
    "agreements",
    "Signatures under the agreements",
    records.within(AgreementSignature.agreement_id, _agreements),
)
records.export(
    AgreementLink,
    "agreements",
    "Links that cosigners got",
    records.within(AgreementLink.agreement_id, _agreements),
    withheld={"token_hash": "Whoever has it could try to find the link."},
)
