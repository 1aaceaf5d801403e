"""What a target is asked as, and what its answers mean."""

import json

from app.db.models import XapiForwarder
from app.lrs.forwarding.sealing import SealBrokenError, unseal
from app.lrs.forwarding.sending import Answer, Target
from app.settings import Settings

_OF_THE_TARGET = frozenset((401, 403, 404, 405, 408, 425, 429))


def target_of(record: XapiForwarder, settings: Settings) -> Target:
    """Where to, and as whom. Raises SealBrokenError when the stored secret cannot be read."""
    password = unseal(settings.secret_key.get_secret_value(), record.password_sealed)
    return Target(record.endpoint, record.username, password, record.version)


def of_the_target(answer: Answer) -> bool:
    """Whether an answer speaks of the target or the credential, and not of a statement."""
    return answer.status in _OF_THE_TARGET or answer.status >= 500 or 300 <= answer.status < 400


def sentence(error: Exception) -> str:
    """Why a target could not be asked."""
    if isinstance(error, SealBrokenError):
        return "The stored secret cannot be read, because SECRET_KEY has changed. Enter the secret again."
    return str(error)


def said(answer: Answer) -> str:
    """An answer as a sentence, with what the target says about it."""
    if answer.status in (401, 403):
        return f"It refuses the key and secret ({answer.status})."
    if answer.status == 404:
        return "There is no Statement resource at this endpoint (404)."
    if 300 <= answer.status < 400:
        return f"It points elsewhere ({answer.status}), which is not followed. Enter the address it has now."
    text = " ".join(answer.text.split())
    try:
        body = json.loads(answer.text)
        text = body.get("detail") or body.get("message") or text if isinstance(body, dict) else text
    except ValueError:
        pass
    return f"It answers {answer.status}: {str(text)[:300] or 'without a reason'}"
