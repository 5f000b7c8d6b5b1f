"""Runs a copy of hplint over packages, and keeps what it finds."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ecosystem.packages import Cache, Package, Problem
from ecosystem.trees import Tree
from hplint.source import read

LEVELS = ("error", "warning", "advice", "pedantic")
INTERNAL_ERROR = "HP000"


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """A finding in a package; ``path`` is relative to the package's folder, ``line`` counts from its ``cell`` on."""

    package: str
    path: str
    line: int
    column: int
    code: str
    rule: str
    level: str
    message: str
    cell: int = 0
    """Of a notebook, from 1; 0 for what is in no cell."""

    @property
    def place(self) -> str:
        return f"{self.package}: {self.path}:{f'cell {self.cell}:' if self.cell else ''}{self.line}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a copy of hplint finds in a package, and the time it took (the first time, when it is kept)."""

    package: str
    files: int
    seconds: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Linter:
    """Runs copies of hplint. ``fresh``: without looking at what is kept."""

    cache: Cache
    jobs: int | None = None
    fresh: bool = False

    def lint(self, tree: Tree, packages: list[Package]) -> Iterator[Result]:
        """The results, a package after the other.

        Raises:
            Problem: hplint gave no report.
        """
        self.cache.need(packages)
        for number, package in enumerate(packages, 1):
            kept = self.cache.findings / tree.key / f"{package.folder}-{package.sha256[:10]}.json"
            result = None if self.fresh else _read(kept)
            if result is None:
                print(f"[{number}/{len(packages)}] {tree.title}: {package.name}", file=sys.stderr, flush=True)
                result = self._run(tree, package)
                _write(kept, result)
            yield result

    def _run(self, tree: Tree, package: Package) -> Result:
        command = [sys.executable, "-m", "hplint", "check", "--isolated", "--select", "ALL", "--exit-zero"]
        if self.jobs is not None:
            command += ["--jobs", str(self.jobs)]
        with tempfile.TemporaryDirectory() as scratch:
            answer = Path(scratch, "report.json")
            command += ["--output-format", "json", "--output-file", str(answer), package.folder]
            start = time.perf_counter()
            done = subprocess.run(
                command, cwd=self.cache.packages, env=tree.environment, capture_output=True, text=True
            )
            seconds = time.perf_counter() - start
            try:
                report: dict[str, Any] = json.loads(answer.read_text("utf-8"))
            except (OSError, ValueError) as problem:
                failed = f"{tree.title}: no report on {package.name} (exit code {done.returncode})"
                raise Problem(f"{failed}:\n{done.stderr.strip()[-4000:]}") from problem
        findings = tuple(sorted(_finding(package, found) for found in report["findings"]))
        return Result(package.name, report["summary"]["files"], round(seconds, 2), findings)


def _finding(package: Package, found: dict[str, Any]) -> Finding:
    start = found["start"] or {"line": 1, "column": 1}
    return Finding(
        package.name,
        found["path"].removeprefix(f"{package.folder}/"),
        start["line"],
        start["column"],
        found["code"],
        found["name"],
        found["level"],
        found["message"],
        found["cell"] or 0,
    )


def _read(path: Path) -> Result | None:
    try:
        kept = json.loads(path.read_text("utf-8"))
        findings = tuple(Finding(**found) for found in kept.pop("findings"))
        return Result(**kept, findings=findings)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(path: Path, result: Result) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result)), "utf-8")


# --- the lines that findings point to


@dataclass(frozen=True)
class Sources:
    """The lines of unpacked packages."""

    cache: Cache
    packages: dict[str, Package]

    def lines(self, finding: Finding) -> tuple[str, ...]:
        """All lines of the file, or of the cell of a notebook, that a finding is in."""
        return _lines(self.cache.source(self.packages[finding.package]) / finding.path, finding.cell)

    def line(self, finding: Finding) -> str:
        """The line that a finding starts on, without the space around it."""
        lines = self.lines(finding)
        return lines[finding.line - 1].strip() if finding.line <= len(lines) else ""


@cache
def _lines(path: Path, cell: int) -> tuple[str, ...]:
    if cell:
        return tuple(read(str(path)).shown_lines(cell))
    text = path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
    # As hplint counts lines: a form feed ends none.
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
