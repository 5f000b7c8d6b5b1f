"""Rules about how numbers and names are written."""
