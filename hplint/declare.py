"""What a rule is, and what it can ask to be handed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Any, TypeAlias

from hplint.drafts import Draft
from hplint.model import Level
from hplint.records import value_record


@value_record
class Calls:
    """Calls of the named functions and classes, ``torch.optim.*`` for all public names of a module.

    The check is handed a :class:`BoundCall`. A call that may stand for several things is not handed out, nor is one
    whose name is unknown. ``super().__init__(...)`` in a local subclass is handed out as a call of the base class.
    """

    patterns: tuple[str, ...]

    def __init__(self, *patterns: str) -> None:
        object.__setattr__(self, "patterns", patterns)


@value_record
class Classes:
    """Classes of the file that derive, also indirectly, from ``torch.nn.Module``: handed a :class:`ModuleClass`."""


@value_record
class Steps:
    """Training steps: handed a :class:`TrainingStep`."""


@value_record
class Files:
    """The whole file: handed a :class:`File`. ``words``: skip files whose code, comments aside, holds none of these."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)


@value_record
class Runtime:
    """Live objects only: the rule's file holds page and metadata, its check is in :mod:`hplint.runtime`."""


Subject: TypeAlias = Calls | Classes | Steps | Files | Runtime
Check: TypeAlias = Callable[[Any], Iterable[Draft]]


@value_record
class Rule:
    """One check and what is said of it. ``module`` is the Python module that holds its page.

    ``runtime``: a check on live objects or running programs says it, too or alone.
    """

    code: str
    name: str
    level: Level
    topic: str
    hyperparameter: str | None
    library: str
    since: str
    subject: Subject
    runtime: bool
    module: str
    check: Check = field(compare=False)

    @property
    def summary(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.partition("\n")[0].rstrip(".")

    @property
    def page(self) -> str:
        """The rule's page: the docstring of its file, in Markdown, read from the source when it is asked for."""
        from hplint.pages import page_of

        return page_of(self.module)


def rule(
    code: str,
    name: str,
    *,
    level: Level,
    topic: str,
    subject: Subject,
    since: str,
    runtime: bool = False,
    hyperparameter: str | None = None,
    library: str = "torch",
) -> Callable[[Check], Rule]:
    """Turn a check into a rule whose page is the docstring of its module.

    ``level`` is the worst that the rule says; a draft may say less. ``hyperparameter`` is a row of the table.
    ``runtime``: a check in :mod:`hplint.runtime` says it too.
    """
    runtime = runtime or isinstance(subject, Runtime)

    def declare(check: Check) -> Rule:
        return Rule(code, name, level, topic, hyperparameter, library, since, subject, runtime, check.__module__, check)

    return declare
