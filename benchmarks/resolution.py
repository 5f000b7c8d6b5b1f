"""How often hplint knows what a hyperparameter is: the values it finds where real code gives them.

    python -m benchmarks.resolution                         # the packages of ecosystem/, once they are fetched
    python -m benchmarks.resolution FOLDER ... --unknown 20  # your own code, and 20 places where no value was found

Tests are left out: what they construct is no training.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

from ecosystem import packages
from hplint.facts import syntax
from hplint.facts.calls import Argument, BoundCall, Presence
from hplint.facts.file import File
from hplint.facts.lifetimes import OPTIMIZERS
from hplint.facts.reasons import why
from hplint.facts.tree import argument
from hplint.facts.values import Origin, Value
from hplint.facts.walk import read_code
from hplint.parse import SyntaxProblem, TooComplex, undisturbed
from hplint.project import Project
from hplint.source import Source, Unreadable, is_relevant, read
from hplint.workers import spread

GIVEN: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (name, re.compile(pattern), parameter)
    for name, pattern, parameter in (
        ("lr", rf"{re.escape(OPTIMIZERS)}[A-Z]\w*", "lr"),
        ("weight_decay", rf"{re.escape(OPTIMIZERS)}[A-Z]\w*", "weight_decay"),
        ("momentum", rf"{re.escape(OPTIMIZERS)}(SGD|RMSprop)", "momentum"),
        ("batch_size", r"torch\.utils\.data\.DataLoader", "batch_size"),
        ("dropout p", r"torch\.nn\.(\w*Dropout\w*|functional\.\w*dropout\w*)", "p"),
        ("max_norm", r"torch\.nn\.utils\.clip_grad_norm_?", "max_norm"),
    )
)
"""Name in the report, the callables, the parameter."""
NAMES = (*(name for name, _, _ in GIVEN), "epochs")
TARGETS = {"lr": 0.88, "batch_size": 0.85, "dropout p": 0.75, "epochs": 0.80}

_EPOCH = re.compile(r"epoch", re.IGNORECASE)
_COUNTERS = frozenset({"range", "trange"})
_WRAPPERS = frozenset({"tqdm", "enumerate", "track", "progress_bar", "master_bar", "iter", "list"})
_TESTS = frozenset({"test", "tests", "testing"})
_TORCH = re.compile(r"torch\w*|(pytorch_)?lightning")
_SKIPPED = frozenset({".git", "__pycache__", "node_modules", "venv", ".venv", "build"})


class State(Enum):
    """What hplint knows of a value."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a hyperparameter is given, or left out. ``shown``: what it may be, or why that is not known."""

    name: str
    state: State
    path: str
    line: int
    text: str
    shown: str = ""
    origin: str = ""
    closed: bool = False
    key: str = ""


