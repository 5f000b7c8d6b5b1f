"""Rules about where hyperparameters come from: command lines and configuration."""
