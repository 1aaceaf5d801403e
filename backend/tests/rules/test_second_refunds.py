"""Two implementations of the refund that know nothing of one another agree."""

import random

from app.finance.refunds import door
from tests.rules.refund_cases import case as example
from tests.rules.refund_cases import generated, paid
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


def test_an_hour_is_charged_once_however_the_money_was_named() -> None:
    """Tuition paid in full, partly by segment and partly toward the program: what is kept is what the hours cost."""
    chance = random.Random(12)
    for _ in range(300):
        lengths = [chance.choice((600, 2_400, 9_600)) for _ in range(chance.randint(1, 4))]
        segments = [
            {"name": f"Part {number}", "total_minutes": length, "charge_cents": 20 * length}
            for number, length in enumerate(lengths)
        ]
        by_name = [chance.choice((0, 1, 10 * length, 20 * length - 1, 20 * length)) for length in lengths]
        payments = [
            paid(cents, f"segment:{one['name']}")
            for one, cents in zip(segments, by_name, strict=True)
            if cents
        ]
        total = sum(lengths)
        payments.append(paid(20 * total - sum(by_name), "program"))
        done = chance.randint(0, (total - 1) // 2)
        for partial in ("prorated", "first_hours"):
            for instalments in ("program_rate", "segment_rate"):
                found = door.preview(
                    example(
                        program={"total_minutes": total, "segments": segments},
                        items=[],
                        payments=payments,
                        attended_minutes=done,
                        settings={"partial_segments": partial, "instalments": instalments},
                    )
                )
                assert found.amount_cents == 20 * (total - done), (segments, payments, done, found.lines)
