"""What an account has once in a region."""
