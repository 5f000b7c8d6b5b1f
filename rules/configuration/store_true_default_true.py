"""A switch of the command line is on already, and nothing switches it off.

`action="store_true"` sets the option to True where it is given; with `default=True` it is True where it is not given
too. Runs with and without `--nesterov` are the same run, and an ablation over it compares noise. `store_false` with
`default=False` is the same the other way round.

```python bad
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--nesterov", action="store_true", default=True)  # HP260
parser.add_argument("--no-shuffle", action="store_false", default=False)  # HP260
```

```python good
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--nesterov", action=argparse.BooleanOptionalAction, default=True)
parser.add_argument("--no-shuffle", dest="shuffle", action="store_false")
```

`BooleanOptionalAction` (Python 3.9) offers `--nesterov` and `--no-nesterov`.

## Looks like it, is not

Another option sets the same name to the other value, or the default is set later.

```python good
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--nesterov", action="store_true", default=True)
parser.add_argument("--no-nesterov", dest="nesterov", action="store_false")
parser.add_argument("--amsgrad", action="store_true", default=False)
parser.add_argument("--cached", action="store_true", default=is_cached())
```

## References

- [argparse: action](https://docs.python.org/3/library/argparse.html#action)
- Counted in 31,486 options of public training code: 31 with `store_true` and `default=True`.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, own_parser, replace, rule, syntax

STUCK = {"store_true": True, "store_false": False}


@rule(
    "HP260",
    "store-true-default-true",
    level=Level.WARNING,
    topic="configuration",
    library="argparse",
    since="0.1",
    subject=Files("store_true", "store_false"),
)
def store_true_default_true(file: File) -> Iterator[Draft]:
    if not own_parser(file) or "set_defaults" in file.text:
        return
    for flag in file.flags:
        stuck = STUCK.get(flag.action or "")
        if stuck is None or not isinstance(flag.default, syntax.Literal) or flag.default.value is not stuck:
            continue
        if sum(other.dest == flag.dest for other in file.flags) > 1 or not flag.option.startswith("-"):
            continue
        message = f"`{flag.option}` is {stuck} whether it is given or not: `{flag.action}` with `default={stuck}`"
        yield Draft(flag.call, message, fix=switch(file, flag.call) if stuck else None)


def switch(file: File, call: syntax.Call) -> DraftFix | None:
    """`action=argparse.BooleanOptionalAction`, where argparse can be named so and the option has a long name."""
    named = file.names.lookup("argparse", call.scope)
    action = next((arg for arg in call.args if arg.keyword == "action"), None)
    long = any(isinstance(arg.value, syntax.Literal) and str(arg.value.value).startswith("--") for arg in call.args)
    if action is None or not long or named is None or any(each.imported != "argparse" for each in named[1]):
        return None
    return replace(action, "action=argparse.BooleanOptionalAction", "offer `--x` and `--no-x`")
