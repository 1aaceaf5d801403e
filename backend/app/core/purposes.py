"""Why somebody of the staff looks at students' records.

FERPA lets school officials read education records where they have a legitimate educational interest (34 CFR
§ 99.31(a)(1)). Each opening is recorded with that interest: one of these, chosen once for a session, or else the one
that goes with the person's duties.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """The interests a person can have in a record, as the history names them."""

    INSTRUCTION = "instruction"
    ADVISING = "advising"
    REGISTRATION = "registration"
    BILLING = "billing"
    COMPLIANCE = "compliance"
    SUPPORT = "support"

    @property
    def label(self) -> str:
        """The purpose as a page names it."""
        return _LABELS[self]


_LABELS = {
    Purpose.INSTRUCTION: "Instruction",
    Purpose.ADVISING: "Advising",
    Purpose.REGISTRATION: "Registration and records",
    Purpose.BILLING: "Billing and financial aid",
    Purpose.COMPLIANCE: "Compliance review",
    Purpose.SUPPORT: "Technical support",
}
