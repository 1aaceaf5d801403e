"""What of those who follow the history is kept."""

from app.core import retention

retention.keep(
    "The system’s own markers",
    "They record how far each update has come and which installation this is.",
    "history_cursors",
    "installation",
)
