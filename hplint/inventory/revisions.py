"""Revisions of a git repository, written out to a folder of their own: nothing is checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hplint.source import DEFAULT_MAX_FILE_SIZE, NOTEBOOK

_KEPT = (".py", ".pyi", NOTEBOOK, ".toml", ".yaml", ".yml", ".json", ".cfg")
"""Files that say something of hyperparameters: scripts, and what they read."""


class GitError(Exception):
    """Git is missing, or cannot do what it is asked; the message says which."""


def repository(folder: str) -> Path:
    """The top folder of the repository around a folder.

    Raises:
        GitError
    """
    return Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))


def commit(folder: str, revision: str) -> str:
    """The id of the commit that a revision names.

    Raises:
        GitError
    """
    repository(folder)
    try:
        return (
            _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
            .decode()
            .strip()
        )
    except GitError:
        raise GitError(f"`{revision}` is neither a file or folder nor a revision of this repository") from None


def merge_base(folder: str, one: str, other: str) -> str:
    """The commit where two branches parted.

    Raises:
        GitError
    """
    try:
        return _git(folder, "merge-base", one, other).decode().strip()
    except GitError:
        raise GitError(f"`{one}` and `{other}` have no commit in common") from None


def write_out(top: Path, identity: str, target: Path) -> None:
    """Write the scripts and configurations of a commit into a folder that is empty.

    Raises:
        GitError
    """
    wanted = list(_blobs(top, identity))
    (target / ".git").mkdir(parents=True)  # The search for modules ends at the top of a repository.
    if not wanted:
        return
    request = "".join(f"{blob}\n" for blob, _ in wanted).encode()
    content = _git(str(top), "cat-file", "--batch", input=request)
    at = 0
    for _, name in wanted:
        end = content.index(b"\n", at)
        size = int(content[at:end].rsplit(b" ", 1)[1])
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[end + 1 : end + 1 + size])
        at = end + size + 2


def _blobs(top: Path, identity: str) -> Iterator[tuple[str, str]]:
    """The ids and names of the files that are kept; no links, no modules, nothing too large to be read."""
    for line in os.fsdecode(_git(str(top), "ls-tree", "-r", "-z", "--long", "--full-tree", identity)).split("\0"):
        described, _, name = line.partition("\t")
        if not name.endswith(_KEPT):
            continue
        mode, kind, blob, size = described.split()
        path = PurePosixPath(name)
        safe = not path.is_absolute() and not {"..", ".git"}.intersection(path.parts)
        if kind == "blob" and mode != "120000" and int(size) <= DEFAULT_MAX_FILE_SIZE and safe:
            yield blob, name


def _git(folder: str, *args: str, input: bytes | None = None) -> bytes:
    command = ["git", "-C", folder, *args]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, input=input, capture_output=True, env=environment)
    except FileNotFoundError:
        raise GitError("`git` is not installed, or not on the PATH") from None
    except OSError as problem:
        raise GitError(f"`git` cannot be run: {problem.strerror}") from problem
    if done.returncode:
        said = os.fsdecode(done.stderr).strip().splitlines()
        if said and "not a git repository" in said[-1]:
            raise GitError(f"{folder} is in no git repository, so there are no revisions to compare")
        raise GitError(said[-1].removeprefix("fatal: ") if said else f"`git {args[0]}` failed")
    return done.stdout
