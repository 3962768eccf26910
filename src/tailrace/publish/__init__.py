"""From a commit to a release on the index: number, build, check, claim, upload."""
