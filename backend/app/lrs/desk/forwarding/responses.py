"""What a target is asked as, and what its answers mean."""

import json
import re
import unicodedata
from contextlib import suppress

from app.db.models import XapiForwarder
from app.lrs.desk.forwarding.client import Answer, Target
from app.lrs.desk.forwarding.sealing import SealBrokenError, unseal
from app.settings import Settings

_OF_THE_TARGET = frozenset((401, 403, 404, 405, 408, 425, 429))
_TELLING = ("detail", "message", "error_description", "error", "msg", "title")
"""Names under which stores say what is wrong, the most telling first."""
_LONGEST_REASON = 300
_MOST_READ = 4000
_TAG = re.compile(r"<[^<>]*>")


def target_of(record: XapiForwarder, settings: Settings) -> Target:
    """Where to, and as whom. Raises SealBrokenError when the stored secret cannot be read."""
    password = unseal(settings, record.password_sealed)
    return Target(record.endpoint, record.username, password, record.version)


def of_the_target(answer: Answer) -> bool:
    """Whether an answer speaks of the target or its password, and not of a statement."""
    return answer.status in _OF_THE_TARGET or answer.status >= 500 or 300 <= answer.status < 400


def sentence(error: Exception) -> str:
    """Why a target could not be asked."""
    if isinstance(error, SealBrokenError):
        return "The stored secret cannot be read, because SECRET_KEY has changed. Enter the secret again."
    return plain(str(error))


def said(answer: Answer) -> str:
    """An answer as a sentence, with what the target says about it."""
    if 300 <= answer.status < 400:
        return (
            f"It redirects elsewhere ({answer.status}), and redirects are not followed. Enter its "
            "current address."
        )
    reason = _reason(answer.text)
    known = {
        401: "It refuses the key and secret (401)",
        403: "It does not let this key do that (403)",
        404: "There is no Statement resource at this endpoint (404)",
    }.get(answer.status)
    if known is not None:
        return f"{known}: {reason}" if reason else f"{known}."
    return f"It answers {answer.status}: {reason or 'without a reason'}"


def plain(text: str) -> str:
    """Another program's text as one line that can be stored and read: no NUL, no half and no invisible characters."""
    kept = (" " if unicodedata.category(sign).startswith("C") else sign for sign in text)
    return " ".join("".join(kept).split())


def _reason(text: str) -> str:
    """What the target says: the sentence in its JSON, where there is one, else its text without a page's tags."""
    with suppress(ValueError, RecursionError):
        text = _words(json.loads(text)) or text
    return plain(_TAG.sub(" ", text[:_MOST_READ]))[:_LONGEST_REASON]


def _words(said_there: object) -> str:
    if isinstance(said_there, str):
        return said_there
    if isinstance(said_there, dict):
        found = next((said_there[name] for name in _TELLING if said_there.get(name)), None)
        if found is not None:
            return _words(found)
    if isinstance(said_there, list) and said_there:
        return "; ".join(_words(item) for item in said_there)
    return json.dumps(said_there, ensure_ascii=False) if said_there else ""
