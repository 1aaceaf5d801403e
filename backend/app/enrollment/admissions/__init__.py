"""Admissions: applications, and the documents that applicants and students bring."""
