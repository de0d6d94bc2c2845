"""Which account sends: the route, what SES says of both ends of it, and what people are told."""
