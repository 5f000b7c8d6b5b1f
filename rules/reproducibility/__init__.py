"""Rules about runs that cannot be repeated: seeds, deterministic algorithms."""
