"""Lessons that are written here: their text, the pictures and films in it, and what is published of it."""
