"""Skills check-offs: lists of skills with rubrics, attempts on a tablet, what a student has passed."""
