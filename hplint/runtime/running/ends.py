"""The end of a dry run. No torch here: it is imported before the program is run."""

BATCHES = 4
"""Batches that a pass over a loader gives in a dry run."""


class DryRunEnds(BaseException):
    """Ends a program after enough steps. No ``except Exception`` stops it; ``finally`` blocks run."""

    def __str__(self) -> str:
        return "hplint has seen enough: this was a dry run"
