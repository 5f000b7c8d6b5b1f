"""Brings the packages here, without running a line of theirs.

pip downloads them, as it is configured on this machine: index, proxy and certificates are its business. Only built
archives (wheels) are taken: to tell what a source archive needs, pip runs the code in it.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ecosystem.packages import METADATA, Cache, Package, Problem

KEPT = frozenset({".py", ".pyi", ".ipynb", ".yaml", ".yml", ".json", ".toml"})
"""Other files are left in the archive, but for the one that says what the package needs."""
MAX_FILE = 2_000_000
MAX_FILES = 20_000
MAX_TOTAL = 200_000_000
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
        _download(package, cache.archives)
        found = _with_hash(cache.archives, package)
    if found is None:
        raise Problem(f"{package.name} {package.version}: what was downloaded is not what was pinned")
    return found


def _with_hash(folder: Path, package: Package) -> Path | None:
    """The package's archive, if it is there and is the pinned one."""
    prefix = f"{package.name.replace('-', '_')}-{package.version}-"
    for path in sorted(folder.glob("*.whl")):
        if path.name.lower().startswith(prefix) and sha256(path) == package.sha256:
            return path
    return None


def sha256(path: Path) -> str:
    """The hash of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _download(package: Package, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch, "requirements.txt")
        requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        # The code is read, never run, so it need not be for this Python.
        command += ["--no-deps", "--ignore-requires-python", "--only-binary", ":all:", "--require-hashes"]
        command += ["--dest", str(folder), "--requirement", str(requirements)]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"pip cannot download {package.name} {package.version}:\n{done.stderr.strip()}")


def unpack(archive: Path, target: Path) -> None:
    """Unpack the files of an archive that hplint or a reader looks at; the folder appears when all are there.

    Raises:
        Problem: the archive is broken, too large, or holds names that lead out of the folder.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpacking-") as scratch:
        folder = Path(scratch, "files")
        folder.mkdir()
        try:
            with zipfile.ZipFile(archive) as held:
                for member in _kept(held, archive.name):
                    path = folder / member.filename
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(_content(held, member, archive.name))
        except (zipfile.BadZipFile, OSError, EOFError) as problem:
            raise Problem(f"{archive.name} cannot be unpacked: {problem}") from problem
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)


def _kept(held: zipfile.ZipFile, archive: str) -> Iterator[zipfile.ZipInfo]:
    files = total = 0
    for member in held.infolist():
        name = PurePosixPath(member.filename)
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        is_kept = name.suffix in KEPT or name.match(METADATA)
        if member.is_dir() or is_link or not is_kept or member.file_size > MAX_FILE:
            continue
        if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in member.filename:
            raise Problem(f"{archive} holds a name that leads out of its folder: {member.filename!r}")
        files += 1
        total += member.file_size
        if files > MAX_FILES or total > MAX_TOTAL:
            raise Problem(f"{archive} holds more than {MAX_FILES} files or {MAX_TOTAL} bytes")
        yield member


def _content(held: zipfile.ZipFile, member: zipfile.ZipInfo, archive: str) -> bytes:
    """The bytes of a member, no more than it says it has."""
    with held.open(member) as file:
        data = file.read(member.file_size + 1)
    if len(data) != member.file_size:
        raise Problem(f"{archive}: {member.filename} is not as long as it says")
    return data
