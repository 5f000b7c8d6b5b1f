"""Ways to write findings down, one module a format."""
