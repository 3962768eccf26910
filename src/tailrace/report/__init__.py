"""What a run says: one file per format. Everything from a repository is escaped."""
