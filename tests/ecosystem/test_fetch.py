"""Fetching: the pinned archive is brought, nothing of it runs, and nothing but source is unpacked."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ecosystem import packages
from ecosystem.__main__ import main
from ecosystem.packages import Cache, Problem
from ecosystem.unpack import MAX_FILE, unpack
from tests.ecosystem.published import listed, only_index, pinned, source_archive, wheel

FILES = {"tiny/__init__.py": "", "tiny/train.py": "epochs = 3\n", "tiny/weights.bin": "0", "tiny/conf.yaml": "lr: 1\n"}


def test_a_package_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = pinned(wheel(tmp_path / "index", "tiny", "1.0", FILES))
    only_index(monkeypatch, tmp_path / "index")
    cache, listing = Cache(tmp_path / "cache"), listed(tmp_path / "packages.toml", package)
    command = ["--cache", str(cache.root), "--list", str(listing), "fetch"]
    assert main(command) == 0
    held = {path.relative_to(cache.source(package)).as_posix() for path in cache.source(package).rglob("*.*")}
    assert {"tiny/__init__.py", "tiny/train.py", "tiny/conf.yaml"} <= held
    assert (cache.source(package) / "tiny-1.0.dist-info" / "METADATA").is_file()
    assert "tiny/weights.bin" not in held
    only_index(monkeypatch, tmp_path / "nothing")
    assert main(command) == 0, "what is there needs no index"


def test_a_source_archive_is_read_and_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"tiny/train.py": "epochs = 3\n", "examples/run.ipynb": "{}", "requirements-dev.txt": "torch\n"}
    files["LICENSE"] = ""
    package = pinned(source_archive(tmp_path / "index", "tiny", "1.0", files))
    wheel(tmp_path / "index", "tiny", "1.0", FILES)  # The hash chooses.
    only_index(monkeypatch, tmp_path / "index")
    cache, listing = Cache(tmp_path / "cache"), listed(tmp_path / "packages.toml", package)
    assert main(["--cache", str(cache.root), "--list", str(listing), "fetch"]) == 0
    folder = cache.source(package)
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert held == {"PKG-INFO", "setup.py", "tiny/train.py", "examples/run.ipynb", "requirements-dev.txt"}
    assert cache.has(package)
    assert not (tmp_path / "index" / "ran").exists()


def test_an_archive_that_is_there_is_unpacked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    package = pinned(wheel(cache.archives, "tiny", "1.0", FILES))
    only_index(monkeypatch, tmp_path / "nothing")
    listing = listed(tmp_path / "packages.toml", package)
    cache.source(package).mkdir(parents=True)  # As it was unpacked before METADATA was.
    assert main(["--cache", str(cache.root), "--list", str(listing), "fetch", "tiny"]) == 0
    assert cache.has(package)


def test_another_archive_than_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = replace(pinned(wheel(tmp_path / "index", "tiny", "1.0", FILES)), sha256="0" * 64)
    only_index(monkeypatch, tmp_path / "index")
    cache, listing = Cache(tmp_path / "cache"), listed(tmp_path / "packages.toml", package)
    assert main(["--cache", str(cache.root), "--list", str(listing), "fetch"]) == 2
    assert "tiny 1.0" in capsys.readouterr().err
    assert not cache.has(package)


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a\\..\\evil.py", "c:evil.py"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.whl"
    with zipfile.ZipFile(archive, "w") as held:
        held.writestr("good.py", "")
        member = zipfile.ZipInfo("placeholder")
        member.filename = name
        held.writestr(member, "")
    with pytest.raises(Problem, match="leads out"):
        unpack(archive, tmp_path / "out" / "target")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["evil-1/../../evil.py", "evil-1//evil.py", "evil-1/a\\..\\evil.py"])
def test_a_source_archive_with_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil-1.tar.gz"
    with tarfile.open(archive, "w:gz") as held:
        held.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(Problem, match="leads out"):
        unpack(archive, tmp_path / "out" / "target")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_only_plain_files_leave_a_source_archive(tmp_path: Path, kind: bytes) -> None:
    archive = tmp_path / "odd-1.tar.gz"
    with tarfile.open(archive, "w:gz") as held:
        odd = tarfile.TarInfo("odd-1/odd.py")
        odd.type, odd.linkname = kind, "odd-1/good.py"
        held.addfile(tarfile.TarInfo("odd-1/good.py"), io.BytesIO())
        held.addfile(odd)
    unpack(archive, tmp_path / "target")
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["good.py"]


def test_links_and_large_files_stay_in_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "odd.whl"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as held:
        link = zipfile.ZipInfo("link.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        held.writestr(link, "/etc/passwd")
        held.writestr("large.py", "#" * (MAX_FILE + 1))
        held.writestr("good.py", "x = 1\n")
    unpack(archive, tmp_path / "target")
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["good.py"]


@pytest.mark.parametrize(("name", "start"), [("broken.whl", b"PK\x03\x04"), ("broken.tar.gz", b"\x1f\x8b\x08")])
def test_a_broken_archive_is_told(tmp_path: Path, name: str, start: bytes) -> None:
    archive = tmp_path / name
    archive.write_bytes(start + b" no more")
    with pytest.raises(Problem, match="cannot be unpacked"):
        unpack(archive, tmp_path / "target")


def test_the_committed_list_is_in_order() -> None:
    found = packages.load()
    assert len(found) >= 15
    written = [line for line in packages.LIST.read_text("utf-8").splitlines() if line.startswith("name")]
    assert written == sorted(written)


@pytest.mark.parametrize(
    "entry",
    [
        'name = "x"',
        'name = "../x"\nversion = "1"\nsha256 = "' + "0" * 64 + '"\nwhy = "a"',
        'name = "x"\nversion = "1"\nsha256 = "0"\nwhy = "a"',
    ],
)
def test_a_wrong_entry_is_told(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "packages.toml"
    path.write_text(f"[[package]]\n{entry}\n")
    with pytest.raises(Problem):
        packages.load(path)
