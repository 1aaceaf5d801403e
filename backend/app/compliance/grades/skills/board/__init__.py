"""Checking off a class: students by skills, and one attempt at a time."""
