"""Lessons completed, and the progress that follows."""
