"""A command line option has `type=bool`, which makes every text true.

argparse calls `bool("False")`, and a text that is not empty is true. `--nesterov False`, `--nesterov 0` and
`--nesterov no` all switch the option on. A run that was meant to compare "with" and "without" trains the same model
twice; with `default=True` there is no way to switch it off.

```python bad
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--nesterov", type=bool, default=True)  # HP143
```

```python good
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--nesterov", action=argparse.BooleanOptionalAction, default=True)
```

`BooleanOptionalAction` gives `--nesterov` and `--no-nesterov`; `action="store_true"` gives the first alone.

## Looks like it, is not

A function of one's own reads the words; other parsers do so by themselves.

```python good
import argparse


def boolean(text):
    return text.lower() in ("1", "true", "yes")


parser = argparse.ArgumentParser()
parser.add_argument("--nesterov", type=boolean, default=True)
parser.add_argument("--amp", action="store_true")
```

```python good
from jsonargparse import ArgumentParser

parser = ArgumentParser()
parser.add_argument("--nesterov", type=bool, default=True)
```

## References

- [argparse: type](https://docs.python.org/3/library/argparse.html#type)
- ACEsuit/mace#429, lukecavabarrett/pna#7, ftramer/Handcrafted-DP#5
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, argument, own_parser, replace, rule, syntax

INCOMPATIBLE = frozenset({"choices", "metavar", "nargs", "const", "action"})


@rule(
    "HP143",
    "argparse-type-bool",
    level=Level.ERROR,
    topic="configuration",
    library="argparse",
    since="0.1",
    subject=Files("add_argument"),
)
def argparse_type_bool(file: File) -> Iterator[Draft]:
    if not own_parser(file):
        return
    for flag in file.flags:
        if flag.type is None or file.qualified(flag.type) != "builtins.bool" or argument(flag.call, 99, "nargs"):
            continue
        option = flag.option if flag.option.startswith("-") else flag.dest
        yield Draft(
            flag.type,
            f"`{option} False` sets `{flag.dest}` to True: `bool` makes every text but the empty one true",
            fix=boolean_action(file, flag.call, flag.type) if flag.option.startswith("--") else None,
        )


def boolean_action(file: File, call: syntax.Call, given: syntax.Expr) -> DraftFix | None:
    """`action=argparse.BooleanOptionalAction`, where argparse can be named so and nothing else is in the way."""
    keyword = next(arg for arg in call.args if arg.value is given)
    named = file.names.lookup("argparse", call.scope)
    module = named is not None and all(binding.imported == "argparse" for binding in named[1])
    if not module or keyword.keyword != "type" or any(arg.keyword in INCOMPATIBLE for arg in call.args):
        return None
    return replace(keyword, "action=argparse.BooleanOptionalAction", "offer `--x` and `--no-x` instead")
