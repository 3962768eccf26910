"""The workflows that `tailrace init` writes: for the package's repository, and for a consumer's."""
