"""Options of the command line: what argparse, click, typer and absl are told of, and the objects that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.syntax import (
    Arg,
    Attribute,
    BindingKind,
    Call,
    Collection,
    Dict,
    Expr,
    FunctionDef,
    Literal,
    Name,
    Subscript,
)
from hplint.facts.values import OriginKind
from hplint.facts.ways import Holder, Way, Ways, either, one, unknown
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

PARSE_METHODS = ("parse_args", "parse_known_args", "parse_intermixed_args")
_PARSERS = ("add_argument_group", "add_mutually_exclusive_group", "add_subparsers", "add_parser")
"""Methods of a parser that give something of the same parser."""
_COMMANDS = ("click.", "rich_click.", "asyncclick.")


@value_record
class Flag:
    """``parser.add_argument("--lr", type=float, default=1e-3)``: ``option`` is as the user types it."""

    option: str
    dest: str
    default: Expr | None
    type: Expr | None
    action: str | None
    call: Call


def declared(call: Call) -> Flag | None:
    """The option that a call of ``add_argument`` or ``add_option`` describes; None when its name is not written out."""
    if not isinstance(call.func, Attribute):
        return None
    options = [text(arg) for arg in call.args if arg.keyword is None and not arg.star]
    if not options or not all(options):
        return None
    given = {arg.keyword: arg.value for arg in call.args if arg.keyword is not None}
    long = next((option for option in options if option and option.startswith("--")), options[0])
    assert long is not None
    dest = given.get("dest")
    name = (
        dest.value if isinstance(dest, Literal) and isinstance(dest.value, str) else long.lstrip("-").replace("-", "_")
    )
    action = given.get("action")
    action_name = action.value if isinstance(action, Literal) and isinstance(action.value, str) else None
    return Flag(long, name, given.get("default"), given.get("type"), action_name, call)


def text(arg: Arg) -> str | None:
    """The string that an argument is written as."""
    return arg.value.value if isinstance(arg.value, Literal) and isinstance(arg.value.value, str) else None


# --- click, typer, absl


def command_option(function: FunctionDef, parameter: str, owner: Evaluator) -> Ways | None:
    """What a click option gives a parameter of the function that it decorates, None when there is none."""
    for decorator in function.decorators:
        if not isinstance(decorator, Call):
            continue
        name = owner.names.qualified(decorator.func) or ""
        if not name.startswith(_COMMANDS) or not name.endswith((".option", ".argument")):
            continue
        options = [option for arg in decorator.args if arg.keyword is None and (option := text(arg))]
        if parameter not in {_click_name(options), *(o for o in options if not o.startswith("-"))}:
            continue
        label = next((option for option in options if option.startswith("--")), parameter)
        return _default_of(decorator, label, owner)
    return None


def _click_name(options: list[str]) -> str:
    long = [option.split("/")[0] for option in options if option.startswith("--")]
    return (long or [""])[0].lstrip("-").replace("-", "_").lower()


def typer_option(annotation: Expr | None, default: Expr | None, parameter: str, owner: Evaluator) -> Ways | None:
    """What ``lr: float = typer.Option(1e-3)`` or ``lr: Annotated[float, typer.Option()] = 1e-3`` gives."""
    label = "--" + parameter.replace("_", "-")
    if isinstance(default, Call) and _is_typer(default, owner):
        first = next((arg for arg in default.args if arg.keyword in (None, "default") and not arg.star), None)
        if first is None or (isinstance(first.value, Literal) and first.value.value is ...):
            return unknown(f"`{label}` has no default")
        return one(Way(first.value, OriginKind.OPTION, label, owner), why="the command line may set it")
    if not isinstance(annotation, Subscript) or not isinstance(annotation.index, Collection) or default is None:
        return None
    if any(isinstance(part, Call) and _is_typer(part, owner) for part in annotation.index.elements):
        return one(Way(default, OriginKind.OPTION, label, owner), why="the command line may set it")
    return None


def _is_typer(call: Call, owner: Evaluator) -> bool:
    return owner.names.qualified(call.func) in ("typer.Option", "typer.Argument")


def _default_of(call: Call, label: str, owner: Evaluator) -> Ways:
    given = {arg.keyword: arg.value for arg in call.args if arg.keyword is not None}
    default = given.get("default")
    if default is None and "is_flag" in given and "required" not in given:
        default = owner.stand_ins.setdefault(id(call), Literal(call.start, call.end, False))
    if default is None:
        return unknown(f"`{label}` has no default")
    return one(Way(default, OriginKind.OPTION, label, owner), why="the command line may set it")


@value_record
class AbslFlags:
    """``FLAGS`` of absl: ``flags.DEFINE_float("lr", 1e-3, "help")`` defines ``FLAGS.lr``."""

    home: Evaluator
    frame: int = 0

    def entry(self, name: str) -> Ways:
        found = [call for call in _definitions(self.home) if call.args and text(call.args[0]) == name]
        if len(found) != 1:
            return unknown(f"no single `DEFINE_…` of `{name}` was found")
        return defined(found[0], self.home)

    def may_be(self, other: Holder) -> bool:
        return isinstance(other, AbslFlags)


def _definitions(owner: Evaluator) -> list[Call]:
    kinds = ("float", "integer", "bool", "boolean", "string", "enum", "list", "multi_integer", "multi_float")
    return [call for kind in kinds for call in owner.holders.calls_of(f"DEFINE_{kind}")]


def defined(call: Call, owner: Evaluator) -> Ways:
    """The default that ``flags.DEFINE_float(name, default, help)`` writes."""
    given = [arg for arg in call.args if arg.keyword == "default"]
    plain = [arg for arg in call.args if arg.keyword is None and not arg.star]
    default = given[0] if given else plain[1] if len(plain) > 1 else None
    name = text(call.args[0]) if call.args else None
    if default is None or name is None:
        return unknown("the flag has no default")
    return one(Way(default.value, OriginKind.OPTION, f"--{name}", owner), why="the command line may set it")


# --- argparse


@value_record
class Parser:
    """Where an ``ArgumentParser`` is made, and the evaluator of that file."""

    call: Call
    home: Evaluator


def parser_of(expr: Expr, owner: Evaluator) -> Parser | None:
    """The parser that an expression stands for, also through its groups; None when that is not known."""
    found = owner.once(owner.parsers, id(expr), lambda: _parsers(expr, owner), ())
    return found[0] if len(found) == 1 else None


def _parsers(expr: Expr, owner: Evaluator) -> tuple[Parser, ...]:
    if isinstance(expr, Call):
        if isinstance(expr.func, Attribute) and expr.func.attr in _PARSERS:
            above = parser_of(expr.func.value, owner)
            return () if above is None else (above,)
        if (owner.names.qualified(expr.func) or "").endswith(("ArgumentParser", "OptionParser")):
            return (Parser(expr, owner),)
    if not isinstance(expr, Name | Attribute | Call):
        return ()
    every = [parser_of(way.expr, way.owner) for way in owner.ways(expr).every]
    return tuple({id(each.call): each for each in every if each is not None}.values())


@value_record
class Namespace:
    """What ``parse_args()`` returns. ``parser`` None: any parser of the file."""

    home: Evaluator
    frame: int
    parser: Parser | None

    def entry(self, name: str) -> Ways:
        """The default of an option, as ``set_defaults`` may have changed it."""
        homes = {id(home): home for home in (self.home, *(() if self.parser is None else (self.parser.home,)))}
        flags = [(flag, home) for home in homes.values() for flag in home.holders.options(name)]
        if len(flags) > 1 and self.parser is not None:
            flags = [(flag, home) for flag, home in flags if self._is_mine(flag.call, home)]
        if _declared_twice(flags):
            return unknown(f"`--{name}` is declared more than once")
        found = either(option_default(flag, home) for flag, home in flags)
        for home in homes.values():
            found = self._after_set_defaults(name, found, home)
        if not found.every:
            return unknown(found.why or f"no option `--{name}` was found in {'/'.join(h.path for h in homes.values())}")
        return Ways(found.every, False, found.why or "the command line may set it")

    def may_be(self, other: Holder) -> bool:
        if not isinstance(other, Namespace):
            return False
        return self.parser is None or other.parser is None or self.parser.call is other.parser.call

    def _is_mine(self, call: Call, home: Evaluator) -> bool:
        assert self.parser is not None
        assert isinstance(call.func, Attribute)
        owner = parser_of(call.func.value, home)
        shares = any(arg.keyword == "parents" for arg in self.parser.call.args)
        return owner is None or owner.call is self.parser.call or shares

    def _after_set_defaults(self, name: str, found: Ways, home: Evaluator) -> Ways:
        for call in home.holders.method_calls("set_defaults"):
            if self.parser is not None and not self._is_mine(call, home):
                continue
            given = [arg for arg in call.args if arg.keyword == name]
            certain = _is_root(call) and not home.holders.around(call, home.holders.frame(call.scope))
            if given:
                way = one(Way(given[0].value, OriginKind.ARGPARSE, f"set_defaults({name}=…)", home))
                found = way if certain else either((found, way))
            elif any(arg.star for arg in call.args):
                why = "`set_defaults` may change it"
                found = unknown(why) if certain else Ways(found.every, False, why)
        return found


def _is_root(call: Call) -> bool:
    """Whether a method is called on a parser that has no parser above it, by the look of its name."""
    assert isinstance(call.func, Attribute)
    base = call.func.value
    return isinstance(base, Name | Attribute) and "sub" not in (base.id if isinstance(base, Name) else base.attr)


def _declared_twice(flags: list[tuple[Flag, Evaluator]]) -> bool:
    """Whether one name gets the same option twice: argparse refuses that, so the code is not what it seems."""
    seen = set()
    for flag, home in flags:
        assert isinstance(flag.call.func, Attribute)
        base = flag.call.func.value
        key = (id(home), base.id, base.scope, flag.option) if isinstance(base, Name) else (id(flag),)
        if key in seen:
            return True
        seen.add(key)
    return False


def option_default(flag: Flag, home: Evaluator) -> Ways:
    """The default that an option writes."""
    default = flag.default
    if default is None and flag.action in ("store_true", "store_false"):
        written = Literal(flag.call.start, flag.call.end, flag.action == "store_false")
        default = home.stand_ins.setdefault(id(flag.call), written)
    if default is None:
        return unknown(f"`{flag.option}` has no default")
    convert = "" if flag.type is None else home.names.qualified(flag.type) or "?"
    way = Way(default, OriginKind.ARGPARSE, flag.option, home, convert=convert)
    return one(way, why="the command line may set it")


def gives_options(call: Call) -> bool:
    """Whether a call of ``parse_args`` is given a list that is written out: options are set in the code then."""
    return any(isinstance(arg.value, Collection | Dict) and _elements(arg.value) for arg in call.args)


def _elements(expr: Expr) -> bool:
    return bool(expr.elements) if isinstance(expr, Collection) else True


def one_parser(owner: Evaluator) -> bool:
    """Whether all options of a file belong to one namespace, so that a bare ``args`` can only be that."""
    holders = owner.holders
    parses = [call for method in PARSE_METHODS for call in holders.method_calls(method)]
    return bool(holders.flags) and len(parses) <= 1 and not holders.method_calls("add_subparsers")


def is_bare(name: Name, owner: Evaluator) -> bool:
    """Whether a name is a parameter without default and annotation: ``def train(args)``."""
    bindings = owner.names.reaching(name)
    if len(bindings) != 1 or bindings[0].kind is not BindingKind.PARAMETER:
        return False
    parameter = bindings[0].parameter
    return parameter is not None and parameter.default is None and parameter.annotation is None
