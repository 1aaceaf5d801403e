"""Where a student stands: classes, final grades and the GPA."""
