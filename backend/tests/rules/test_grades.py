"""Grade points: the edges of the scale, and an average that is exact."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.grades import average, points

scores = st.decimals(0, 100, places=2)


@pytest.mark.parametrize(
    ("score", "expected"),
    [("100", 4), ("90", 4), ("89.99", 3), ("80", 3), ("79.99", 2), ("70", 2), ("69.99", 1), ("0", 1)],
)
def test_the_scale(score: str, expected: int) -> None:
    assert points(Decimal(score)) == expected


def test_averages() -> None:
    assert average([]) is None
    assert average([95, 85, 85]) == Decimal("3.33")
    assert average([95, 95, 85]) == Decimal("3.67")
    assert average([95] * 7 + [85]) == Decimal("3.88"), "3.875 goes up"


@given(st.lists(scores, min_size=1, max_size=50))
def test_an_average_lies_between_its_lowest_and_highest_points(given_scores: list[Decimal]) -> None:
    found = average(given_scores)
    assert found is not None
    worth = [points(score) for score in given_scores]
    assert min(worth) <= found <= max(worth)


@pytest.mark.parametrize("score", [-1, 101])
def test_a_score_outside_the_percentages_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        points(score)
