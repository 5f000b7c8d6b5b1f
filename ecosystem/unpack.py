"""Takes out of an archive what hplint or a reader looks at, and nothing that an archive should not hold."""

from __future__ import annotations

import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ecosystem.packages import METADATA, Problem

KEPT = frozenset({".py", ".pyi", ".ipynb", ".yaml", ".yml", ".json", ".toml"})
"""Other files are left in the archive, but for those that say what the package needs."""
NEEDS = (*METADATA, "*.egg-info/requires.txt", "setup.cfg", "*requirements*.txt", "requirements/*.txt")
MAX_FILE = 2_000_000
MAX_FILES = 20_000
MAX_TOTAL = 200_000_000
MAX_READ = 2_000_000_000
"""Bytes of a source archive, unpacked: it is read from end to end, whatever is kept of it."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A plain file in an archive. ``data`` can be read until the next member is asked for."""

    name: str
    size: int
    data: IO[bytes]


def unpack(archive: Path, target: Path) -> None:
    """Unpack the files of an archive that hplint or a reader looks at; the folder appears when all are there.

    A source archive's own folder is left out of the names, so they are those of the checkout that it was made of.

    Raises:
        Problem: the archive is broken, too large, or holds names that lead out of the folder.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpacking-") as scratch:
        folder = Path(scratch, "files")
        folder.mkdir()
        try:
            for member in _kept(archive):
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_content(member, archive.name))
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError) as problem:
            raise Problem(f"{archive.name} cannot be unpacked: {problem}") from problem
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)


def _kept(archive: Path) -> Iterator[_Member]:
    """The members to unpack: no links, nothing over the limits, no name that leads anywhere else."""
    files = total = 0
    for member in _of_wheel(archive) if archive.suffix == ".whl" else _of_source(archive):
        name = PurePosixPath(member.name)
        is_kept = name.suffix in KEPT or any(name.match(pattern) for pattern in NEEDS)
        if not is_kept or member.size > MAX_FILE:
            continue
        if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
            raise Problem(f"{archive.name} holds a name that leads out of its folder: {member.name!r}")
        files += 1
        total += member.size
        if files > MAX_FILES or total > MAX_TOTAL:
            raise Problem(f"{archive.name} holds more than {MAX_FILES} files or {MAX_TOTAL} bytes")
        yield member


def _of_wheel(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as held:
        for info in held.infolist():
            if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16):
                with held.open(info) as data:
                    yield _Member(info.filename, info.file_size, data)


def _of_source(archive: Path) -> Iterator[_Member]:
    read = 0
    with tarfile.open(archive, "r:gz") as held:
        for info in held:
            read += info.size
            if read > MAX_READ:
                raise Problem(f"{archive.name} holds more than {MAX_READ} bytes")
            # Everything lies in one folder, which is named after the package and its version.
            name = info.name.removeprefix("./").partition("/")[2]
            data = held.extractfile(info) if info.isreg() and name else None
            if data is not None:
                with data:
                    yield _Member(name, info.size, data)


def _content(member: _Member, archive: str) -> bytes:
    """The bytes of a member, no more than it says it has."""
    data = member.data.read(member.size + 1)
    if len(data) != member.size:
        raise Problem(f"{archive}: {member.name} is not as long as it says")
    return data
