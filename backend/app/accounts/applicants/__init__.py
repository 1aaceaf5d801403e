"""Applicants: students' accounts that nobody signs in with before they are admitted."""
