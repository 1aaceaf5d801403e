"""What an assignment asks for, until when, and what single students are allowed."""
