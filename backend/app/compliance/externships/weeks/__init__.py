"""Asking a supervisor to confirm a week: on request, and every Monday."""
