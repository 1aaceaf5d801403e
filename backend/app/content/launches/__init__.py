"""Launches: a part of a lesson opened by a person, until it ends."""
