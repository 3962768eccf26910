"""The embedded forge: real Git repositories behind the calls of a recorded Gitea 1.22."""
