"""What becomes of each message that is sent: the configuration set, where its events go, and how they are kept."""
