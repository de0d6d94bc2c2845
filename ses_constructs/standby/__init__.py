"""A standby account or region, and the route by which an application sends."""
