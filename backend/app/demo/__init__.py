"""The demo school: two believable years of a school, the same for the same seed number and moment."""

from app.demo.school import Summary, seed_demo_school

__all__ = ["Summary", "seed_demo_school"]
