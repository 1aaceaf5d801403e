"""Assignments: what students hand in for a lesson, and how it is graded."""
