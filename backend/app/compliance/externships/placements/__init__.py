"""Placements: who is where and when, what was verified, and whether it agrees with the log."""
