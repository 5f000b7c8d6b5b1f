"""``pytest --hplint``: real sessions of pytest in processes of their own."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

TRAINING = """\
def fit(model, optimizer, batches):
    import torch

    for x, y in batches:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
"""
TESTS = """\
import pytest

import training


def test_that_nothing_is_there():
    pass


@pytest.mark.parametrize("number", [3, 4])
def test_fit(number):
    import torch

    model = torch.nn.Linear(4, 3)
    batches = [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(number)]
    training.fit(model, torch.optim.SGD(model.parameters(), lr=0.1), batches)


def test_groups():
    import torch

    groups = [{"params": torch.nn.Linear(4, 3).parameters(), "learning_rate": 3}]
    torch.optim.SGD(groups, lr=0.1).step()
"""
CLEAN = TRAINING.replace("        loss.backward()", "        optimizer.zero_grad()\n        loss.backward()")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "training.py").write_text(TRAINING)
    (tmp_path / "test_training.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = ['--strict-markers']\n")
    return tmp_path


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *args]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True)


def findings(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.split("] ")[0] for line in done.stdout.splitlines() if re.match(r"[\w.]+:\d+:\d+: \w+\[", line)]


def test_what_the_tests_train_is_found_once_and_fails_the_session(project: Path) -> None:
    done = run(project, "--hplint")
    assert done.returncode == 1, done.stdout + done.stderr
    assert findings(done) == [
        "test_training.py:23:5: error[param-group-unknown-key",
        "training.py:6:9: error[missing-zero-grad",
    ]
    assert "= test_training.py:11:1: in `test_fit[3]` and 1 other test\n" in done.stdout
    assert "Found 2 errors in 3 tests.\n" in done.stdout
    assert "4 passed" in done.stdout


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_workers_hand_over_what_they_find(project: Path) -> None:
    alone, together = run(project, "--hplint"), run(project, "--hplint", "-n", "2")
    assert (together.returncode, findings(together)) == (1, findings(alone))
    assert findings(alone)


def test_without_the_flag_nothing_is_imported(project: Path) -> None:
    ours = "{name for name in sys.modules if name.startswith('hplint')} == {'hplint', 'hplint.pytest_plugin'}"
    check = (
        f"import sys\n\n\ndef test_that_nothing_is_there():\n    assert {ours}\n    assert 'torch' not in sys.modules\n"
    )
    (project / "test_training.py").write_text(check)
    done = run(project)
    assert done.returncode == 0, done.stdout
    assert "hplint" not in done.stdout


def test_a_test_can_be_left_out_and_settings_and_comments_count(project: Path) -> None:
    marked = TESTS.replace("def test_groups", "@pytest.mark.no_hplint\ndef test_groups")
    (project / "test_training.py").write_text(marked)
    assert findings(run(project, "--hplint")) == ["training.py:6:9: error[missing-zero-grad"]
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.hplint]\nlevels = {missing-zero-grad = "advice"}\n')
    done = run(project, "--hplint")
    assert (done.returncode, findings(done)) == (0, ["training.py:6:9: advice[missing-zero-grad"])
    (project / "training.py").write_text(
        TRAINING.replace("backward()", "backward()  # hplint: ignore[missing-zero-grad]")
    )
    assert "All clear: 2 tests." in run(project, "--hplint").stdout


def test_a_failing_test_keeps_its_exit_code_and_a_clean_session_is_clean(project: Path) -> None:
    (project / "training.py").write_text(CLEAN)
    done = run(project, "--hplint", "-k", "fit")
    assert (done.returncode, findings(done)) == (0, [])
    assert "All clear: 2 tests." in done.stdout
    assert run(project, "--hplint", "-k", "nowhere").returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "torch was never imported" in run(project, "--hplint", "-k", "nothing").stdout


def test_a_wrong_configuration_is_told_before_any_test(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write("[tool.hplint]\nselekt = []\n")
    done = run(project, "--hplint")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "`selekt` is no setting of hplint" in done.stderr
    assert "Traceback" not in done.stderr
