"""Where DNS records go."""
