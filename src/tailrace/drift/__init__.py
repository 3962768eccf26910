"""Whether the fleet's list and the world agree: drift."""
