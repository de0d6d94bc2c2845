"""The checks, one file a subject; each is a function from a ``CheckedDomain`` to findings."""
