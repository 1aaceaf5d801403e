"""The verbs and activity types that the product's own events speak in (ADL's vocabulary, and xAPI's video one)."""

from dataclasses import dataclass

_ADL = "http://adlnet.gov/expapi/verbs/"
_TYPES = "http://adlnet.gov/expapi/activities/"


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb's IRI and what people read."""

    iri: str
    words: str


ATTENDED = Verb(f"{_ADL}attended", "attended")
ATTEMPTED = Verb(f"{_ADL}attempted", "attempted")
COMPLETED = Verb(f"{_ADL}completed", "completed")
EXITED = Verb(f"{_ADL}exited", "exited")
ABANDONED = Verb("https://w3id.org/xapi/adl/verbs/abandoned", "did not end")
"""cmi5's word for a session whose end nobody knows."""
LAUNCHED = Verb(f"{_ADL}launched", "opened")
PROGRESSED = Verb(f"{_ADL}progressed", "progressed in")
EXPERIENCED = Verb(f"{_ADL}experienced", "experienced")
FAILED = Verb(f"{_ADL}failed", "failed")
INITIALIZED = Verb(f"{_ADL}initialized", "started")
PASSED = Verb(f"{_ADL}passed", "passed")
REGISTERED = Verb(f"{_ADL}registered", "registered for")
RESUMED = Verb(f"{_ADL}resumed", "resumed")
SCORED = Verb(f"{_ADL}scored", "scored in")
SUSPENDED = Verb(f"{_ADL}suspended", "paused")
TERMINATED = Verb(f"{_ADL}terminated", "left")
VOIDED = Verb(f"{_ADL}voided", "voided")
PLAYED = Verb("https://w3id.org/xapi/video/verbs/played", "played")
PAUSED = Verb("https://w3id.org/xapi/video/verbs/paused", "stopped playing")
SEEKED = Verb("https://w3id.org/xapi/video/verbs/seeked", "jumped in")
ANSWERED = Verb(f"{_ADL}answered", "answered")
EARNED = Verb("http://id.tincanapi.com/verb/earned", "earned")
WITHDREW = Verb("http://id.tincanapi.com/verb/abandoned", "withdrew from")

BY_IRI = {verb.iri: verb for verb in list(globals().values()) if isinstance(verb, Verb)}

PROGRAM = f"{_TYPES}course"
MODULE = f"{_TYPES}module"
LESSON = f"{_TYPES}lesson"
MEETING = f"{_TYPES}meeting"
PART = "https://w3id.org/xapi/scorm/activitytype/sco"
ASSESSMENT = f"{_TYPES}assessment"
QUESTION = f"{_TYPES}question"

PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
"""Extension of a result: percent done, 0 to 100 (cmi5)."""
SESSION_ENDS = (SUSPENDED.iri, TERMINATED.iri)
"""The verbs whose statements say how long a session with an activity lasted."""


def in_words(iri: str, display: dict[str, str] | None = None) -> str:
    """A verb as a person reads it: ours, else the statement's English, else any word, else the IRI's end."""
    known = BY_IRI.get(iri)
    if known is not None:
        return known.words
    for tag, word in (display or {}).items():
        if tag.lower().startswith("en") and word:
            return word
    return next(iter((display or {}).values()), None) or iri.rstrip("/").rpartition("/")[2] or iri
