"""Backups by PostgreSQL's own programs: taken, checked, kept for 30 days, restored to an instant, and tried weekly."""
