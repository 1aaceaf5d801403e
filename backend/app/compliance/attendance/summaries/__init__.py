"""Attendance added up by class and by period."""
