"""SCORM 2004 durations, statuses and navigation requests."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import scorm12, scorm2004
from app.rules.scorm2004 import Outcome, Terms

hundredths = st.integers(0, 10**9).map(lambda n: Decimal(n) / 100)
completions, successes = st.sampled_from(scorm2004.COMPLETIONS), st.sampled_from(scorm2004.SUCCESSES)
outcomes = st.builds(Outcome, completions, successes)
measures = st.none() | st.integers(-100, 100).map(lambda n: Decimal(n) / 100)


@given(hundredths)
def test_a_duration_comes_back_as_it_was(seconds: Decimal) -> None:
    assert scorm2004.seconds_of(scorm2004.duration_of(seconds)) == seconds


@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999), hundredths)
def test_units_add_up(days: int, hours: int, minutes: int, seconds: Decimal) -> None:
    total = scorm2004.seconds_of(f"P{days}DT{hours}H{minutes}M{seconds:f}S")
    assert total == days * 86400 + hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("PT0S", "0"),
        ("PT1.5H", "5400"),
        ("PT0,25M", "15"),
        ("P1W", "604800"),
        ("P1Y", "31557600"),
        ("P1M", "2629800"),
        ("PT1M", "60"),
        ("PT12.3456S", "12.3456"),
        ("PT.5S", "0.5"),
        (" PT1S ", "1"),
    ],
)
def test_durations_of_real_courses(word: str, seconds: str) -> None:
    assert scorm2004.seconds_of(word) == Decimal(seconds)


@given(st.text(max_size=80) | st.from_regex(r"P[0-9YMDTHS.,-]{0,20}", fullmatch=True))
def test_what_is_no_duration_is_refused_and_nothing_else_happens(word: str) -> None:
    try:
        seconds = scorm2004.seconds_of(word)
    except ValueError:
        return
    assert 0 <= seconds <= 10**12
    assert any(letter.isdigit() for letter in word)


@pytest.mark.parametrize(
    "word", ["", "P", "PT", "P1DT", "1S", "PT-1S", "-PT1S", "PT1S1M", "P1H", "PT1", "PT٣S", "PT1.2.3S"]
)
def test_no_durations(word: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        scorm2004.seconds_of(word)


@given(outcomes, measures, measures, st.booleans(), st.booleans())
def test_a_threshold_decides_whatever_the_course_says(
    reported: Outcome, scaled: Decimal | None, progress: Decimal | None, ended: bool, left: bool
) -> None:
    terms = Terms(passing=Decimal("0.5"), completion=Decimal("0.75"))
    judged = scorm2004.judged(reported, scaled, progress, terms, ended=ended, left=left)
    if scaled is not None:
        assert judged.success == ("passed" if scaled >= Decimal("0.5") else "failed")
    if progress is not None and not (scaled is None and reported.success == "unknown"):
        assert judged.completion == ("completed" if progress >= Decimal("0.75") else "incomplete")
    assert judged.status in scorm12.STATUSES


@given(outcomes, measures, measures)
def test_without_thresholds_the_course_is_taken_at_its_word(
    reported: Outcome, scaled: Decimal | None, progress: Decimal | None
) -> None:
    judged = scorm2004.judged(reported, scaled, progress, Terms(), ended=False, left=False)
    assert judged == reported


def test_a_course_that_ends_without_a_word_is_completed() -> None:
    ended = scorm2004.judged(Outcome(), None, None, Terms(), ended=True, left=True)
    assert (ended.completion, ended.success, ended.status) == ("completed", "unknown", "completed")
    failed = scorm2004.judged(Outcome("unknown", "failed"), None, None, Terms(), ended=True, left=True)
    assert failed.status == "failed"


@pytest.mark.parametrize(
    ("completion", "success", "status"),
    [
        ("completed", "passed", "passed"),
        ("incomplete", "passed", "passed"),
        ("completed", "failed", "failed"),
        ("completed", "unknown", "completed"),
        ("incomplete", "unknown", "incomplete"),
        ("not attempted", "unknown", "not attempted"),
        ("unknown", "unknown", "not attempted"),
    ],
)
def test_two_statuses_are_one(completion: str, success: str, status: str) -> None:
    assert scorm2004.lesson_status(completion, success) == status


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("continue", ("continue", None)),
        ("{target=part-2}choice", ("choice", "part-2")),
        ("{target=part-2}jump", ("jump", "part-2")),
        ("suspendAll", ("suspendAll", None)),
        ("_none_", None),
        ("choice", None),
        ("{target=}choice", None),
        ("{target=a}continue", None),
        ("", None),
    ],
)
def test_navigation_requests(word: str, found: tuple[str, str | None] | None) -> None:
    assert scorm2004.navigation_of(word) == found


@pytest.mark.parametrize(
    ("word", "kept"), [("0.6666666666666666", "0.6666666666666666"), ("-1", "-1"), ("1.", "1")]
)
def test_scaled_scores_are_kept_exactly(word: str, kept: str) -> None:
    assert scorm2004.scaled_of(word) == Decimal(kept)


@pytest.mark.parametrize("word", ["1.0001", "-1.1", "NaN", "", "1e-1", "9" * 80])
def test_scaled_scores_out_of_range_are_none(word: str) -> None:
    assert scorm2004.scaled_of(word) is None


@pytest.mark.parametrize("terms", [Terms(completion_set_by_content=True), Terms(completion=Decimal("0.5"))])
def test_silence_completes_nothing_where_the_manifest_leaves_that_to_the_content(terms: Terms) -> None:
    ended = scorm2004.judged(Outcome(), None, None, terms, ended=True, left=True)
    assert ended == Outcome()