class _Sites:
    """The sites of one file."""

    def __init__(self, source: Source, file: File, shown_path: str) -> None:
        self._source = source
        self._file = file
        self._path = shown_path

    def all(self) -> Iterator[Site]:
        for call in self._file.calls:
            if call.inherited:
                continue  # A subclass hands on what it is given: where it is constructed counts.
            for name, pattern, parameter in GIVEN:
                if pattern.fullmatch(call.name) and _takes(call, parameter) and _is_of_this_call(call, parameter):
                    yield self._of_argument(name, call, call.argument(parameter))
        for loop in self._file.all(syntax.For) if _uses_torch(self._file) else ():
            end = _last_epoch(loop)
            if end is not None:
                yield self._of_value("epochs", loop, end, self._file.value(end))

    def _of_argument(self, name: str, call: BoundCall, given: Argument) -> Site:
        if given.presence is Presence.ABSENT:
            return self._site(name, State.ABSENT, call.node, call.node)
        if name == "batch_size" and call.argument("batch_sampler").presence is Presence.PRESENT:
            return self._site(name, State.ABSENT, call.node, call.node)  # It makes the batches.
        if given.node is None:
            return self._site(name, State.UNKNOWN, call.node, call.node, shown=self._why_not(call, given.parameter))
        return self._of_value(name, call.node, given.node.value, given.value)

    def _why_not(self, call: BoundCall, parameter: str) -> str:
        written = next((arg for arg in call.node.args if arg.keyword == parameter), None)
        return "`*` or `**` may bring it" if written is None else self._reasons(written.value)

    def _reasons(self, expr: syntax.Expr) -> str:
        return "; then ".join(step.text for step in why(self._file.evaluator, expr))

    def _of_value(self, name: str, at: syntax.Node, expr: syntax.Expr, value: Value) -> Site:
        found = [each for each in value.possible if each.constant is not None]
        if not found and value.closed and value.possible:
            return self._site(name, State.ABSENT, at, expr)  # None, for certain: no such thing is set.
        if not found:
            return self._site(name, State.UNKNOWN, at, expr, shown=self._reasons(expr))
        origin = found[0].origin
        return self._site(
            name,
            State.FOUND,
            at,
            expr,
            shown=" | ".join(f"{each.constant!r} ({_described(each.origin)})" for each in found),
            origin=origin.kind.value + (", other file" if origin.path else ""),
            closed=value.closed,
        )

    def _site(
        self,
        name: str,
        state: State,
        at: syntax.Node,
        expr: syntax.Node,
        *,
        shown: str = "",
        origin: str = "",
        closed: bool = False,
    ) -> Site:
        text = " ".join(self._file.source(expr).split())
        line = self._source.position(at.start).line
        key = hashlib.sha256("\0".join((name, self._path, str(line), text)).encode("utf-8", "replace")).hexdigest()
        return Site(name, state, self._path, line, text, shown, origin, closed, key)


def _described(origin: Origin) -> str:
    place = f" in {Path(origin.path).name}" if origin.path else ""
    return f"{origin.kind.value} {origin.label}".rstrip() + place


def _takes(call: BoundCall, parameter: str) -> bool:
    """Whether the callable has the parameter, so far as it is known."""
    return call.signature is None or any(each.name == parameter for each in call.signature.parameters)


def _is_of_this_call(call: BoundCall, parameter: str) -> bool:
    """Not so for a call of the project's own function that says nothing of the parameter: the call in there counts."""
    if call.via is None or call.argument(parameter).presence is not Presence.UNKNOWN:
        return True
    return any(arg.keyword == parameter for arg in call.node.args)


def _uses_torch(file: File) -> bool:
    """Not so for a file that is written for another library: its loops train nothing that hplint knows."""
    return any(_TORCH.fullmatch(top) for top in _imported(file))


def _imported(file: File) -> Iterator[str]:
    """The first parts of the names of what a file imports."""
    for statement in file.every(syntax.Import):
        modules = (statement.module,) if statement.module is not None else (name for name, _ in statement.names)
        yield from (module.partition(".")[0] for module in modules)


def _last_epoch(loop: syntax.For) -> syntax.Expr | None:
    """Where a loop over epochs ends: the end of its range, through progress bars."""
    if not any(_EPOCH.search(name) for name in _names(loop.target)):
        return None
    counted = loop.iter
    while isinstance(counted, syntax.Call):
        called = _last_word(counted.func)
        if called in _COUNTERS:
            bounds = [each.value for each in counted.args if each.keyword is None and not each.star]
            return bounds[1] if len(bounds) > 1 else bounds[0] if bounds else None
        if called not in _WRAPPERS:
            return None
        inner = argument(counted, 0, "iterable")
        if inner is None:
            return None
        counted = inner.value
    return None


def _names(target: syntax.Expr) -> Iterator[str]:
    if isinstance(target, syntax.Name):
        yield target.id
    elif isinstance(target, syntax.Collection):
        for element in target.elements:
            yield from _names(element)


def _last_word(expr: syntax.Expr) -> str:
    if isinstance(expr, syntax.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, syntax.Name) else ""


# --- files


@lru_cache(maxsize=1)
def _project(top: str) -> Project:
    return Project(among=files_below(Path(top)))


