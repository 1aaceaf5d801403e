"""Two implementations of the refund that know nothing of one another agree."""

from app.finance.refunds import door
from tests.rules.refund_cases import generated
from tests.rules.second_refunds import amount_of, is_mixed

CASES = 12_000


def test_two_ways_to_a_refund_agree_to_the_cent() -> None:
    cases = [case for case in generated(20_260_105, CASES) if not is_mixed(case)]
    assert len(cases) > 10_000
    differ = [
        (found, other, case)
        for case in cases
        if (found := door.preview(case).amount_cents) != (other := amount_of(case))
    ]
    assert not differ, f"{len(differ)} of {len(cases)}, first: {differ[0]}"
