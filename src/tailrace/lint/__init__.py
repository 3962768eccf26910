"""Workflows that do what they seem to do on a self-hosted forge: judged by rules, never run."""
