"""Brings the packages here, without running a line of theirs."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from ecosystem.download import download
from ecosystem.packages import Cache, Package, Problem
from ecosystem.unpack import unpack

_BLOCK = 1 << 20


def fetch(packages: list[Package], cache: Cache) -> int:
    """Bring those packages that are not there; how many were brought.

    Raises:
        Problem: one cannot be had, is not what was pinned, or holds what no package needs.
    """
    brought = 0
    cache.packages.mkdir(parents=True, exist_ok=True)
    # Where a project ends for hplint: nothing around the cache has a say in what is found.
    (cache.packages / ".git").touch()
    for number, package in enumerate(packages, 1):
        if cache.has(package):
            continue
        print(f"[{number}/{len(packages)}] {package.name} {package.version}", file=sys.stderr, flush=True)
        unpack(_archive(package, cache), cache.source(package))
        brought += 1
    return brought


def _archive(package: Package, cache: Cache) -> Path:
    cache.archives.mkdir(parents=True, exist_ok=True)
    found = _with_hash(cache.archives, package)
    if found is None:
        found = download(package, cache.archives)
        if sha256(found) != package.sha256:
            raise Problem(f"{package.name} {package.version}: what was downloaded is not what was pinned")
    return found


def _with_hash(folder: Path, package: Package) -> Path | None:
    """The package's archive, if it is there and is the pinned one."""
    for path in sorted(folder.glob(f"*-{package.version}*")):
        is_named = path.name.lower().replace("_", "-").replace(".", "-").startswith(f"{package.name}-")
        if is_named and sha256(path) == package.sha256:
            return path
    return None


def sha256(path: Path) -> str:
    """The hash of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