def sites_of(item: tuple[str, str]) -> list[Site]:
    """The sites of a file: its path, and the folder that it was found in."""
    path, top = item
    try:
        source = read(path)
        if not is_relevant(source.text):
            return []
        project = _project(top)
        project.begin()
        with undisturbed():
            file = File(source.path, source.text, read_code(source.text), project)
            found = list(_Sites(source, file, Path(path).relative_to(Path(top).parent).as_posix()).all())
            file.let_go()
        return found
    except (Unreadable, SyntaxProblem, TooComplex, RecursionError):
        return []


def files_below(folder: Path) -> Iterator[str]:
    """Python files that are no tests, sorted."""
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED | _TESTS)
        for name in sorted(names):
            if name.endswith(".py") and not name.startswith("test_") and not name.endswith("_test.py"):
                yield os.path.join(top, name)


def all_sites(folders: Iterable[Path], jobs: int) -> list[Site]:
    """The sites of all files below some folders, in the order of their places."""
    items = [(path, str(folder)) for folder in folders for path in files_below(folder)]
    found = map(sites_of, items) if jobs < 2 else spread(sites_of, items, jobs, lambda item: [])
    return sorted((site for sites in found for site in sites), key=lambda site: (site.name, site.path, site.line))


# --- the report


def table(sites: list[Site]) -> str:
    """A line a hyperparameter."""
    lines = [f"{'':13} {'found':>6} {'closed':>6} {'absent':>6} {'unknown':>7} {'rate':>7}  target"]
    for name in NAMES:
        ours = [site for site in sites if site.name == name]
        count = Counter(site.state for site in ours)
        found, unknown = count[State.FOUND], count[State.UNKNOWN]
        rate = f"{found / (found + unknown):7.1%}" if found + unknown else f"{'-':>7}"
        closed = sum(site.closed for site in ours)
        target = f"{TARGETS[name]:.0%}" if name in TARGETS else ""
        lines.append(f"{name:13} {found:6} {closed:6} {count[State.ABSENT]:6} {unknown:7} {rate}  {target}".rstrip())
        origins = Counter(site.origin for site in ours if site.state is State.FOUND)
        if origins:
            listed = sorted(origins.items(), key=lambda item: (-item[1], item[0]))
            lines.append("              " + ", ".join(f"{origin} {number}" for origin, number in listed))
    return "\n".join(lines)


def listing(sites: Iterable[Site], state: State, count: int) -> str:
    """At most ``count`` sites of each hyperparameter, in an order that new code does not change."""
    lines = []
    for name in NAMES:
        chosen = sorted((site for site in sites if site.name == name and site.state is state), key=lambda s: s.key)
        lines += [f"{name}: {site.path}:{site.line}: {_shown(site)}" for site in chosen[:count]]
    return "\n".join(lines)


def _shown(site: Site) -> str:
    text = site.text if len(site.text) <= 100 else site.text[:97] + "..."
    if site.state is State.FOUND:
        return f"{text} = {site.shown}{'' if site.closed else ', or another'}"
    return f"{text}: {site.shown}"


def main() -> None:
    """Count, and list what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, help="what to read (default: the packages of ecosystem/)")
    parser.add_argument("--only", choices=NAMES, help="this hyperparameter alone")
    parser.add_argument("--unknown", type=int, default=0, metavar="N", help="list N places whose value is unknown")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="list N places whose value was found")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    arguments = parser.parse_args()
    folders = [folder.resolve() for folder in arguments.folders] or _fetched()
    sites = [s for s in all_sites(folders, arguments.jobs) if arguments.only in (None, s.name)]
    print(table(sites))
    for state, count in ((State.UNKNOWN, arguments.unknown), (State.FOUND, arguments.sample)):
        if count:
            print(f"\n{state.value}:\n{listing(sites, state, count)}")


def _fetched() -> list[Path]:
    """The packages of ecosystem/."""
    cache, pinned = packages.default_cache(), packages.load()
    try:
        cache.need(pinned)
    except packages.Problem as problem:
        sys.exit(str(problem))
    return [cache.source(package) for package in pinned]


if __name__ == "__main__":
    main()
