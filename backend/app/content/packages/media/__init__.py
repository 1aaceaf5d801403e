"""Films, recordings and documents that are uploaded as they are: what they are by their bytes, and what is wrong."""
