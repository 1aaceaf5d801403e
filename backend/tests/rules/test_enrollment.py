"""Enrollments end once."""

import pytest

from app.db.models.enrollment import EnrollmentStatus
from app.rules import enrollment
from app.rules.progress import progress_of_counts


def test_the_rule_speaks_of_the_states_the_database_knows() -> None:
    assert {enrollment.ACTIVE, enrollment.COMPLETED, enrollment.WITHDRAWN} == set(EnrollmentStatus)


def test_completion_needs_every_lesson() -> None:
    assert enrollment.may_complete("active", progress_of_counts(5, 5), 100).allowed
    refused = enrollment.may_complete("active", progress_of_counts(4, 5), 100)
    assert not refused.allowed
    assert "4 of 5 lessons" in refused.reason
    assert not enrollment.may_complete("active", progress_of_counts(0, 0), 1).allowed


@pytest.mark.parametrize("status", ["completed", "withdrawn"])
def test_an_end_is_final(status: str) -> None:
    for decision in (
        enrollment.may_complete(status, progress_of_counts(5, 5), 100),
        enrollment.may_withdraw(status),
    ):
        assert not decision.allowed
        assert f"is {status} and cannot be reopened" in decision.reason


def test_an_active_enrollment_may_be_withdrawn_at_any_time() -> None:
    assert enrollment.may_withdraw("active").allowed


def test_the_policy_says_how_much_is_enough() -> None:
    assert enrollment.may_complete("active", progress_of_counts(4, 5), 80).allowed
    refused = enrollment.may_complete("active", progress_of_counts(3, 5), 80)
    assert not refused.allowed
    assert "80% of the lessons" in refused.reason
