"""What a deployment would do, from its template, the deployed stack, Route 53 and SES; nothing here writes."""
