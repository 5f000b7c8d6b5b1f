"""The language server: what editors show of findings, fixes and hyperparameters. Needs the extra ``lsp``."""
