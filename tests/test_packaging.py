"""What is tracked is what is shipped: setuptools drops unlisted packages and data without a word."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import ROOT, copy_to, tracked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def shipped() -> list[str]:
    """The files that a wheel must hold."""
    return [name for name in tracked() if name.startswith(("hplint/", "rules/"))]


@dataclass(frozen=True)
class Built:
    """A folder with the sdist of a clean copy and the wheel built from that sdist; the files they must hold."""

    folder: Path
    wanted: tuple[str, ...]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both archives, built once."""
    copy = tmp_path_factory.mktemp("checkout")
    wanted = shipped()
    copy_to(copy)
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(target, tuple(wanted))


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    folders = [Path(name).parent for name in shipped() if Path(name).name == "__init__.py"]
    packages = [
        ".".join(("hplint", *folder.parts) if folder.parts[0] == "rules" else folder.parts) for folder in folders
    ]
    assert sorted(listed) == sorted(packages)


def test_the_sdist_holds_every_tracked_file_of_the_package(built: Built) -> None:
    [archive] = built.folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    assert sorted(set(built.wanted) - held) == []


def test_the_wheel_holds_every_tracked_file_of_the_package(built: Built) -> None:
    [archive] = built.folder.glob("*.whl")
    with zipfile.ZipFile(archive) as file:
        held = set(file.namelist())
    wanted = {f"hplint/{name}" if name.startswith("rules/") else name for name in built.wanted}
    assert sorted(wanted - held) == []
    assert not {name for name in held if name.startswith(("rules/", "tests/"))}, "nothing but hplint is installed"
