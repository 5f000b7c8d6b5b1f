"""The language server in real editors, without a screen. `tests/editors/run` installs them where it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

HERE = Path(__file__).parent
SCRIPT = """import torch
s = "😋漢"; optimizer = torch.optim.Adam(params, momentum=0.9, lr=1e-3, weight_decay=le-5)
second = torch.optim.Adam(params, lr=1e-3)
"""
FIXED = SCRIPT.splitlines()[1].replace("le-5", "1e-5")


def seen_by(command: list[str], folder: Path) -> list[list[str]]:
    """What an editor that runs a script writes down."""
    (folder / "train.py").write_text(SCRIPT, "utf-8")
    seen = folder / "seen.txt"
    server = "\t".join([sys.executable, "-m", "hplint", "server"])
    environment = {
        **os.environ,
        "HPLINT_SEEN": str(seen),
        "HPLINT_SERVER": server,
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": str(folder),
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    text = seen.read_text("utf-8") if seen.exists() else done.stdout
    assert "buffer" in text or "missing" in text, done.stdout + done.stderr
    return [line.split("\t") for line in text.splitlines()]


def neovims() -> list[str]:
    """The Neovims that there are: the one on the path, and the one that `run` has installed."""
    found = dict.fromkeys((shutil.which("nvim"), os.environ.get("HPLINT_NVIM")))
    return [each for each in found if each and os.path.exists(each)]


@pytest.mark.parametrize("neovim", neovims() or [None])
def test_neovim(neovim: str | None, tmp_path: Path) -> None:
    if neovim is None:
        pytest.skip("there is no Neovim: see tests/editors/run")
    seen = seen_by([neovim, "--clean", "--headless", "-c", f"luafile {HERE / 'drive.lua'}", "-c", "qa!"], tmp_path)
    assert sorted(line[3] for line in seen if line[0] == "finding") == ["le-5", "momentum=0.9"]
    assert ["hover", "Learning rate"] in seen
    assert ["buffer", FIXED] in seen
    assert ["left", "1"] in seen
    (client,) = [line for line in seen if line[0] == "client"]
    if client[2] == "utf-8":  # Those that agree on UTF-8 show hints, too.
        assert ["hint", ", weight_decay=0"] in seen


def test_emacs_with_eglot(tmp_path: Path) -> None:
    emacs = shutil.which("emacs")
    if emacs is None:
        pytest.skip("there is no Emacs: see tests/editors/run")
    seen = seen_by([emacs, "--batch", "-Q", "-l", str(HERE / "drive.el")], tmp_path)
    if ["missing", "eglot"] in seen:
        pytest.skip("this Emacs has no eglot")
    assert sorted(line[2] for line in seen if line[0] == "finding") == ["le-5", "momentum=0.9"]
    assert ["hover", "Learning rate"] in seen
    assert ["buffer", FIXED] in seen
    assert ["left", "1"] in seen
