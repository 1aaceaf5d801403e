"""The checks of an installation: `aada doctor`, the start in production, and a job every night."""
