"""How long a lesson session lasts."""

from datetime import timedelta

IDLE = timedelta(hours=2)
"""Without a word from the course the session is over."""
LONGEST = timedelta(hours=12)
"""It is over in any case."""
