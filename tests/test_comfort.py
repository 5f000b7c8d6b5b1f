"""What makes the command line pleasant: a bar for long work, watching, completion, places that can be clicked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from time import sleep

import click
import pytest

from hplint.commands import progress
from tests.commands import hplint
from tests.conftest import RunHplint

MISTAKE = "import torch\n\noptimizer = torch.optim.Adam(net.parameters(), lr=1e-3, momentum=0.9)\n"
NONE = "import torch\n\noptimizer = torch.optim.Adam(net.parameters(), lr=1e-3)\n"

# --- the bar


def test_no_bar_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.shown(iter(range(3)), 3)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("moment", "bar"), [(0.0, True), (60.0, False)])
def test_a_bar_on_a_terminal_once_the_work_is_long(
    moment: float, bar: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_SHORT", moment)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(progress.shown((number for number in range(20)), 20)) == list(range(20))
    out, err = capsys.readouterr()
    assert out == ""
    assert ("20/20" in err) is bar


# --- places that can be clicked


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("form", ["full", "concise"])
def test_places_are_links_in_a_terminal(form: str, tmp_path: Path) -> None:
    import pty

    (tmp_path / "train.py").write_text(MISTAKE)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "hplint", "check", "--isolated", "--output-format", form, "train.py"]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"}
    with subprocess.Popen(command, cwd=tmp_path, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        written = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # The other end is closed.
                break
            if not part:
                break
            written += part
        assert process.wait() == 1
    link = f"\x1b]8;;{(tmp_path / 'train.py').as_uri()}\x1b\\"
    assert link in written.decode()


def test_no_links_elsewhere(tmp_path: Path, run_hplint: RunHplint) -> None:
    (tmp_path / "train.py").write_text(MISTAKE)
    result = run_hplint("check", "--color", "always", "train.py", cwd=tmp_path)
    assert "\x1b[" in result.stdout
    assert "\x1b]8" not in result.stdout


# --- watching


class _Watched:
    """`hplint check --watch` in a folder, read line by line."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-u", "-m", "hplint", "check", "--watch", "--output-format", "concise"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        )
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def round(self) -> str:
        """What is said until it waits again."""
        said = ""
        while "Watching" not in said:
            try:
                said += self._lines.get(timeout=60)
            except Empty:
                raise AssertionError(f"nothing more came after: {said}") from None
        return said


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[_Watched]:
    (tmp_path / "train.py").write_text(NONE)
    running = _Watched(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def test_a_change_is_checked_at_once(watched: _Watched, tmp_path: Path) -> None:
    assert "All clear: 1 file." in watched.round()
    (tmp_path / "train.py").write_text(MISTAKE)
    assert "HP101" in watched.round()
    (tmp_path / "other.py").write_text(MISTAKE)
    assert "other.py:3" in watched.round()


def test_imported_modules_and_configurations_are_watched_too(watched: _Watched, tmp_path: Path) -> None:
    watched.round()
    (tmp_path / "train.py").write_text("from settings import LR\n" + NONE.replace("1e-3", "LR"))
    watched.round()
    (tmp_path / "settings.py").write_text("LR = -1.0\n")
    assert "train.py:4" in watched.round()
    (tmp_path / "hplint.toml").write_text('ignore = ["no-such-rule"]\n')
    assert "no-such-rule" in watched.round()
    (tmp_path / "hplint.toml").write_text('ignore = ["ALL"]\n')
    assert "All clear" in watched.round()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_it_quietly(watched: _Watched) -> None:
    watched.round()
    sleep(0.1)
    watched.process.send_signal(signal.SIGINT)
    assert watched.process.wait(timeout=20) == 0


def test_standard_input_is_not_watched() -> None:
    result = hplint("check", "--watch", "-", input=NONE)
    assert result.exit_code == 2
    assert "standard input cannot be watched" in result.stderr


# --- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = hplint("completion", shell)
    assert result.exit_code == 0
    assert "_HPLINT_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("hplint che", "check"),
        ("hplint check --sta", "--statistics"),
        ("hplint check --select unexpected-a", "unexpected-argument"),
        ("hplint check --select HP101,missing-d", "HP101,missing-dropout"),
        ("hplint rule unexpected-a", "unexpected-argument"),
        ("hplint explain learning-", "learning-rate"),
    ],
)
def test_what_is_completed(words: str, expected: str) -> None:
    count = len(words.split()) - 1
    asked = {"_HPLINT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)}
    code = "from hplint.cli import main; main(prog_name='hplint')"
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert f"plain,{expected}" in result.stdout.splitlines(), result.stderr


def test_an_option_that_is_nearly_right_is_suggested() -> None:
    result = hplint("check", "--unsafe-fix")
    assert result.exit_code == 2
    assert "--unsafe-fixes" in click.unstyle(result.stderr)
