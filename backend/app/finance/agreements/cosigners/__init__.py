"""The cosigner’s way in: a signed link that expires, without an account."""
