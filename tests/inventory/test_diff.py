"""`hplint inventory --diff`: files, folders, and revisions of a real repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands import hplint

OLD = """
import torch
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
first = torch.nn.Dropout(0.1)
second = torch.nn.Dropout(0.2)
"""


def git(folder: Path, *args: str) -> str:
    """What a git command prints."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def changes(*args: str) -> list[tuple[str, str, str | None, str | None]]:
    """(change, hyperparameter, old, new) of every difference."""
    document = json.loads(hplint("inventory", "--diff", *args, "--format", "json").stdout)
    return [
        (change["change"], change["hyperparameter"], _text(change["old"]), _text(change["new"]))
        for difference in document["differences"]
        for change in difference["changes"]
    ]


def _text(side: dict[str, Any] | None) -> str | None:
    return None if side is None else side["text"]


def differing(folder: Path, old: str, new: str) -> list[tuple[str, str, str | None, str | None]]:
    """The differences between two texts."""
    (folder / "old.py").write_text(old)
    (folder / "new.py").write_text(new)
    return changes(str(folder / "old.py"), str(folder / "new.py"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import torch\n", "import torch\n\n\n# moved\n"),
        ("lr=1e-3", "lr=0.001"),
        ("lr=1e-3", "lr=1e-3, weight_decay=0"),
        ("import torch\n", "import torch\nRATE = 1e-3\n"),
        ("optimizer = ", "opt = "),
    ],
)
def test_what_counts_as_no_change(tmp_path: Path, before: str, after: str) -> None:
    assert differing(tmp_path, OLD, OLD.replace(before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("lr=1e-3", "lr=1e-2", [("changed", "learning-rate", "0.001", "0.01")]),
        (", lr=1e-3", "", []),
        ("Dropout(0.2)", "Dropout(0.3)", [("changed", "dropout", "0.2", "0.3")]),
        ("first =", "zeroth = torch.nn.Dropout(0.5)\nfirst =", [("added", "dropout", None, "0.5")]),
        ("first = torch.nn.Dropout(0.1)\n", "", [("removed", "dropout", "0.1", None)]),
        ("import torch\n", "import torch\ntorch.manual_seed(1)\n", [("added", "seed", None, "1")]),
    ],
)
def test_changes(tmp_path: Path, before: str, after: str, expected: list[Any]) -> None:
    assert differing(tmp_path, OLD, OLD.replace(before, after)) == expected


def test_a_value_that_is_no_longer_known(tmp_path: Path) -> None:
    ((kind, hyperparameter, old, new),) = differing(tmp_path, OLD, OLD.replace("lr=1e-3", "lr=rate()"))
    assert (kind, hyperparameter, old) == ("changed", "learning-rate", "0.001")
    assert new
    assert new.startswith("rate() (unknown")


def test_another_optimizer(tmp_path: Path) -> None:
    new = OLD.replace("Adam(model.parameters(), lr=1e-3)", "SGD(model.parameters(), lr=0.1, momentum=0.9)")
    found = differing(tmp_path, OLD, new)
    assert ("changed", "optimizer", "Adam", "SGD") in found
    assert ("changed", "learning-rate", "0.001", "0.1") in found
    assert ("added", "momentum", None, "0.9") in found
    assert ("removed", "betas", "(0.9, 0.999) (default of Adam)", None) in found
    assert "weight-decay" not in [hyperparameter for _, hyperparameter, *_ in found]


def test_exit_codes(tmp_path: Path) -> None:
    for name, rate in (("a.py", "1"), ("b.py", "1.0"), ("c.py", "2")):
        (tmp_path / name).write_text(f"import torch\ntorch.optim.SGD(p, lr={rate})\n")
    paths = {name: str(tmp_path / name) for name in ("a.py", "b.py", "c.py")}
    same = hplint("inventory", "--diff", paths["a.py"], paths["b.py"])
    assert (same.exit_code, "No hyperparameter differs" in same.stdout) == (0, True)
    other = hplint("inventory", "--diff", paths["a.py"], paths["c.py"])
    assert (other.exit_code, "1 changed from" in other.stdout) == (1, True)


