"""What a monitoring system asks for at /metrics, the history of it, and what an administrator should do about it."""
