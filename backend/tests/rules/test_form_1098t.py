"""Form 1098-T: years worked by hand, and what must hold of any account."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.form_1098t import Billing, Boxes, YearSums, boxes, settled

CASES = [
    # years -> the boxes 1, 4, 5 and 6 of 2025
    ({2025: YearSums(504_000, 300_000)}, (300_000, 0, 0, 0)),
    # Not more than was billed; what is paid ahead counts in the year in which it is billed, too.
    ({2025: YearSums(200_000, 300_000)}, (200_000, 0, 0, 0)),
    ({2024: YearSums(0, 300_000), 2025: YearSums(200_000)}, (200_000, 0, 0, 0)),
    ({2024: YearSums(504_000, 100_000), 2025: YearSums(0, 404_000)}, (404_000, 0, 0, 0)),
    # A scholarship is a payment from another source, and box 5.
    ({2025: YearSums(504_000, 200_000, 100_000)}, (300_000, 0, 100_000, 0)),
    # A refund of the same year is taken off box 1; one of the year before is box 4.
    ({2025: YearSums(504_000 - 100_000, 504_000 - 100_000)}, (404_000, 0, 0, 0)),
    ({2024: YearSums(504_000, 504_000), 2025: YearSums(-100_000, -100_000)}, (0, 100_000, 0, 0)),
    # A scholarship that was taken back in the next year is box 6; the charge is unpaid again, which is box 4.
    ({2024: YearSums(100_000, 0, 100_000), 2025: YearSums(0, 0, -40_000)}, (0, 40_000, 0, 40_000)),
    ({2024: YearSums(504_000, 504_000)}, (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("years", "expected"), CASES)
def test_the_boxes_of_a_year(years: dict[int, YearSums], expected: tuple[int, int, int, int]) -> None:
    assert boxes(years, 2025) == Boxes(*expected)


SUMS = st.builds(
    YearSums, st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)
)


@given(st.dictionaries(st.integers(2019, 2026), SUMS))
def test_the_years_add_up_to_what_is_billed_and_paid(years: dict[int, YearSums]) -> None:
    found = [boxes(years, year) for year in range(2018, 2027)]
    billed = sum(one.billed for one in years.values())
    paid = sum(one.paid + one.grants for one in years.values())
    assert sum(one.payments - one.adjustments for one in found) == max(min(billed, paid), 0)
    assert sum(one.grants - one.grant_adjustments for one in found) == sum(
        one.grants for one in years.values()
    )
    assert all(min(one.payments, one.adjustments) == 0 for one in found)


SETTLED = [
    # billings, payments by year -> what each student has by year
    (
        [Billing(1, 100, 2024), Billing(2, 50, 2024), Billing(1, 70, 2024)],
        {2025: 120, 2024: 60},
        {(1, 2024): 60, (1, 2025): 70, (2, 2025): 50},
    ),
    (
        [Billing(1, 100, 2025), Billing(2, 50, 2025), Billing(1, 70, 2025)],
        {2025: 500},
        {(1, 2025): 170, (2, 2025): 50},
    ),
    ([], {2025: 500}, {}),
    ([Billing(1, 100, 2025)], {}, {}),
    # What was paid ahead is the student's in the year of the billing.
    ([Billing(1, 100, 2026)], {2025: 80}, {(1, 2026): 80}),
    # A payment that was taken back in the next year leaves the year before as it was.
    ([Billing(1, 100, 2025)], {2025: 100, 2026: -100}, {(1, 2025): 100, (1, 2026): -100}),
    # So does a billing: its money pays the next one then.
    (
        [Billing(1, 100, 2025, 2026), Billing(2, 60, 2025)],
        {2025: 100},
        {(1, 2025): 100, (1, 2026): -100, (2, 2026): 60},
    ),
    # Billed and taken back in one year, it never was.
    ([Billing(1, 100, 2025, 2025), Billing(2, 60, 2025)], {2025: 100}, {(2, 2025): 60}),
]


@pytest.mark.parametrize(("billings", "received", "expected"), SETTLED)
def test_a_payer_pays_the_oldest_billing_first(
    billings: list[Billing], received: dict[int, int], expected: dict[tuple[int, int], int]
) -> None:
    assert settled(billings, received) == expected


YEARS = st.integers(2021, 2026)


@given(
    st.lists(st.builds(Billing, st.integers(1, 3), st.integers(1, 500), YEARS, st.none() | YEARS)),
    st.dictionaries(YEARS, st.integers(-500, 500)),
    YEARS,
)
def test_what_comes_later_changes_no_year(
    billings: list[Billing], received: dict[int, int], last: int
) -> None:
    known = [
        replace(one, reversed_in=one.reversed_in if one.reversed_in and one.reversed_in <= last else None)
        for one in billings
        if one.year <= last
    ]
    before = settled(known, {year: cents for year, cents in received.items() if year <= last})
    after = settled(billings, received)
    assert before == {key: cents for key, cents in after.items() if key[1] <= last}
    paid = max(sum(received.values()), 0)
    owed = sum(one.cents for one in billings if one.holds(2026))
    assert sum(after.values()) == min(paid, owed)
