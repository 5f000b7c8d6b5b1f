"""Rules about mixed precision: autocast, gradient scalers, half-precision weights."""
