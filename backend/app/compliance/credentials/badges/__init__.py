"""Open Badges 3.0: the signed credential, the list of revoked ones, the keys, the images."""
