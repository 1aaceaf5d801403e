"""Absences that students report and the school excuses, or does not."""
