"""What happens to mail that arrives."""
