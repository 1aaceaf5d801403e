"""What of the system's own is kept."""

from app.core import retention

retention.keep("Runs of this purge", "They show what was removed and when.", "purge_runs")
