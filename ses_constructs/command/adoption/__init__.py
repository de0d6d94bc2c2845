"""What ``adopt`` does: read an account and DNS, decide what our constructs can say of it, and write that down."""
