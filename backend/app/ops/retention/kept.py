"""What of the system's own is kept."""

from app.core import retention

retention.keep("Runs of this purge", "They say what was removed when.", "purge_runs")
