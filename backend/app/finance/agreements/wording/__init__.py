"""What agreements disclose: the school’s dated text, tried in a preview before it is saved."""
