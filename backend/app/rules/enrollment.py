"""Which states an enrollment may pass through.

An enrollment begins active and ends once: completed or withdrawn. An end is final, because the state's report
and the refund are worked out from its date; a student who comes back is enrolled anew, with hours and lessons
of her own (GNPEC Standard 12 asks for a form for each withdrawal).
"""

from dataclasses import dataclass

from app.rules.progress import Progress

ACTIVE = "active"
COMPLETED = "completed"
WITHDRAWN = "withdrawn"

_ENDS = {
    COMPLETED: "This enrollment is completed, which is final. A student who comes back is enrolled again.",
    WITHDRAWN: "This enrollment is withdrawn, which is final. A student who comes back is enrolled again.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and the sentence that says why."""

    allowed: bool
    reason: str


def may_complete(status: str, progress: Progress) -> Decision:
    """Completion needs an active enrollment and every lesson of the program."""
    if status != ACTIVE:
        return Decision(False, _ENDS[status])
    if not progress.is_complete:
        return Decision(False, f"An enrollment is completed when every lesson is. {progress.explanation}")
    return Decision(True, progress.explanation)


def may_withdraw(status: str) -> Decision:
    """An active enrollment may be withdrawn at any progress."""
    if status != ACTIVE:
        return Decision(False, _ENDS[status])
    return Decision(True, "The enrollment is active.")
