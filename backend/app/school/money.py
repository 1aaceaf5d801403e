"""The dated policies of money: what a balance holds up, and the fees that the state asks for."""

from typing import Annotated, Literal

from pydantic import Field

from app.school.values import Values


class BillingPolicy(Values):
    """What a balance that is due holds up, and when a refund is approved twice."""

    transcript_hold: Literal["never", "balance_due"] = "never"
    """Whether a balance keeps official transcripts back. Some states forbid it, and federal rules limit it for schools
    with Title IV aid (34 CFR 668.14(b)(34)), so that it is off until the school decides."""
    graduation_balance: Literal["paid", "not_required"] = "paid"
    """Whether a balance keeps a student from graduating without an exception."""
    small_balance_dollars: Annotated[int, Field(ge=0, le=1000)] = 0
    """A balance up to this holds nothing up."""
    second_approval_above_dollars: Annotated[int, Field(ge=0, le=1_000_000)] = 5000
    """A refund above this is approved by two people, neither of whom computed it."""
    books_and_kits_1098t: Literal["not_qualified", "qualified"] = "not_qualified"
    """Whether books, kits and supplies count as qualified expenses on Form 1098-T: they do where a student must buy
    them from the school to be enrolled (26 CFR 1.25A-2(d))."""


class StateFeesPolicy(Values):
    """The fees that GNPEC asks for, shares of base B: tuition and fees minus refunds (fee schedule, nondegree).

    What the schedule leaves open is a value here: whether waived tuition was ever charged, and for how long the trust
    fund is owed, which the school knows from its first authorization.
    """

    authorization_rate_hundredths: Annotated[int, Field(ge=0, le=1000)] = 20
    """The authorization fee, in hundredths of a percent of the base: 20 is 0.20%."""
    authorization_minimum_dollars: Annotated[int, Field(ge=0, le=1_000_000)] = 500
    """The least authorization fee."""
    authorization_maximum_dollars: Annotated[int, Field(ge=0, le=10_000_000)] = 25_000
    """The most."""
    trust_fund_rate_hundredths: Annotated[int, Field(ge=0, le=1000)] = 10
    """The Tuition Guaranty Trust Fund fee, in hundredths of a percent of the base."""
    trust_fund_minimum_dollars: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    """The least trust-fund fee; there is no most."""
    trust_fund: Literal["owed", "no_longer_owed"] = "owed"
    """It is owed in the first seven years of the authorization; add a version from the day on which they are over."""
    waivers: Literal["stay_in_the_base", "taken_off"] = "stay_in_the_base"
    """Whether waived tuition and fees stay in the base. The schedule names refunds alone; ask GNPEC."""


class PaymentPlanPolicy(Values):
    """Reminders of installments, and what a late one costs. A plan keeps the terms of the day it was made."""

    remind_days_before: Annotated[int, Field(ge=0, le=60)] = 7
    """Days before an installment is due on which the student is reminded; 0 for no reminder."""
    remind_days_after: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after the due date on which the student is reminded; 0 for no reminder."""
    late_fee: Literal["no_fee", "fee_amount", "fee_percent"] = "no_fee"
    """What a late installment costs, once. Off until the school decides."""
    late_fee_dollars: Annotated[int, Field(ge=0, le=500)] = 0
    """The amount of the fee."""
    late_fee_pct: Annotated[int, Field(ge=0, le=25)] = 0
    """The percentage of what is unpaid."""
    late_fee_grace_days: Annotated[int, Field(ge=0, le=60)] = 10
    """Days after the due date that cost nothing."""
    late_fee_cap_dollars: Annotated[int, Field(ge=0, le=500)] = 0
    """The most that one late installment costs; 0 means no limit."""
    late_fee_on: Literal["student_share", "whole_share"] = "student_share"
    """Whether what a payer was billed for counts as paid, or only what the payer has paid of it."""
