"""Signing: the student, the cosigner, the school; each act becomes a signature in the file."""
