"""What ``dns_records`` needs: how records are spelled, what to do about those that stand, Route 53, and the memory."""
