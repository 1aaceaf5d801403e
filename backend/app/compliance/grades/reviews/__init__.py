"""Satisfactory academic progress: reviews at checkpoints, their letters, and appeals."""
