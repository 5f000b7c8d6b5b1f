"""A command line option is converted to another type than its default has.

- `type=int` with the default 0.5: argparse refuses `--lr 0.1` ("invalid int value"), so the default is the only
  fraction that the option can have.
- `type=list`: the text is split into letters, `--layers 64` gives `["6", "4"]`. `type=dict` refuses any
  text ("invalid dict value").
- no `type` and a number as default: with the option the value is a string, and counting with it raises TypeError or,
  for `*`, repeats the string. Without the option all is well, so tests do not find it.

```python bad
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=int, default=0.001)  # HP144
parser.add_argument("--layers", type=list, default=[64, 32])  # HP144
```

```python good
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.001)
parser.add_argument("--layers", type=int, nargs="+", default=[64, 32])
```

```python bad
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", default=90)  # HP144
args = parser.parse_args()
for epoch in range(args.epochs):
    train(epoch)
```

## Looks like it, is not

argparse converts a default that is a string, and a value may be converted where it is used.

```python good
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default="1e-3")
parser.add_argument("--epochs", default=90)
parser.add_argument("--steps", type=int, default=1e6)
args = parser.parse_args()
for epoch in range(int(args.epochs)):
    train(epoch)
```

## References

- [argparse: type](https://docs.python.org/3/library/argparse.html#type)
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    Safety,
    argument,
    as_number,
    hyperparameter_of,
    own_parser,
    replace,
    rule,
    syntax,
)

SPLITS = {f"builtins.{name}": f"`type={name}` splits the text into letters" for name in ("list", "tuple", "set")}
SPLITS["builtins.dict"] = "`type=dict` refuses any text"


@rule(
    "HP144",
    "argparse-type-mismatch",
    level=Level.ERROR,
    topic="configuration",
    library="argparse",
    since="0.1",
    subject=Files("add_argument"),
)
def argparse_type_mismatch(file: File) -> Iterator[Draft]:
    if not own_parser(file):
        return
    for flag in file.flags:
        kind = None if flag.type is None else file.qualified(flag.type)
        default = None if flag.default is None else file.value(flag.default).single
        number = None if default is None else as_number(default.constant)
        if flag.type is not None and kind in SPLITS:
            yield Draft(flag.type, f"`{flag.option}`: {SPLITS[kind]}")
        elif flag.type is not None and kind == "builtins.int" and number is not None and not number.is_integer():
            message = (
                f"`{flag.option}` is {default_text(file, flag.default)} by default, and `int` refuses every fraction"
            )
            yield Draft(flag.type, message, fix=replace(flag.type, "float", "write `type=float`", Safety.SAFE))
        elif flag.type is None and flag.default is not None and number is not None and flag.action in (None, "store"):
            if argument(flag.call, 99, "action") or argument(flag.call, 99, "type"):
                continue
            if counted_with(file, flag.dest):
                message = (
                    f"`{flag.option}` has no type: on the command line it gives a string, and the file counts with it"
                )
                yield Draft(flag.call, message, fix=typed(flag.default, number), level=Level.WARNING)


def default_text(file: File, default: syntax.Expr | None) -> str:
    return "" if default is None else file.source(default)


def typed(default: syntax.Expr, number: float) -> DraftFix | None:
    """The type of a default that is written as a number."""
    if not isinstance(default, syntax.Literal):
        return None
    kind = "int" if isinstance(default.value, int) else "float"
    end = syntax.Node(default.end, default.end)
    return replace(end, f", type={kind}", f"write `type={kind}`")


def counted_with(file: File, dest: str) -> bool:
    """Whether `args.dest` is used as a number somewhere, and converted nowhere."""
    number = False
    for call in file.all(syntax.Call):
        for arg in call.args:
            if reads(arg.value, dest):
                converter = call.func.id if isinstance(call.func, syntax.Name) else ""
                if converter in ("int", "float", "str", "eval", "bool"):
                    return False
                shown = converter in ("print", "format", "repr", "hasattr")
                number = number or converter == "range" or is_numeric(arg.keyword or ("" if shown else dest))
    operands = [side for each in file.all(syntax.Binary) if each.op in "*+-//**" for side in (each.left, each.right)]
    ordered = [each for each in file.all(syntax.Compare) if {"<", ">", "<=", ">="} & set(each.ops)]
    operands += [side for each in ordered for side in (each.left, *each.comparators)]
    return number or any(reads(side, dest) for side in operands)


def reads(expr: syntax.Expr, dest: str) -> bool:
    """Whether an expression is `args.dest`, whatever the namespace is called."""
    return isinstance(expr, syntax.Attribute) and expr.attr == dest


def is_numeric(name: str) -> bool:
    return hyperparameter_of(name) in ("learning-rate", "momentum", "weight-decay", "batch-size", "dropout", "epochs")
