"""Handing in: the student’s page, and the files for those who may read them."""
