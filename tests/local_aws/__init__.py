"""The local AWS itself: that it starts, ends, and does what AWS does where our tests rely on it."""
