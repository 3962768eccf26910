"""Package indexes: which releases there are, and whether one can be installed."""
