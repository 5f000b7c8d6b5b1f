"""Every hyperparameter of a script: its value, where it is set, or the library's default that applies. Never judges."""
