"""What only forward_message needs."""
