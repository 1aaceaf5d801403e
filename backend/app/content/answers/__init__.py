"""What courses report of questions and objectives: by question, by answer, and as files."""
