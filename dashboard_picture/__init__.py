"""Draws the picture of the dashboard for the documentation, from the dashboard's own JSON and a made-up day."""
