"""What tailrace costs, measured beside the forge's own limit and beside what people do today."""
