"""An agreement before anybody has signed: what it would say, its preview, and the document that is sent."""
