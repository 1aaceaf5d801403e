"""Who gets how much of a refund, where payers paid in the student's place. GNPEC leaves the payee open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """Cents that somebody paid for a purpose of the case; `payer` is None for the student."""

    payer: int | None
    purpose: str
    cents: int


def shares(
    amount_cents: int, back: Mapping[str, int], paid: Sequence[Share], *, student_first: bool = False
) -> dict[int | None, int]:
    """The refund by who gets it, in cents that add up to it; who gets nothing is left out.

    `back` says how much of the refund comes back of each purpose. Payers are paid in the order of `paid`, each up to
    what comes back of that which their money paid; the rest is the student's. With `student_first` the student is paid
    before the payers in the same way. Cents of the refund that nobody's money explains are the student's.
    """
    left = dict(back)
    given: dict[int | None, int] = {}
    order = [one for one in paid if one.payer is not None]
    if student_first:
        order = [*(one for one in paid if one.payer is None), *order]
    for one in order:
        share = min(one.cents, left.get(one.purpose, 0))
        left[one.purpose] = left.get(one.purpose, 0) - share
        given[one.payer] = given.get(one.payer, 0) + share
    rest = amount_cents - sum(given.values())
    given[None] = given.pop(None, 0) + rest
    return {payer: cents for payer, cents in given.items() if cents}
