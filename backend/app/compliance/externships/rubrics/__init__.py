"""What supervisors evaluate: a short list of skills for each program, from a day on."""
