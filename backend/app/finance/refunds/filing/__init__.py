"""The school's refund policy and its reading of the open points: looked at, tried on worked examples, filed."""
