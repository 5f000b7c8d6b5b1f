"""The files that a new rule begins with, made in a checkout of hplint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hplint import __version__, hyperparameters
from hplint.model import Level
from hplint.registry import did_you_mean

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_CODE = re.compile(r"HP[1-9]\d\d")
_LONGEST = 50
_DECLARED = re.compile(r"@rule\(\s*\"(HP\d+)\",\s*\"([a-z0-9-]+)\"")

_RULE = '''"""TODO: what is wrong, as one sentence of at most 80 characters.

TODO: what happens to the training, and how one would notice it.

```python bad
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # {code}
```

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
```

## Looks like it, is not

TODO: what is right although it looks like the mistake.

```python good
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
```

## References

- TODO: a paper, a page of documentation, or reports of the mistake.
"""

from collections.abc import Iterator

from hplint.rule import BoundCall, Calls, Draft, Level, rule


@rule(
    "{code}",
    "{name}",
    level=Level.{level},
    topic="{topic}",{hyperparameter}
    since="{since}",
    subject=Calls("torch.optim.SGD"),  # TODO: these calls, Classes(), Steps() or Files("word")
)
def {function}(call: BoundCall) -> Iterator[Draft]:
    if call.short == "TODO":
        yield Draft(call.node, f"`{{call.short}}` TODO: what will happen")
'''

_CASES = """# {name}

## TODO: what this case is about

```python
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # {code}
```
"""

_CHANGE = """## Added

{code} (`{name}`): TODO: what a user notices, in one to three sentences.
"""


class ScaffoldError(Exception):
    """Something stands against the new rule; the message says what."""


@dataclass(frozen=True)
class NewRule:
    """The code that a rule was given, and its files: path from the root of the checkout, and text."""

    code: str
    files: dict[str, str]


def checkout(folder: Path) -> Path:
    """The root of the checkout of hplint that ``folder`` lies in."""
    for root in (folder, *folder.parents):
        if (root / "rules" / "__init__.py").is_file() and (root / "hplint" / "rule.py").is_file():
            return root
    raise ScaffoldError(f"{folder} is not in a checkout of hplint, and a new rule is made in one")


def new_rule(
    root: Path, name: str, topic: str | None, level: Level, code: str | None = None, hyperparameter: str | None = None
) -> NewRule:
    """What to write for a rule, without writing it."""
    _check_name(name)
    topics = sorted(path.parent.name for path in (root / "rules").glob("*/__init__.py"))
    if topic is None:
        raise ScaffoldError(f"a rule has a topic: give `--topic` with one of {', '.join(topics)}")
    if topic not in topics:
        raise ScaffoldError(f"`{topic}` is no topic{did_you_mean(topic, topics)} (topics: {', '.join(topics)})")
    if hyperparameter is not None:
        _check_hyperparameter(hyperparameter)
    names = declared(root)
    if name in names.values():
        raise ScaffoldError(f"there is a rule `{name}` already")
    code = code or f"HP{max(int(taken[2:]) for taken in names) + 1}"
    if not _CODE.fullmatch(code):
        raise ScaffoldError(f"`{code}` is no code of a rule: they are HP101 and above")
    if code in names:
        raise ScaffoldError(f"{code} is the code of `{names[code]}`")
    function = name.replace("-", "_")
    row = f'\n    hyperparameter="{hyperparameter}",' if hyperparameter else ""
    rule = _RULE.format(
        code=code, name=name, level=level.name, topic=topic, hyperparameter=row, since=_since(), function=function
    )
    files = {
        f"rules/{topic}/{function}.py": rule,
        f"tests/rules/{name}.md": _CASES.format(code=code, name=name),
        f"changes/+{name}.md": _CHANGE.format(code=code, name=name),
    }
    if standing := [path for path in files if (root / path).exists()]:
        raise ScaffoldError(f"{' and '.join(standing)} would be overwritten")
    return NewRule(code, files)


def write(root: Path, rule: NewRule) -> None:
    """Make the files; none that exists is written to."""
    for path, text in rule.files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)


def _check_name(name: str) -> None:
    if len(name) > _LONGEST:
        raise ScaffoldError(f"`{name}` is longer than {_LONGEST} characters")
    if _NAME.fullmatch(name):
        return
    words = re.findall(r"[A-Z]*[a-z0-9]+|[A-Z]+", name)
    better = "-".join(words).lower()
    hint = f": did you mean `{better}`?" if _NAME.fullmatch(better) else ""
    raise ScaffoldError(f"`{name}` is no name of a rule, which is two or more lower-case words with hyphens{hint}")


def _check_hyperparameter(name: str) -> None:
    if name in {row.name for row in hyperparameters.rows()}:
        return
    row = hyperparameters.get(name)
    close = row.name if row else hyperparameters.suggest(name)
    hint = f": did you mean `{close}`?" if close else ""
    raise ScaffoldError(f"`{name}` is no row of the table of hyperparameters{hint}")


def declared(root: Path) -> dict[str, str]:
    """Code and name of every rule of a checkout, read from the text: a rule that is half written counts too."""
    files = [*(root / "rules").rglob("*.py"), *(root / "hplint" / "builtin").glob("*.py")]
    return {code: name for path in files for code, name in _DECLARED.findall(path.read_text("utf-8"))}


def _since() -> str:
    """The version that brings the rule: ``0.1`` of ``0.1.3``."""
    return ".".join(__version__.split(".")[:2])
