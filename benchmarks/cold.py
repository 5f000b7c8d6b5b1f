"""What a cold ``hplint check`` costs, as a multiple of parsing the same files with LibCST.

    python benchmarks/cold.py                  # the two built-in sets
    python benchmarks/cold.py FOLDER ...       # your own, and all of them together
    python benchmarks/cold.py FOLDER --plant   # a copy of it with a mistake in every file that is parsed

CPU time (user and system) of fresh child processes, taken in turns, medians. The parser is given exactly the texts
that hplint parses, so files that hplint passes over count for hplint's time only, as do those that do not parse (code
of Python 2). Python keeps the bytecode of both programs, as it does for what pip installed: the runs that look at what
is parsed write it, before anything is measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.processes import cpu  # noqa: E402
from hplint.source import is_relevant  # noqa: E402

COPIES = 300
"""Files in each built-in set."""
MISTAKE = b"\n\nplanted_rate = le-5\n"
"""What is added with ``--plant``: the letter l for the digit 1."""
_BYTECODE = tempfile.TemporaryDirectory(prefix="hplint-bytecode-")
BYTECODE = {"PYTHONPYCACHEPREFIX": _BYTECODE.name}
"""Where the measured programs keep theirs: the checkout stays as it is."""

PARSE = """
import sys
from pathlib import Path
import libcst
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        libcst.parse_module(path.read_bytes().decode())
    except libcst.ParserSyntaxError:
        pass
"""

RECORD = """
import json, sys
import hplint.parse
from hplint.cli import main
parsed, texts = hplint.parse.parsed, []
def recorded(source):
    texts.append(source)
    return parsed(source)
hplint.parse.parsed = recorded
try:
    main(sys.argv[2:])
except SystemExit:
    pass
with open(sys.argv[1], "w") as file:
    json.dump(texts, file)
"""

PROFILE = """
import cProfile, pstats, json, sys
from pathlib import Path
from hplint.cli import main
import hplint.rules
profile = cProfile.Profile()
try:
    profile.runcall(main, sys.argv[2:])
except SystemExit:
    pass
folder = str(Path(hplint.rules.__file__).parent)
stats = pstats.Stats(profile).stats
inside = {key for key in stats if key[0].startswith(folder)}
own = sum(stats[key][2] for key in inside)
below = sum(edge[3] for key in inside for caller, edge in stats[key][4].items() if caller not in inside)
total = sum(row[2] for row in stats.values())
with open(sys.argv[1], "w") as file:
    json.dump([own / total, below / total], file)
"""


def options(folder: Path) -> list[str]:
    """The command line of hplint that is measured."""
    return ["check", "--jobs", "1", "--isolated", "--exit-zero", str(folder)]


def told(program: str, folder: Path) -> list[Any]:
    """What one of the programs above writes about a run of hplint on a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "answer.json")
        cpu([sys.executable, "-c", program, str(answer), *options(folder)], **BYTECODE)
        found: list[Any] = json.loads(answer.read_text())
        return found


def measure(title: str, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Print the line of one set, and return the seconds of linting and of parsing, a round each."""
    texts: list[str] = told(RECORD, folder)
    if not texts:
        sys.exit(f"hplint parses no file in {folder}")
    with tempfile.TemporaryDirectory() as scratch:
        for number, text in enumerate(texts):
            Path(scratch, f"{number:06}.py").write_bytes(text.encode())
        linting, parsing = [], []
        for _ in range(rounds):
            linting.append(cpu([sys.executable, "-m", "hplint", *options(folder)], **BYTECODE)[0])
            parsing.append(cpu([sys.executable, "-c", PARSE, scratch], **BYTECODE)[0])
    own, below = told(PROFILE, folder)
    ours, theirs = statistics.median(linting), statistics.median(parsing)
    lines = sum(text.count("\n") for text in texts)
    print(
        f"{title}: {ours / theirs:.2f} = {ours:.2f} s / {theirs:.2f} s (spread {min(linting):.2f}-{max(linting):.2f} / "
        f"{min(parsing):.2f}-{max(parsing):.2f}); {len(texts)} files parsed, {lines} lines; "
        f"rules: {own:.0%} of hplint's time, {below:.0%} with the facts that they are the first to ask for",
        flush=True,
    )
    return linting, parsing


def together(measured: list[tuple[list[float], list[float]]]) -> str:
    """The line that sums several sets up."""
    linting = [sum(seconds) for seconds in zip(*(ours for ours, _ in measured), strict=True)]
    parsing = [sum(seconds) for seconds in zip(*(theirs for _, theirs in measured), strict=True)]
    ours, theirs = statistics.median(linting), statistics.median(parsing)
    return (
        f"all {len(measured)} folders: {ours / theirs:.2f} = {ours:.2f} s / {theirs:.2f} s "
        f"(spread {min(linting):.2f}-{max(linting):.2f} / {min(parsing):.2f}-{max(parsing):.2f})"
    )


@contextmanager
def built_in() -> Iterator[list[tuple[str, Path]]]:
    """Copies of the fixtures, each a little different: those without findings, and those with at least one."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = [path for path in sorted((ROOT / "fixtures").rglob("*.py")) if path.stat().st_size > 1000]
        command = [sys.executable, "-m", "hplint", *options(ROOT / "fixtures"), "--output-format", "json"]
        report = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
        guilty = {(ROOT / finding["path"]).resolve() for finding in report["findings"]}
        sets = []
        for title, chosen in (
            ("without findings", [path for path in sources if path not in guilty]),
            ("with findings in every file", [path for path in sources if path in guilty]),
        ):
            if not chosen:
                sys.exit(f"no fixture for the set {title}")
            folder = Path(scratch, title.replace(" ", "_"))
            folder.mkdir()
            for number in range(COPIES):
                path = chosen[number % len(chosen)]
                text = path.read_text("utf-8") + f"\n\nCOPY_{number} = {number}\n"
                (folder / f"{path.stem}_{number}.py").write_text(text, "utf-8")
            sets.append((title, folder))
        yield sets


@contextmanager
def planted(folder: Path) -> Iterator[Path]:
    """A copy of a folder's Python files in which each file that hplint parses ends with a mistake."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, folder.name)
        for path in sorted(folder.rglob("*.py")):
            if not path.is_file():
                continue
            data = path.read_bytes()
            target = copy / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            if is_relevant(data.decode("utf-8", "replace")):
                data += MISTAKE
            target.write_bytes(data)
        yield copy


def main() -> None:
    """Measure the folders of the command line, or the built-in sets."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, help="what to lint; without any, two sets made of fixtures/")
    parser.add_argument("--plant", action="store_true", help="measure copies of the folders, a mistake in every file")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each of the two programs (default: 5)")
    arguments = parser.parse_args()
    if arguments.plant and not arguments.folders:
        parser.error("--plant needs a folder: the second built-in set has findings in every file")
    measured = []
    for folder in arguments.folders:
        if arguments.plant:
            with planted(folder.resolve()) as copy:
                measured.append(measure(f"{folder}, with a finding in every file", copy, arguments.rounds))
        else:
            measured.append(measure(str(folder), folder.resolve(), arguments.rounds))
    if len(measured) > 1:
        print(together(measured))
    if measured:
        return
    with built_in() as sets:
        for title, folder in sets:
            measure(title, folder, arguments.rounds)


if __name__ == "__main__":
    main()
