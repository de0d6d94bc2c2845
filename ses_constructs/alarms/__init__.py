"""When an alarm fires, and what it does."""
