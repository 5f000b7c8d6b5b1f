"""Rules about any call of a known library: its arguments, their types and their allowed values."""
