"""The calls of Gitea's REST API that the sandbox answers: one file per noun."""
