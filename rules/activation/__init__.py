"""Rules about activations and what they are fed to."""
