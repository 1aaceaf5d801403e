"""Grading what was handed in, and releasing it."""
