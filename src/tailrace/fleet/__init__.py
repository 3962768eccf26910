"""The fleet: what is listed, and whether the world agrees."""
