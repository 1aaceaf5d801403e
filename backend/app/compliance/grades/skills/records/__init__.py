"""The skills record of a student as a document."""
