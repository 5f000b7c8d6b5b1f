"""Rules about optimizers and their parameter groups."""
