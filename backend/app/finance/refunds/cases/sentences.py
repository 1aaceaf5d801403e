"""What letters and mail say to the student about the money of a refund: who gets it, when, and what is still owed."""

from collections.abc import Mapping
from typing import Any

from app.core.money import format_cents

LETTER = "refund_letter"
"""The kind of document that the letter is."""
NOTHING = "No refund is owed."
_LOOSE = "was paid without naming a program"


def loose(cents: int) -> str:
    """Money that belongs to one of the student's programs, nobody knows which. The student reads it, too."""
    return f"{format_cents(cents)} {_LOOSE}, and the student has several, so it is not counted."


def is_loose(sentence: str) -> bool:
    """Whether a stored sentence says that money was not counted for want of a program."""
    return _LOOSE in sentence


def assign(cents: int) -> str:
    """What the bursar does about it."""
    return (
        f"{format_cents(cents)} {_LOOSE}, and the student has several. Open the account, reverse the payment or what "
        "the payer was billed, and post it again with its program. Then compute the refund again."
    )


def payee(name: str, payer_id: int | None) -> str:
    """The payee as the student reads of them. `payer_id` is None for the student."""
    return "you" if payer_id is None else f"{name}, who paid for you"


def owed(one: Mapping[str, Any], due: str, *, overdue: bool) -> str:
    """What a payee is still to get. Letters are issued, and refunds approved, after the deadline, too."""
    amount, comma = format_cents(one["amount_cents"]), "" if one["payer_id"] is None else ","
    whom = payee(one["name"], one["payer_id"])
    if overdue:
        return f"{amount} was due to {whom}{comma} by {due} and has not been paid yet."
    return f"{amount} will be paid to {whom}{comma} by {due}."


def paid(amount_cents: int, name: str, payer_id: int | None, day: str, by: str) -> str:
    """What was paid, with its day and method."""
    comma = "" if payer_id is None else ","
    return f"{format_cents(amount_cents)} was paid to {payee(name, payer_id)}{comma} on {day} by {by}."


def came_back(amount_cents: int, name: str, payer_id: int | None, day: str) -> str:
    """A payment that came back to the school and was not sent again."""
    whom = "you" if payer_id is None else name
    return f"The payment of {format_cents(amount_cents)} to {whom} on {day} came back to the school."
