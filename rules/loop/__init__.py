"""Rules about the training step: backward, clip, step, clear."""
