"""How many planted mistakes hplint finds, a rule.

    python -m benchmarks.mutations                            # fixtures/ and the packages of ecosystem/, once fetched
    python -m benchmarks.mutations FOLDER ... --only HP152     # your own scripts, one rule
    python -m benchmarks.mutations --missed 5                  # and five missed ones of each rule

Each mistake is planted by itself in a script without errors and warnings: as it stands, and with the statements around
it moved into a helper. It is found when a finding of its rule appears that was not there before.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import pkgutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import mutations
from benchmarks.mutations.outline import moved
from benchmarks.mutations.registry import MUTATORS, UNPLANTED
from benchmarks.mutations.script import Planted, Script, Skipped
from ecosystem import packages
from hplint.engine import lint_text
from hplint.model import Finding, Level
from hplint.registry import registry
from hplint.rule import Runtime
from hplint.source import is_relevant
from hplint.workers import spread

for _topic in sorted(each.name for each in pkgutil.iter_modules(mutations.__path__) if each.name.startswith("of_")):
    importlib.import_module(f"{mutations.__name__}.{_topic}")  # which registers its mutators
ROOT = Path(__file__).resolve().parents[2]
FORMS = ("inline", "in a helper")
_A_FILE = 2
"""Places of one mutator in one file: more would be more of the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mistake can be planted: a script, a mutator and which of its places."""

    path: str
    mutator: int
    number: int

    @property
    def key(self) -> str:
        """Decides the order in which places are taken: by no one's choice, and the same every time."""
        text = "\0".join((Path(self.path).name, str(self.number), MUTATORS[self.mutator].title, self.path[-40:]))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one planted mistake, in one form; ``others`` are codes of findings that it should not bring."""

    place: Place
    form: str
    found: bool
    others: tuple[str, ...]
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file offers: places, and how often each reason kept a mutator from one."""

    places: tuple[Place, ...]
    skipped: tuple[tuple[int, str], ...]


def look(path: str) -> Looked:
    """The places of a file; none when it has errors or warnings of its own, or is no training code."""
    try:
        text = Path(path).read_text("utf-8")
        if "\r" in text or not is_relevant(text):
            return Looked((), ())
        script = Script(text)
        offered = [[*mutator.mutate(script)] for mutator in MUTATORS]
        if not any(offered):
            return Looked((), ())
        if any(finding.level in (Level.ERROR, Level.WARNING) for finding in lint_text(text, path)):
            return Looked((), ())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return Looked((), ())
    places: list[Place] = []
    skipped: list[tuple[int, str]] = []
    for index, found in enumerate(offered):
        for number, each in enumerate(found):
            if isinstance(each, Skipped):
                skipped.append((index, each.reason))
            elif sum(place.mutator == index for place in places) < _A_FILE:
                places.append(Place(path, index, number))
    return Looked(tuple(places), tuple(skipped))


def unplanted() -> dict[str, str]:
    """Rules without a mutator, each with the reason."""
    live = [rule.code for rule in registry().rules if isinstance(rule.subject, Runtime)]
    return dict.fromkeys(live, "told by the running program only") | UNPLANTED


