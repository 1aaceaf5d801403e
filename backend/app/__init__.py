"""AADA LMS: learning management and student records in one program."""

__version__ = "0.1.0"
