"""Official transcripts: issued for good, verified by anybody who is given one, refused while a hold stands."""
