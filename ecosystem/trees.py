"""Copies of hplint that can be run: the working tree as it is now, and a revision of it."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from ecosystem.packages import ROOT, Problem

PARTS = ("hplint", "rules")
"""The folders of the checkout that hplint is made of; ``rules`` is its package ``hplint.rules``."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A copy of hplint: ``title`` for reports, ``folder`` to import it from, ``key`` the same for the same files."""

    title: str
    folder: Path
    key: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Python imports this hplint and no other."""
        # Bytecode is kept, as it is for what is installed: only the first package waits for it.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "PYTHONPATH": str(self.folder)}


def working_tree(folder: Path, root: Path = ROOT) -> Tree:
    """The files that git knows or would add, as they are now."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS)
    for name in filter(None, listed.decode().split("\0")):
        source = root / name
        if source.is_file():  # Git still lists what was deleted a moment ago.
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return _finish("working tree", folder)


def revision(name: str, folder: Path, root: Path = ROOT) -> Tree:
    """A commit, by any name that git has for it."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").decode().strip()
    archive = _git(root, "archive", "--format=tar", commit, "--", *PARTS)
    with tarfile.open(fileobj=io.BytesIO(archive)) as held:
        for member in held:
            # The project's own archive; all the same, only plain files are taken out of it.
            content = held.extractfile(member) if member.isfile() else None
            if content is not None:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    return _finish(f"{name} ({commit[:10]})", folder)


def _finish(title: str, folder: Path) -> Tree:
    """Put the rules where an installed hplint has them, and make sure that Python finds this copy."""
    if not (folder / "rules").is_dir() or not (folder / "hplint").is_dir():
        raise Problem(f"{title}: there is no hplint in it")
    (folder / "rules").rename(folder / "hplint" / "rules")
    tree = Tree(title, folder, _key(folder))
    program = "import hplint, hplint.rules; print(hplint.__file__); print(hplint.rules.__file__)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=tree.environment, capture_output=True, text=True)
    inside = [Path(line).resolve().is_relative_to(folder.resolve()) for line in done.stdout.splitlines()]
    if done.returncode or inside != [True, True]:
        raise Problem(f"{title}: cannot be imported from a copy: {done.stderr.strip() or done.stdout.strip()}")
    return tree


def _key(folder: Path) -> str:
    found = hashlib.sha256(sys.version.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            data = path.read_bytes()
            found.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode())
            found.update(data)
    return found.hexdigest()[:20]


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise Problem(f"git {' '.join(arguments)}: {said or 'no such revision'}")
    return done.stdout
