"""Graduation: what each student still needs, the decision with what it rested on, and whole classes at once."""
