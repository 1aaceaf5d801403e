"""Documents that applicants and students bring: what is required, what came, what is missing or expires."""
