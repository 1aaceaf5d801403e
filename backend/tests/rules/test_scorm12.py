"""SCORM 1.2 rules, as properties."""

import contextlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import scorm12
from app.rules.scorm12 import Score

hundredths = st.integers(0, 3_599_999_999)
statuses = st.sampled_from(scorm12.STATUSES)
scores = st.decimals(-1000, 1000, places=2)
maybe_scores = st.none() | scores


@given(hundredths)
def test_a_time_span_survives_the_way_there_and_back(value: int) -> None:
    seconds = Decimal(value) / 100
    assert scorm12.seconds_of(scorm12.timespan_of(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:00", "0"), ("0001:30:05.25", "5405.25"), ("12:00:07.5", "43207.5"), ("00:75:90", "4590")],
)
def test_time_spans_as_content_writes_them(text: str, seconds: str) -> None:
    assert scorm12.seconds_of(text) == Decimal(seconds)


@pytest.mark.parametrize("text", ["", "PT1H", "1:2:3", "00:00", "-01:00:00", "00:00:00.123", "٠٠:٠٠:٠٠"])
def test_anything_else_is_no_time_span(text: str) -> None:
    with pytest.raises(ValueError, match="time span"):
        scorm12.seconds_of(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_parsers(text: str) -> None:
    assert scorm12.known_status(text) in scorm12.STATUSES
    number = scorm12.number_of(text)
    assert number is None or number == Decimal(text.strip())
    with contextlib.suppress(ValueError):
        assert scorm12.seconds_of(text) >= 0


def test_a_time_span_is_never_negative_and_never_longer_than_the_format() -> None:
    with pytest.raises(ValueError, match="negative"):
        scorm12.timespan_of(-1)
    assert scorm12.timespan_of(10**9) == "9999:59:59.99"


@given(st.lists(statuses, min_size=1))
def test_the_status_of_an_attempt_only_improves(reported: list[str]) -> None:
    kept = scorm12.NOT_ATTEMPTED
    ranks = []
    for status in reported:
        kept = scorm12.better_status(kept, status)
        ranks.append(scorm12.STATUSES.index(kept))
    assert ranks == sorted(ranks)
    assert kept == max(reported, key=scorm12.STATUSES.index)


@given(scores, scores, maybe_scores)
def test_the_percentage_stays_within_its_bounds(raw: Decimal, low: Decimal, high: Decimal | None) -> None:
    score = Score(raw, low, high)
    assert score.percent is not None
    assert 0 <= score.percent <= 100


def test_the_percentage_is_taken_from_minimum_and_maximum() -> None:
    assert Score(Decimal(15), Decimal(10), Decimal(20)).percent == 50
    assert Score(Decimal(8), None, Decimal(10)).percent == 80
    assert Score(Decimal("66.5")).percent == Decimal("66.5")
    assert Score(Decimal(2), Decimal(0), Decimal(3)).percent == Fraction(200, 3), "exactly"
    assert Score(Decimal(5), Decimal(10), Decimal(10)).percent == 5, "bounds that make no sense are not used"
    assert Score().percent is None


@given(st.lists(st.builds(Score, maybe_scores), min_size=1))
def test_the_best_score_of_an_attempt_is_kept(reported: list[Score]) -> None:
    kept = Score()
    for score in reported:
        kept = scorm12.better_score(kept, score)
    known = [score.scaled for score in reported if score.scaled is not None]
    assert kept.scaled == (max(known) if known else None)


@given(st.integers(0, 10**6), st.floats(-10, 10**6))
def test_no_more_time_is_credited_than_has_passed(reported: int, passed: float) -> None:
    credited = scorm12.credited_seconds(reported, passed)
    assert 0 <= credited <= reported
    assert credited <= max(0.0, passed)


@given(statuses, scores, scores, st.booleans())
def test_at_the_end_a_mastery_score_decides(status: str, raw: Decimal, mastery: Decimal, left: bool) -> None:
    judged = scorm12.judged_status(status, raw, mastery, ended=True, left=left)
    if status == scorm12.BROWSED:
        assert judged == scorm12.BROWSED
    else:
        assert judged == (scorm12.PASSED if raw >= mastery else scorm12.FAILED)


@given(statuses, maybe_scores, st.booleans(), st.booleans())
def test_without_a_mastery_score_the_course_decides(
    status: str, raw: Decimal | None, ended: bool, left: bool
) -> None:
    judged = scorm12.judged_status(status, raw, None, ended=ended, left=left)
    if status == scorm12.NOT_ATTEMPTED and ended:
        assert judged == scorm12.COMPLETED
    else:
        assert judged == status


def test_completed_waits_for_the_score_only_while_the_student_is_there() -> None:
    eighty = Decimal(80)
    assert scorm12.judged_status("completed", None, eighty, ended=False) == "incomplete"
    assert scorm12.judged_status("completed", None, eighty, ended=False, left=True) == "completed"
    assert scorm12.judged_status("completed", Decimal(40), eighty, ended=False) == "failed"
    assert scorm12.judged_status("incomplete", Decimal(90), eighty, ended=False) == "incomplete"


def test_the_halves_of_a_status() -> None:
    assert [scorm12.completion_of(s) for s in scorm12.STATUSES] == [
        "unknown", "incomplete", "incomplete", "incomplete", "completed", "completed",
    ]  # fmt: skip
    assert {scorm12.success_of(s) for s in scorm12.STATUSES} == {"unknown", "failed", "passed"}


@given(st.booleans(), st.booleans(), st.sampled_from(scorm12.EXITS))
def test_the_student_resumes_exactly_what_was_not_ended(begun: bool, finished: bool, exit_word: str) -> None:
    word = scorm12.entry(begun=begun, finished=finished, exit_word=exit_word)
    over = finished and exit_word != "suspend"
    assert scorm12.continues(finished=finished, exit_word=exit_word) is not over
    assert word == ("resume" if begun and not over else "ab-initio")
    again = scorm12.entry(begun=begun, finished=finished, exit_word=exit_word, review=True)
    assert again == ("" if begun and over else word)


@given(
    st.lists(st.tuples(statuses, st.none() | st.integers(0, 100)), max_size=8),
    st.none() | st.integers(0, 100),
)
def test_a_lesson_is_complete_when_every_part_is(
    parts: list[tuple[str, int | None]], passing: int | None
) -> None:
    result = scorm12.lesson_result([s for s, _ in parts], [p for _, p in parts], passing_percent=passing)
    assert result.total == len(parts)
    all_done = bool(parts) and all(status in scorm12.DONE for status, _ in parts)
    enough = passing is None or (result.percent is not None and result.percent >= passing)
    assert result.complete is (all_done and enough)
    assert result.reason
    assert not (result.complete and result.missed)
    if not all_done:
        assert result.missed is ("failed" in [status for status, _ in parts])


def test_a_lesson_of_one_part_speaks_of_the_lesson() -> None:
    assert scorm12.lesson_result(["failed"], [Decimal(27)]).reason == "This lesson is not passed yet."
    assert scorm12.lesson_result(["incomplete"], [None]).reason == "This lesson is not completed yet."
    both = scorm12.lesson_result(["passed", "failed"], [None, None])
    assert both.reason == "1 of 2 parts are completed, and a part is not passed yet."
    scored = scorm12.lesson_result(["completed"], [Decimal(50)], passing_percent=80)
    assert (scored.missed, scored.complete) == (True, False)
    by_its_rules = scorm12.course_result(scorm12.lesson_result(["passed"], [None]), "failed")
    assert (by_its_rules.missed, by_its_rules.complete) == (True, False)


@pytest.mark.parametrize(
    ("text", "status"), [("Passed", "passed"), (" P ", "passed"), ("c", "completed"), ("?", "not attempted")]
)
def test_statuses_are_read_kindly(text: str, status: str) -> None:
    assert scorm12.known_status(text) == status
