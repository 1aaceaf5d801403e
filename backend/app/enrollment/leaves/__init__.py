"""Leaves of absence: asked for by the student or recorded by the office, approved, extended, ended by the return."""
