"""Rules about losses: what they are given, and how."""
