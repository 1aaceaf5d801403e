"""What a SCORM 2004 course receives when it starts: who the student is, where they were, what they may."""

from typing import Any

from app.content.packages.model import Item
from app.content.postgres_text import restored, restored_json
from app.content.runtimes.protocol import Learner
from app.content.runtimes.scorm import name_for_course
from app.content.runtimes.scorm2004.activities import sequencing_of
from app.content.runtimes.scorm2004.report import terms_of
from app.db.models import ScormData
from app.rules import scorm2004

_KEPT = (
    "objectives", "interactions", "learner_preference", "comments_from_learner", "score", "progress_measure"
)  # fmt: skip


def initial_cmi(learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
    """The data model: what the course stored, under what the school knows better."""
    kept: dict[str, Any] = restored_json(attempt.cmi) if attempt is not None else {}
    terms, sequencing = terms_of(item), sequencing_of(item.details)
    cmi = {name: kept[name] for name in _KEPT if kept.get(name)}
    if not cmi.get("objectives"):
        cmi["objectives"] = {str(at): {"id": name} for at, name in enumerate(_objectives(item))}
    passed = attempt is not None and attempt.success_status == scorm2004.PASSED
    return cmi | {
        "learner_id": str(learner.user_id),
        "learner_name": name_for_course(learner.full_name),
        "location": restored((attempt.location if attempt is not None else None) or ""),
        "suspend_data": restored((attempt.cmi_suspend_data if attempt is not None else None) or ""),
        "credit": "credit" if learner.counts else "no-credit",
        "mode": "review" if learner.review else "normal",
        "entry": scorm2004.entry(
            begun=bool(kept),
            finished=attempt is not None and attempt.finished_at is not None,
            exit_word=(attempt.exit if attempt is not None else None) or "",
            review=learner.review,
        ),
        "completion_status": _word(kept.get("completion_status")),
        "success_status": scorm2004.PASSED if passed else _word(kept.get("success_status")),
        "total_time": scorm2004.duration_of(attempt.total_seconds if attempt is not None else 0),
        "launch_data": item.data_from_lms,
        "max_time_allowed": sequencing.duration,
        "time_limit_action": item.time_limit_action,
        "scaled_passing_score": "" if terms.passing is None else f"{terms.passing:f}",
        "completion_threshold": "" if terms.completion is None else f"{terms.completion:f}",
    }


def _objectives(item: Item) -> list[str]:
    """The objectives that the manifest names (RTE 4.2.17.1), each once."""
    named = [one.id for one in sequencing_of(item.details).objectives if one.id]
    return list(dict.fromkeys(named))


def _word(value: object) -> str:
    return value if isinstance(value, str) and value else scorm2004.UNKNOWN
