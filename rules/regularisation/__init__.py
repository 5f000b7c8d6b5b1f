"""Rules about dropout and other regularisation."""
