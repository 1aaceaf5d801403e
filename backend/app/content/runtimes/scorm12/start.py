"""What a SCORM 1.2 course receives when it starts: who the student is, where they were, what they may."""

from typing import Any

from app.content.packages.model import Item
from app.content.postgres_text import restored, restored_json
from app.content.runtimes.protocol import Learner
from app.content.runtimes.scorm import name_for_course
from app.db.models import ScormData
from app.rules import scorm12


def initial_cmi(learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
    """The data model: what the course stored, under what the school knows better."""
    kept: dict[str, Any] = restored_json(attempt.cmi) if attempt is not None else {}
    cmi: dict[str, Any] = {
        name: kept[name] for name in ("objectives", "interactions", "student_preference") if kept.get(name)
    }
    begun = bool(kept)
    stored_core = kept.get("core")
    core: dict[str, Any] = stored_core if isinstance(stored_core, dict) else {}
    status = (attempt.cmi_core_lesson_status if attempt is not None else None) or scorm12.NOT_ATTEMPTED
    cmi["core"] = {
        "student_id": str(learner.user_id),
        "student_name": name_for_course(learner.full_name),
        "lesson_location": restored((attempt.location if attempt is not None else None) or ""),
        "credit": "credit" if learner.counts else "no-credit",
        # Empty means that the course has set none: the run-time then answers `not attempted` by itself.
        "lesson_status": "" if status == scorm12.NOT_ATTEMPTED else status,
        "entry": scorm12.entry(
            begun=begun,
            finished=attempt is not None and attempt.finished_at is not None,
            exit_word=(attempt.exit if attempt is not None else None) or "",
            review=learner.review,
        ),
        "lesson_mode": "review" if learner.review else "normal",
        "total_time": scorm12.timespan_of(attempt.total_seconds if attempt is not None else 0),
        "score": core.get("score") if isinstance(core.get("score"), dict) else {},
    }
    cmi["suspend_data"] = restored((attempt.cmi_suspend_data if attempt is not None else None) or "")
    cmi["comments"] = kept.get("comments") if isinstance(kept.get("comments"), str) else ""
    cmi["launch_data"] = item.data_from_lms
    cmi["student_data"] = {
        "mastery_score": "" if item.mastery_score is None else f"{item.mastery_score:g}",
        "max_time_allowed": item.max_time_allowed,
        "time_limit_action": item.time_limit_action,
    }
    return cmi
