"""The student's file: birth date, names to be called by, photo, addresses, phones and emergency contacts."""
