"""The demo school: two believable years of a school, the same for the same seed number and moment."""

from app.demo.credentials import issue_samples
from app.demo.school import Summary, seed_demo_school

__all__ = ["Summary", "issue_samples", "seed_demo_school"]
