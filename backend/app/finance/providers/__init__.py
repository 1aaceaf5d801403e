"""Payment providers: a student pays on the provider's page, and a verified message of the provider is posted."""
