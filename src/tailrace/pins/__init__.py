"""How a pin is read and edited."""
