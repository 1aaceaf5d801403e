"""What other rooms may ask of the record store: to be told what happened, tokens for launches, a person's activity."""

from app.lrs.credentials.service import NewSecret, end_launch, launch_token
from app.lrs.events import About, agent_of, record_event
from app.lrs.facts.service import (
    PartReport,
    record_clock_in,
    record_clock_out,
    record_clock_out_missing,
    record_enrolled,
    record_lesson_completed,
    record_lesson_launched,
    record_program_completed,
    record_scorm_progress,
    record_withdrawn,
    registration_of,
)

__all__ = [
    "About",
    "NewSecret",
    "PartReport",
    "agent_of",
    "end_launch",
    "launch_token",
    "record_clock_in",
    "record_clock_out",
    "record_clock_out_missing",
    "record_enrolled",
    "record_event",
    "record_lesson_completed",
    "record_lesson_launched",
    "record_program_completed",
    "record_scorm_progress",
    "record_withdrawn",
    "registration_of",
]
