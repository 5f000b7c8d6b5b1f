"""Tiny packages, as an index would have them, on disk."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ecosystem.packages import Cache, Package

MISTAKE = "import torch\n\nrate = le-5\n"


def wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    """A built archive that pip takes for one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as held:
        for inner, text in files.items():
            held.writestr(inner, text)
        held.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        held.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        held.writestr(f"{info}/RECORD", "")
    return path


def source_archive(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    """A source archive whose build would leave its mark, if anything ran it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.tar.gz"
    build = f"from pathlib import Path\nPath({str(folder / 'ran')!r}).touch()\n"
    about = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "setup.py": build}
    with tarfile.open(path, "w:gz") as held:
        for inner, text in {**about, **files}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{inner}")
            member.size = len(text.encode())
            held.addfile(member, io.BytesIO(text.encode()))
    return path


def pinned(archive: Path) -> Package:
    """The entry of an archive."""
    name, version = archive.name.removesuffix(".tar.gz").split("-")[:2]
    return Package(name, version, hashlib.sha256(archive.read_bytes()).hexdigest(), "a test")


def listed(path: Path, *packages: Package) -> Path:
    """A packages.toml."""
    entries = (
        f'[[package]]\nname = "{each.name}"\nversion = "{each.version}"\nsha256 = "{each.sha256}"\nwhy = "{each.why}"\n'
        for each in packages
    )
    path.write_text("\n".join(entries), "utf-8")
    return path


def unpacked(cache: Cache, package: Package, files: Mapping[str, str]) -> None:
    """A package as it is after fetching."""
    info = f"{package.folder}.dist-info/METADATA"
    for name, text in {info: "Metadata-Version: 2.1\n", **files}.items():
        target = cache.source(package) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def only_index(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let pip, and what reads its configuration, know this folder and nothing else."""
    for name, value in (
        ("PIP_CONFIG_FILE", "/dev/null"),
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", str(folder)),
        ("PIP_NO_CACHE_DIR", "1"),
    ):
        monkeypatch.setenv(name, value)
