"""``python -m ecosystem``: the commands."""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ecosystem import check, evidence, packages, sample, trees, verdicts
from ecosystem.fetch import fetch
from ecosystem.linting import Finding, Linter, Sources
from ecosystem.packages import Cache, Package, Problem
from ecosystem.trees import Tree

WRONG = 2


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (Problem, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecosystem", description="hplint over published packages.")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where packages are kept (default: your cache)")
    parser.add_argument("--list", type=Path, default=packages.LIST, metavar="FILE", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help)
        made.set_defaults(command=run)
        return made

    def lints(made: argparse.ArgumentParser) -> None:
        made.add_argument("--jobs", type=int, help="processes for hplint (default: one a core)")
        made.add_argument("--fresh", action="store_true", help="lint anew what was linted before")

    made = command("fetch", _fetch, "Download the packages and unpack them.")
    made.add_argument("names", nargs="*", metavar="NAME")

    made = command("check", _check, "Lint the packages; with --base, show what differs from another revision.")
    made.add_argument("names", nargs="*", metavar="NAME", help="these packages only")
    made.add_argument("--base", metavar="REV", help="compare with this revision of hplint")
    made.add_argument("--output", type=Path, metavar="FILE", help="write the page there")
    lints(made)

    made = command("sample", _sample, "Show findings for a reader to judge.")
    made.add_argument("rules", nargs="*", metavar="RULE", help="names or codes; all rules without any")
    made.add_argument("--count", type=int, default=20, help="at most so many of each rule (default: 20)")
    made.add_argument("--reader", choices=verdicts.READERS, help="leave out what this reader has judged")
    made.add_argument("--output", type=Path, metavar="FILE", help="write the file that this reader completes")
    lints(made)

    made = command("verdicts", _verdicts, "Show the precision of rules, and write hplint/evidence.toml.")
    made.add_argument("--add", type=Path, action="append", default=[], metavar="FILE", help="a reader's file to merge")
    lints(made)
    return parser


def _fetch(options: argparse.Namespace) -> int:
    cache = _cache(options)
    chosen = packages.chosen(packages.load(options.list), options.names)
    brought = fetch(chosen, cache)
    print(f"{brought} fetched, {len(chosen) - brought} were there: {cache.packages}")
    return 0


def _check(options: argparse.Namespace) -> int:
    chosen = packages.chosen(packages.load(options.list), options.names)
    linter = _linter(options)
    linter.cache.need(chosen)
    with _trees(options.base) as copies:
        runs = tuple(list(linter.lint(tree, chosen)) for tree in copies)
        text = check.page(tuple(tree.title for tree in copies), runs)
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, "utf-8")
    return 0


def _sample(options: argparse.Namespace) -> int:
    if options.output is not None and options.reader is None:
        raise Problem("--output needs --reader: the file is for one of them")
    findings, sources = _findings(options)
    if options.rules:
        known = {name for finding in findings for name in (finding.rule, finding.code)}
        unknown = sorted(set(options.rules) - known)
        if unknown:
            raise Problem(f"nothing is found by {', '.join(unknown)}")
        findings = [finding for finding in findings if {finding.rule, finding.code} & set(options.rules)]
    drawn = sample.drawn(findings, sources, options.count)
    if options.reader is not None:
        matched = verdicts.match(verdicts.load(), findings, sources)
        judged = {finding for verdict, finding in matched.pairs if verdict.of(options.reader) is not None}
        drawn = [finding for finding in drawn if finding not in judged]
    print(sample.shown(drawn, sources))
    if options.output is not None:
        entries = sample.to_fill(drawn, sources, sources.packages)
        options.output.write_text(verdicts.readers_file(options.reader, entries), "utf-8")
    return 0


def _verdicts(options: argparse.Namespace) -> int:
    known = verdicts.load()
    today = datetime.date.today().isoformat()
    for path in options.add:
        known, brought = verdicts.merged(known, path.read_text("utf-8"), today)
        print(f"{path}: {brought} verdicts", file=sys.stderr)
    if options.add:
        verdicts.VERDICTS.write_text(verdicts.dump(known), "utf-8")
    evidence.EVIDENCE.write_text(evidence.evidence(known), "utf-8")
    print(evidence.table(known))
    findings, sources = _findings(options)
    matched = verdicts.match(known, findings, sources)
    half = [verdict for verdict in known if not verdict.is_read]
    _list("judged by one reader only", [verdict.place for verdict in half])
    _list("on no finding of today", [verdict.place for verdict in matched.stale])
    unread: dict[str, int] = {}
    for finding in matched.unread:
        unread[finding.rule] = unread.get(finding.rule, 0) + 1
    _list("without a verdict", [f"{rule}: {number}" for rule, number in sorted(unread.items())])
    return 0


def _list(title: str, lines: list[str]) -> None:
    if lines:
        print(f"\n{title}:", *lines, sep="\n  ")


def _findings(options: argparse.Namespace) -> tuple[list[Finding], Sources]:
    """What the working tree finds in all packages."""
    chosen: list[Package] = packages.load(options.list)
    linter = _linter(options)
    linter.cache.need(chosen)
    with _trees(None) as [tree]:
        findings = [finding for result in linter.lint(tree, chosen) for finding in result.findings]
    return findings, Sources(linter.cache, {package.name: package for package in chosen})


@contextmanager
def _trees(base: str | None) -> Iterator[tuple[Tree, ...]]:
    """The copies of hplint to run, the working tree last."""
    with tempfile.TemporaryDirectory(prefix="hplint-") as scratch:
        here = trees.working_tree(Path(scratch, "here"))
        yield (here,) if base is None else (trees.revision(base, Path(scratch, "base")), here)


def _cache(options: argparse.Namespace) -> Cache:
    return Cache(options.cache.resolve()) if options.cache else packages.default_cache()


def _linter(options: argparse.Namespace) -> Linter:
    return Linter(_cache(options), options.jobs, options.fresh)


if __name__ == "__main__":
    sys.exit(main())
