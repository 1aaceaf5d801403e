"""When students may open a lesson, whether it counts, and who completes it."""
