"""What of programs and classes is kept."""

from app.core import retention

retention.keep(
    "Programs, lessons and classes",
    "Transcripts, hours and results name them.",
    "programs",
    "modules",
    "lessons",
    "classes",
    "class_meetings",
    "class_changes",
    "class_instructors",
    "class_seats",
)
