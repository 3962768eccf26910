"""The Git hosting servers, each behind the same small protocol."""
