"""Complaints: received, acknowledged, looked into by somebody whom they are not about, decided, appealed, closed."""

from app.core.constraints import register_conflict

register_conflict(
    "uq_complaints_request", "This complaint has been received already. You find it under Complaints."
)
register_conflict(
    "check_complaints_not_oneself",
    "Whom a complaint is about does not look into it. Nothing was saved; choose somebody else.",
)
register_conflict(
    "check_complaints_two_people",
    "Who decided the complaint does not decide its appeal. Nothing was saved; ask a colleague.",
)
