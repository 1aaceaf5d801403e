"""What other rooms may ask of the LRS: to record what happened, tokens for launches, a person's activity."""

from app.lrs.desk.browser.presentation import Line
from app.lrs.desk.browser.service import recent_for_user
from app.lrs.desk.keys.service import NewSecret, end_launch, launch_token
from app.lrs.events import About, agent_of, record_event
from app.lrs.facts.history import Told, told
from app.lrs.facts.service import (
    PartReport,
    record_clock_in,
    record_clock_out,
    record_clock_out_missing,
    record_enrolled,
    record_hours_corrected,
    record_lesson_completed,
    record_lesson_launched,
    record_lesson_scored,
    record_program_completed,
    record_program_progressed,
    record_scorm_progress,
    record_session_left,
    record_withdrawn,
    registration_of,
)

__all__ = [
    "About",
    "Line",
    "NewSecret",
    "PartReport",
    "Told",
    "agent_of",
    "end_launch",
    "launch_token",
    "recent_for_user",
    "record_clock_in",
    "record_clock_out",
    "record_clock_out_missing",
    "record_enrolled",
    "record_event",
    "record_hours_corrected",
    "record_lesson_completed",
    "record_lesson_launched",
    "record_lesson_scored",
    "record_program_completed",
    "record_program_progressed",
    "record_scorm_progress",
    "record_session_left",
    "record_withdrawn",
    "registration_of",
    "told",
]
