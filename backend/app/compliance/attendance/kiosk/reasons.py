"""Why a punch counted nothing, or what the staff should know of one that counted."""

from enum import StrEnum

from app.rules.kiosk import Doubt

NO_MATCH = "The number and the PIN do not match. Nothing was recorded. Try again, or ask the school office."
"""What the kiosk says, whichever of the two is wrong and whether there is such a student or not."""


class Reason(StrEnum):
    """The reasons, as the database keeps them."""

    FORGED = "forged"
    REUSED = "reused"
    CHAIN = "chain"
    REVOKED = "revoked"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    NO_PIN = "no_pin"
    WRONG_PIN = "wrong_pin"
    TOO_MANY = "too_many"
    CARD = "card"
    FUTURE = Doubt.FUTURE.value
    OLD = Doubt.OLD.value
    CLOCK_CHANGED = Doubt.CLOCK_CHANGED.value
    BACKWARD = Doubt.BACKWARD.value
    RULE = "rule"
    """What attendance itself refuses, in its own sentence."""
    GAP = "gap"
    LATE = "late"
    NO_CLASS = "no_class"
    FORGOTTEN = "forgotten"


SENTENCES = {
    Reason.FORGED: "The signature is not this kiosk’s: the punch was made or changed by something else.",
    Reason.REUSED: "The kiosk had used the number of this punch for another one before.",
    Reason.CHAIN: "The punch does not follow the one before it: an earlier one was changed or removed on the tablet.",
    Reason.REVOKED: "The kiosk was no longer registered when the punch arrived.",
    Reason.UNREADABLE: "What was typed or scanned cannot be read.",
    Reason.UNKNOWN: "No student has the number that was typed.",
    Reason.NO_PIN: "The student with this number has not chosen a PIN.",
    Reason.WRONG_PIN: "The PIN is not this student’s.",
    Reason.TOO_MANY: "Too many wrong PINs were tried for this student or at this kiosk, so the PIN was not checked.",
    Reason.CARD: "The card is not one of the school’s, or was replaced or revoked.",
    Reason.FUTURE: "The time of the punch is in the future, so the tablet’s clock was wrong.",
    Reason.OLD: "The tablet kept the punch for longer than the attendance policy allows.",
    Reason.CLOCK_CHANGED: "The tablet’s clock was set between the punch and its arrival, so its time is not certain.",
    Reason.BACKWARD: "The punch is earlier than one made before it, so the tablet’s clock was set back.",
    Reason.GAP: "Earlier punches of this kiosk never arrived.",
    Reason.LATE: "The punch arrived after later ones of the same kiosk.",
    Reason.NO_CLASS: "The student has no class on this day, so nothing says which of these hours are scheduled.",
    Reason.FORGOTTEN: "The record had been open for longer than any can be, so this clock-out ended it with no hours.",
}
UNPROVEN = frozenset({Reason.UNREADABLE, Reason.UNKNOWN, Reason.NO_PIN, Reason.WRONG_PIN})
"""Where the kiosk says no more than that something does not match."""
SUSPICIOUS = frozenset(
    {
        Reason.FORGED,
        Reason.REUSED,
        Reason.CHAIN,
        Reason.REVOKED,
        Reason.TOO_MANY,
        Reason.FUTURE,
        Reason.CLOCK_CHANGED,
        Reason.BACKWARD,
    }
)
"""What the staff look at even when the student saw the refusal."""
AT_THE_KIOSK = {
    Reason.TOO_MANY: "Too many wrong PINs. Nothing was recorded. Wait half an hour, or ask the school office.",
    Reason.CARD: "This card is no longer valid. Nothing was recorded. Use your number and PIN, or ask the school "
    "office.",
}


def said_at_kiosk(reason: Reason | None, sentence: str | None) -> str:
    """What the kiosk says of a refusal to whoever stands there."""
    if reason in UNPROVEN:
        return NO_MATCH
    if reason is not None and reason in AT_THE_KIOSK:
        return AT_THE_KIOSK[reason]
    if reason is Reason.RULE and sentence:
        return sentence
    return (
        "This could not be recorded. The school office has it on its list; tell them when you came or left."
    )
