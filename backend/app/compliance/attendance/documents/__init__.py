"""The attendance record of a student as a document."""