def test_folders_are_matched_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, rate in (("old", 1), ("new", 2)):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "train.py").write_text(f"import torch\ntorch.optim.SGD(p, lr={rate})\n")
        (tmp_path / folder / f"{folder}.py").write_text("import torch\ntorch.manual_seed(1)\n")
    assert changes("old", "new") == [
        ("added", "seed", None, "1"),
        ("removed", "seed", "1", None),
        ("changed", "learning-rate", "1", "2"),
    ]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits, a branch at the first one, and a file that is changed since."""
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main", str(root))
    (root / "src" / "train.py").write_text("import torch\nfrom config import LR\ntorch.optim.SGD(p, lr=LR)\n")
    (root / "src" / "config.py").write_text("LR = 0.1\n")
    git(root, "add", "."), git(root, "commit", "-q", "-m", "one")
    git(root, "branch", "first")
    (root / "src" / "config.py").write_text("LR = 0.2\n")
    git(root, "commit", "-q", "-a", "-m", "two")
    (root / "src" / "config.py").write_text("LR = 0.3\n")
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize(
    ("args", "old", "new"),
    [
        (["first..main"], "0.1", "0.2"),
        (["first", "main"], "0.1", "0.2"),
        (["first..", "src"], "0.1", "0.2"),
        (["..first"], "0.2", "0.1"),
        (["first...main"], "0.1", "0.2"),
        (["HEAD"], "0.2", "0.3"),
        (["HEAD~1", "src/train.py"], "0.1", "0.3"),
        (["HEAD~1", "HEAD", "src/train.py"], "0.1", "0.2"),
    ],
)
def test_revisions(repository: Path, args: list[str], old: str, new: str) -> None:
    found = changes(*args)
    assert found
    assert set(found) == {("changed", "learning-rate", old, new)}


def test_a_revision_reads_its_own_modules_and_shows_paths_of_the_repository(repository: Path) -> None:
    document = json.loads(hplint("inventory", "--diff", "first..main", "--format", "json").stdout)
    assert [each["old_path"] for each in document["differences"]] == ["src/config.py", "src/train.py"]
    (repository / "src" / "train.py").unlink()
    assert changes("first..main", "src/train.py") == [("changed", "learning-rate", "0.1", "0.2")]


def test_from_a_folder_inside(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "src")
    result = hplint("inventory", "--diff", "first", "main", "train.py")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "train.py")


def test_nothing_is_checked_out(repository: Path) -> None:
    before = (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD"))
    hplint("inventory", "--diff", "first..main")
    assert (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")) == before


def test_a_script_that_is_new(repository: Path) -> None:
    (repository / "new.py").write_text("import torch\ntorch.manual_seed(1)\n")
    result = hplint("inventory", "--diff", "HEAD", "new.py")
    assert "new.py (new)\n  + seed  1" in result.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "--diff needs two files or folders, or a git revision"),
        (["nothing"], "`nothing` is neither a file or folder nor a revision"),
        (["HEAD", "nothing"], "`nothing` is neither a file or folder nor a revision"),
        (["nothing..HEAD"], "`nothing` is neither"),
        (["HEAD..HEAD", "nothing.py"], "nothing.py: no such file or folder in `HEAD` or `HEAD`"),
        (["src"], "two files or folders"),
        (["src", "nothing"], "`nothing` does not exist"),
        (["src", "src/train.py"], "one is a file, the other a folder"),
        (["HEAD", "/"], "outside the repository"),
        (["HEAD:src/train.py"], "is neither a file or folder nor a revision"),
    ],
)
def test_wrong_arguments(repository: Path, args: list[str], message: str) -> None:
    result = hplint("inventory", "--diff", *args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = hplint("inventory", "--diff", "HEAD")
    assert result.exit_code == 2
    assert "in no git repository" in result.stderr


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository / "src"))
    result = hplint("inventory", "--diff", "HEAD")
    assert result.exit_code == 2
    assert "`git` is not installed" in result.stderr


def test_a_revision_is_no_option_of_git(repository: Path) -> None:
    result = hplint("inventory", "--diff", "--", "--output=x")
    assert result.exit_code == 2
    assert not (repository / "x").exists()


def test_links_of_a_revision_are_not_followed(repository: Path) -> None:
    (repository / "secret.txt").write_text("import torch\ntorch.manual_seed(7)\n")
    (repository / "link.py").symlink_to("secret.txt")
    git(repository, "add", "link.py"), git(repository, "commit", "-q", "-m", "three")
    assert ("added", "seed", None, "7") not in changes("HEAD~1..HEAD")


def test_what_cannot_be_read_in_a_revision_goes_by_its_path(repository: Path) -> None:
    (repository / "src" / "broken.py").write_text("import torch\nlr = (\n")
    git(repository, "add", "."), git(repository, "commit", "-q", "-m", "three")
    result = hplint("inventory", "--diff", "first..HEAD")
    assert result.exit_code == 1
    assert result.stderr.startswith("src/broken.py:2: ")
    assert len(result.stderr.splitlines()) == 1
