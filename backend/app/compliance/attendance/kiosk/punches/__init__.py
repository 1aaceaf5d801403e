"""What the staff look at: punches that counted nothing or are doubtful, and what follows from them."""
