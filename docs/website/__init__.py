"""The documentation as a site: made of README.md, docs/*.md, the rules and the table of hyperparameters."""
