"""Rules about data loaders and samplers."""
