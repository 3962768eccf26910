"""What a lint found, one file a format."""
