"""The pinned packages, and where they are kept."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
LIST = ROOT / "ecosystem" / "packages.toml"
METADATA = ("*.dist-info/METADATA", "PKG-INFO")
"""What tells the versions of other packages that a package works with: a wheel's and a source archive's."""
_KEYS = {"name", "version", "sha256", "why"}


class Problem(Exception):
    """Something that the person who runs the tool must put right; the message says what."""


@dataclass(frozen=True, slots=True)
class Package:
    """One published package, as it is linted: this version, with this archive."""

    name: str
    version: str
    sha256: str
    why: str

    @property
    def folder(self) -> str:
        """The name of the folder that it is unpacked into."""
        return f"{self.name}-{self.version}"


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder that holds archives, unpacked packages and findings. All of it can be made again."""

    root: Path

    @property
    def archives(self) -> Path:
        return self.root / "archives"

    @property
    def packages(self) -> Path:
        """Holds a folder a package."""
        return self.root / "packages"

    @property
    def findings(self) -> Path:
        return self.root / "findings"

    def source(self, package: Package) -> Path:
        """The folder with the package's files."""
        return self.packages / package.folder

    def has(self, package: Package) -> bool:
        """Whether the package is unpacked, with what it says of the versions that it needs."""
        return any(found for pattern in METADATA for found in self.source(package).glob(pattern))

    def need(self, packages: Iterable[Package]) -> None:
        """Stop when a package is not there.

        Raises:
            Problem: it names what is missing.
        """
        missing = [package.name for package in packages if not self.has(package)]
        if missing:
            raise Problem(f"not fetched yet: {', '.join(missing)}; run `python -m ecosystem fetch`")


def default_cache() -> Cache:
    """The user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Cache(Path(base, "hplint-ecosystem"))


def load(path: Path = LIST) -> list[Package]:
    """The pinned packages, by name.

    Raises:
        Problem: an entry is not as it should be.
    """
    with path.open("rb") as file:
        entries: list[dict[str, Any]] = tomllib.load(file).get("package", [])
    packages = [_package(entry) for entry in entries]
    names = [package.name for package in packages]
    if len(set(names)) < len(names):
        raise Problem(f"{path.name} names a package twice")
    return sorted(packages, key=lambda package: package.name)


def chosen(packages: list[Package], names: Iterable[str]) -> list[Package]:
    """Those of the given names; all of them without names.

    Raises:
        Problem: a name is not among them.
    """
    wanted = set(names)
    unknown = sorted(wanted - {package.name for package in packages})
    if unknown:
        raise Problem(f"not in {LIST.name}: {', '.join(unknown)}")
    return [package for package in packages if not wanted or package.name in wanted]


def _package(entry: dict[str, Any]) -> Package:
    if entry.keys() != _KEYS or not all(isinstance(value, str) and value for value in entry.values()):
        raise Problem(f"{LIST.name}: an entry needs the texts {', '.join(sorted(_KEYS))}: {entry}")
    package = Package(**entry)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", package.name) or not re.fullmatch(r"[\w.+!]+", package.version):
        raise Problem(f"{LIST.name}: {package.name} {package.version} is no name and version as an index spells them")
    if not re.fullmatch(r"[0-9a-f]{64}", package.sha256):
        raise Problem(f"{LIST.name}: the sha256 of {package.name} is not one")
    return package
