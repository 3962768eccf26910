"""Observe, plan, apply, verify: always in this order."""
