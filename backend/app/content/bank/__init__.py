"""The bank of questions of a program: what is asked, what is right, and what becomes of a wrong key."""