def tell(place: Place) -> list[Told | tuple[int, str]]:
    """Plant the mistake in both forms and lint; a reason where a form cannot be written."""
    text = Path(place.path).read_text("utf-8")
    script = Script(text)
    mutator = MUTATORS[place.mutator]
    planted = [*mutator.mutate(script)][place.number]
    assert isinstance(planted, Planted)
    before = Counter(map(_key, lint_text(text, place.path)))
    told: list[Told | tuple[int, str]] = []
    for form, made in zip(FORMS, (script.edited(planted.edits), moved(script, planted)), strict=True):
        if isinstance(made, Skipped):
            told.append((place.mutator, f"{form}: {made.reason}"))
            continue
        try:
            compile(made, place.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as problem:
            told.append((place.mutator, f"{form}: no Python any more ({problem.args[0]})"))
            continue
        new = Counter(map(_key, lint_text(made, place.path))) - before
        codes = {code for code, _ in new}
        others = codes - {mutator.code} - planted.also
        line = script.tree.body and planted.edits[0].start
        at = text.encode()[: line or 0].count(b"\n") + 1
        told.append(Told(place, form, mutator.code in codes, tuple(sorted(others)), at, made.splitlines()[at - 1]))
    return told


def _key(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.message


def chosen(places: Iterable[Place], count: int) -> list[Place]:
    """At most ``count`` places of each mutator."""
    taken: dict[int, int] = defaultdict(int)
    picked = []
    for place in sorted(places, key=lambda each: each.key):
        if taken[place.mutator] < count:
            taken[place.mutator] += 1
            picked.append(place)
    return picked


def report(told: list[Told], skipped: Counter[tuple[int, str]], missed: int) -> Iterator[str]:
    """A line a rule, the total, what was skipped, and missed places where asked for."""
    codes = sorted({mutator.code for mutator in MUTATORS})
    yield f"{'rule':6} {FORMS[0]:>14} {FORMS[1]:>16}  other findings"
    for code in codes:
        ours = [each for each in told if MUTATORS[each.place.mutator].code == code]
        others = Counter(other for each in ours for other in each.others)
        listed = ", ".join(f"{other} {number}" for other, number in sorted(others.items()))
        yield f"{code:6} {_rate(ours, FORMS[0]):>14} {_rate(ours, FORMS[1]):>16}  {listed}".rstrip()
    for code in codes:
        if not any(MUTATORS[each.place.mutator].code == code for each in told):
            yield f"{code:6} no place: {_most(code, skipped)}"
    yield f"{'all':6} {_rate(told, FORMS[0]):>14} {_rate(told, FORMS[1]):>16}"
    yield from (f"{code:6} not planted: {reason}" for code, reason in sorted(unplanted().items()))
    yield f"\n{sum(each.found for each in told)} of {len(told)} planted mistakes found: {_share(told):.1%}"
    reasons: Counter[str] = Counter()
    for (_, reason), number in skipped.items():
        reasons[reason] += number
    yield "\nplaces passed over:"
    yield from (f"  {number:6} {reason}" for reason, number in reasons.most_common())
    for code in codes if missed else ():
        lost = [each for each in told if MUTATORS[each.place.mutator].code == code and not each.found][:missed]
        for each in lost:
            title = MUTATORS[each.place.mutator].title
            yield f"missed {code} ({title}, {each.form}): {each.place.path}:{each.line}: {each.text.strip()[:100]}"


def _most(code: str, skipped: Counter[tuple[int, str]]) -> str:
    """Why most places of a rule were passed over."""
    reasons: Counter[str] = Counter()
    for (index, reason), number in skipped.items():
        if MUTATORS[index].code == code:
            reasons[reason] += number
    return "; ".join(f"{reason} ({number})" for reason, number in reasons.most_common(3)) or "no code like it"


def _share(told: list[Told]) -> float:
    return sum(each.found for each in told) / len(told) if told else 0.0


def _rate(told: list[Told], form: str) -> str:
    ours = [each for each in told if each.form == form]
    return f"{sum(each.found for each in ours)}/{len(ours)} {_share(ours):4.0%}" if ours else "-"


def scripts(folders: Iterable[Path]) -> list[str]:
    """Python files below some folders that are no tests."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if not any(part in ("tests", "test") for part in path.parts) and not path.name.startswith("test_"):
                found.append(str(path))
    return found


def main() -> None:
    """Plant, count and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "folders", nargs="*", type=Path, help="scripts (default: fixtures/ and the packages of ecosystem/)"
    )
    parser.add_argument("--only", action="append", metavar="CODE", help="the mistakes of this rule alone")
    parser.add_argument("--count", type=int, default=20, help="places of each mutator (default: %(default)s)")
    parser.add_argument("--missed", type=int, default=0, metavar="N", help="list N missed mistakes of each rule")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    arguments = parser.parse_args()
    if arguments.only:
        MUTATORS[:] = [each for each in MUTATORS if each.code in arguments.only]
    if not MUTATORS:
        sys.exit(f"no mutator plants {', '.join(arguments.only)}")
    paths = scripts(arguments.folders or _default())
    looked = list(spread(look, paths, arguments.jobs, lambda path: Looked((), ())))
    places = chosen((place for each in looked for place in each.places), arguments.count)
    print(f"{len(paths)} scripts read, {len(places)} places chosen", file=sys.stderr, flush=True)
    skipped = Counter(reason for each in looked for reason in each.skipped)
    told = []
    for answers in spread(tell, places, arguments.jobs, lambda place: []):
        for answer in answers:
            if isinstance(answer, Told):
                told.append(answer)
            else:
                skipped[answer] += 1
    print("\n".join(report(told, skipped, arguments.missed)))


def _default() -> list[Path]:
    cache = packages.default_cache()
    return [ROOT / "fixtures", *(cache.source(each) for each in packages.load() if cache.has(each))]


if __name__ == "__main__":
    main()
