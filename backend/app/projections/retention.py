"""What of those who follow the history is kept."""

from app.core import retention

retention.keep(
    "The system’s own marks", "They say how far it has come and who it is.", "history_cursors", "installation"
)
