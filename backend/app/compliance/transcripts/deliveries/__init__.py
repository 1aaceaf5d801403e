"""What was given to whom: links that end and can be taken back, email, paper."""
