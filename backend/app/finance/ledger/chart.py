"""The chart of accounts, and what each kind of transaction does to it.

Debits are positive and credits negative. A student's account above zero is money that the student owes the school,
below zero money that the school owes the student. Charge types are split as the Tuition Guaranty Trust Fund asks: it
pays claims for unearned tuition and required fees alone, and never for books, equipment or third parties.
"""

from collections.abc import Mapping
from types import MappingProxyType

CASH, CHECKS, CARDS, BANK = "1000", "1010", "1020", "1030"
STUDENTS, PAYERS = "1200", "1300"
THIRD_PARTIES = "2100"
TUITION, FEES, BOOKS, KITS, LATE_FEES = "4000", "4100", "4200", "4300", "4400"
WAIVERS, OTHER_WAIVERS, LATE_FEE_WAIVERS = "4800", "4850", "4860"
REFUNDS, OTHER_REFUNDS = "4900", "4950"
SCHOLARSHIPS, OVER_AND_SHORT = "5100", "5900"

CHARGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "tuition": ("Tuition", TUITION),
        "fees": ("Fees", FEES),
        "books": ("Books", BOOKS),
        "kit": ("Kit and supplies", KITS),
        "third_party": ("Third party’s cost", THIRD_PARTIES),
        "late_fee": ("Late fee", LATE_FEES),
    }
)
"""Types of charge: what a page calls them, and the account they are credited to."""
METHODS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cash": ("Cash", CASH),
        "check": ("Check", CHECKS),
        "money_order": ("Money order", CHECKS),
        "card": ("Card", CARDS),
        "transfer": ("Bank transfer", BANK),
    }
)
"""How money is handed over: what a page calls it, and the account that is debited."""
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "charge": "Charge",
        "payment": "Payment",
        "waiver": "Waiver",
        "scholarship": "Scholarship",
        "payer_billing": "Billed to a payer",
        "payer_payment": "Payer’s payment",
        "refund": "Refund credited",
        "remittance": "Refund paid out",
        "reversal": "Reversal",
        "count_difference": "Cash over or short",
    }
)
PAYER_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "va": "Veterans Affairs (VA)",
        "wioa": "Workforce board (WIOA)",
        "employer": "Employer",
        "sponsor": "Sponsor",
        "other": "Other",
    }
)
OPENED_LATER: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        OTHER_WAIVERS: ("Waivers of books, kits and third parties’ costs", "income"),
        LATE_FEE_WAIVERS: ("Waivers of late fees", "income"),
    }
)
"""Accounts of the school that are opened when they are first posted to: their names and kinds."""
CREDITS = ("payment", "waiver", "scholarship", "payer_billing")
"""Kinds that pay the installments of a plan: money, and what the student need not pay."""
LATE_FEE_ACCOUNTS = (LATE_FEES, LATE_FEE_WAIVERS)
"""Accounts of late fees, and of what is waived of them: a plan's money pays these before the installments."""
RECEIPTS = ("payment", "payer_payment")
"""Kinds by which money comes in."""
BASE_ACCOUNTS = (TUITION, FEES, REFUNDS)
"""Tuition and fees minus refunds: the base of GNPEC's authorization and trust-fund fees (Minimum Standards, fees)."""


def waived_from(charge: str) -> str:
    """The account of a waiver of this type of charge: tuition and fees are kept apart, and late fees."""
    if charge == "late_fee":
        return LATE_FEE_WAIVERS
    return WAIVERS if charge in ("tuition", "fees") else OTHER_WAIVERS


def student_code(student_id: int) -> str:
    """The code of a student's account."""
    return f"{STUDENTS}-{student_id}"


def payer_code(payer_id: int) -> str:
    """The code of a payer's account."""
    return f"{PAYERS}-{payer_id}"
