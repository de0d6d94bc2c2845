"""Sending as a whole: what is watched, and what a person looks at."""
