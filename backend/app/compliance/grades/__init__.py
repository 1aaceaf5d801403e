"""Grades: the grade books of classes, final grades and changes to them, and what follows for a student."""
