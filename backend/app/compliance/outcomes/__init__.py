"""What becomes of students and graduates: outcome counts by fiscal year, and records of employment."""
