"""`hplint run`: what a program notices of it, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hplint.commands.output import FORMATS

pytest.importorskip("torch")

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TRAINING = """\
import sys, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(64, 4), torch.randint(0, 3, (64,)))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(int(sys.argv[1])):
    batches = 0
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        batches += 1
    print(epoch, batches, len(loader))
    torch.save(model.state_dict(), "last.pt")
    model.load_state_dict(torch.load("last.pt"))
print("end")
"""
CLEAN = TRAINING.replace("        loss.backward()\n", "        optimizer.zero_grad()\n        loss.backward()\n")


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str, name: str = "train.py") -> str:
        (tmp_path / name).write_text(text, "utf-8")
        return name

    return write


def test_a_dry_run_is_short_and_says_so(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    done = run_hplint("run", "--steps", "6", script(TRAINING), "50", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    printed = done.stdout.splitlines()
    assert printed[:1] == ["0 4 16"]
    assert printed[1].startswith("model ")
    start = printed.index("") + 1
    assert printed[start].startswith("train.py:13:9: error[missing-zero-grad] HP152 ")
    assert "13 |         loss.backward()" in printed
    assert "   = fix: clear the gradients (unsafe)" in printed, "as the text has it"
    assert "Found 1 error in 6 steps of train.py (1 fixable with hplint check --fix --unsafe-fixes)." in printed
    said = [line for line in done.stderr.splitlines() if line.startswith("hplint")]
    assert said[0].startswith("hplint run: a dry run of train.py: 6 optimizer steps at most")
    assert said[-1] == "hplint run: stopped after 6 optimizer steps"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train.py"]


def test_a_clean_program_that_ends_by_itself(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    done = run_hplint("run", script(CLEAN), "2", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "0 4 16",
            "1 4 16",
            "end",
            "model      Sequential  train.py:7  67 parameters: 67 trained",
            "optimizer  SGD         train.py:8  67 parameters, lr 0.1",
            "loader     DataLoader  train.py:6  64 samples, 16 batches of 4, shuffled",
            "step       SGD                     4 samples a step, 16 steps an epoch, 2 epochs: 32 steps",
            "",
            "All clear: 8 steps of train.py.",
        ],
    )


def test_a_full_run_alters_nothing(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ("--full", "--output-format", "json", "--output-file", str(report))
    done = run_hplint("run", *options, "--steps", "3", script(TRAINING), "2", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == ["0 16 16", "1 16 16", "end"]
    assert (tmp_path / "last.pt").exists()
    [finding] = json.loads(report.read_text("utf-8"))["findings"]
    assert (finding["code"], finding["engine"], finding["path"]) == ("HP152", "runtime", "train.py")
    assert (finding["start"], finding["end"]) == ({"line": 13, "column": 9}, {"line": 13, "column": 24})


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format(script: Callable[[str], str], run_hplint: Run, tmp_path: Path, output_format: str) -> None:
    if output_format == "html":
        pytest.importorskip("jinja2")
        pytest.importorskip("markdown_it")
    done = run_hplint("run", "--output-format", output_format, script(TRAINING), "1", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "missing-zero-grad" in done.stdout


def test_a_run_and_a_check_have_one_baseline(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    name = script(TRAINING)
    written = run_hplint("run", "--write-baseline", "known.json", name, "1", cwd=tmp_path)
    assert written.returncode == 0
    assert "Wrote 1 finding to known.json." in written.stderr
    again = run_hplint("run", "--baseline", "known.json", name, "1", cwd=tmp_path)
    assert again.returncode == 0
    assert "All clear" in again.stdout
    assert run_hplint("check", "--baseline", "known.json", name, cwd=tmp_path).returncode == 0
    assert run_hplint("check", "--write-baseline", "known.json", name, cwd=tmp_path).returncode == 0
    assert run_hplint("run", "--baseline", "known.json", name, "1", cwd=tmp_path).returncode == 0
    broken = run_hplint("run", "--baseline", "gone.json", name, "1", cwd=tmp_path)
    assert (broken.returncode, "end" in broken.stdout) == (2, False), "it is told of before the run"


def test_settings_and_comments_count(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    name = script(TRAINING)
    assert run_hplint("run", "--ignore", "HP152", name, "1", cwd=tmp_path).returncode == 0
    assert run_hplint("run", "--exit-zero", name, "1", cwd=tmp_path).returncode == 0
    assert run_hplint("run", "--select", "nonsense", name, "1", cwd=tmp_path).returncode == 2
    script(TRAINING.replace("loss.backward()", "loss.backward()  # noqa: HP152"))
    assert run_hplint("run", name, "1", cwd=tmp_path).returncode == 0
    script(TRAINING)
    (tmp_path / "hplint.toml").write_text('fail-level = "error"\nlevels = {HP152 = "advice"}\n')
    done = run_hplint("run", name, "1", cwd=tmp_path)
    assert done.returncode == 0
    assert "advice[missing-zero-grad]" in done.stdout


SURROUNDINGS = """\
import os, sys, pickle
class Mine: pass
if __name__ == "__main__":
    print(sys.argv, sys.stdin.read(), os.getcwd(), __file__, sys.path[0], __package__, __spec__ is None)
    print(type(pickle.loads(pickle.dumps(Mine()))) is Mine, sys.modules["__main__"].Mine is Mine)
    print(sorted(name for name in globals() if not name.startswith("__")))
"""


def test_a_script_has_the_surroundings_of_plain_python(script: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    name = os.path.join("inner", "train.py")
    (tmp_path / name).write_text(SURROUNDINGS, "utf-8")

    def output(*command: str) -> str:
        line = [sys.executable, *command, name, "--steps", "3", "--", "-m"]
        return subprocess.run(line, cwd=tmp_path, input="typed", capture_output=True, text=True, check=True).stdout

    plain, ours = output(), output("-m", "hplint", "run")
    assert ours.startswith(plain)


def test_a_module_has_the_surroundings_of_plain_python(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "other.py").write_text("value = 3\n")
    text = (
        "import sys\nfrom .other import value\nprint(value, sys.argv, __name__, __package__, __spec__.name, __file__)\n"
    )
    for name in ("__main__.py", "train.py"):
        (package / name).write_text(f"{text}print(sys.path[0])\n")

    for module in ("package", "package.train"):

        def output(*command: str, module: str = module) -> str:
            line = [sys.executable, *command, "-m", module, "--lr", "1"]
            return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

        plain, ours = output(), output("-m", "hplint", "run")
        assert ours.startswith(plain)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("sys.exit(7)", 7),
        ("sys.exit('no data')", 1),
        ("raise ValueError('no data')", 1),
        ("sys.exit()", 0),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_the_scripts_own_end_wins(
    script: Callable[[str], str], run_hplint: Run, tmp_path: Path, end: str, code: int
) -> None:
    done = run_hplint("run", script(f"import sys\ndef last():\n    {end}\nlast()\n"), cwd=tmp_path)
    assert done.returncode == code
    plain = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if not line.startswith("hplint run: ")] == (
        plain.stderr.splitlines()
    )


def test_findings_are_told_before_a_script_fails_and_its_code_stays(
    script: Callable[[str], str], run_hplint: Run, tmp_path: Path
) -> None:
    done = run_hplint("run", script(f"{TRAINING}sys.exit(5)\n"), "1", cwd=tmp_path)
    assert done.returncode == 5
    assert "HP152" in done.stdout


@pytest.mark.parametrize("arguments", [["nowhere.py"], ["-m", "nowhere.at_all"], []])
def test_what_cannot_be_run(run_hplint: Run, tmp_path: Path, arguments: list[str]) -> None:
    assert run_hplint("run", *arguments, cwd=tmp_path).returncode == 2


def test_a_program_that_copies_its_checkpoint_is_stopped_there(
    script: Callable[[str], str], run_hplint: Run, tmp_path: Path
) -> None:
    name = script(f"{CLEAN}import shutil\nshutil.copyfile('last.pt', 'best.pt')\n")
    done = run_hplint("run", name, "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "last.pt was not written in this dry run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_may_swallow_and_clean_up(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    text = CLEAN.replace("    for x, y in loader:\n", "    for x, y in loader:\n      try:\n")
    body = text.index("      try:\n") + len("      try:\n")
    end = text.index("    print(epoch")
    inner = "".join(f"  {line}\n" for line in text[body:end].splitlines())
    text = (
        f"{text[:body]}{inner}      except Exception as problem:\n        raise RuntimeError from problem\n{text[end:]}"
    )
    done = run_hplint("run", "--steps", "2", script(text), "50", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stopped after 2 optimizer steps" in done.stderr


def test_gradients_of_many_batches_reach_a_step(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    text = TRAINING.replace("loss.backward()", "(loss / 8).backward()").replace(
        "        optimizer.step()\n",
        "        if batches % 8 == 7:\n            optimizer.step()\n            optimizer.zero_grad()\n",
    )
    done = run_hplint("run", script(text), "2", cwd=tmp_path)
    printed = done.stdout.splitlines()
    assert (*printed[:3], printed[-1]) == ("0 8 16", "1 8 16", "end", "All clear: 2 steps of train.py."), done.stderr
    assert any("4 a batch × 8 batches accumulated = 32 samples a step, 2 steps an epoch" in line for line in printed)


def test_the_text_of_the_script_is_judged_too_and_each_mistake_is_told_once(
    script: Callable[[str], str], run_hplint: Run, tmp_path: Path
) -> None:
    text = TRAINING.replace("lr=0.1)", "lr=0.1, momentum=9.0)") + "def never():\n    torch.optim.SGD([], lr=-1)\n"
    done = run_hplint("run", "--output-format", "json", "--output-file", "out.json", script(text), "2", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))["findings"]
    told = [(each["code"], each["engine"], each["start"]["line"], each["start"]["column"]) for each in found]
    column = text.splitlines()[7].index("momentum=9.0") + 1
    assert told[:2] == [("HP111", "runtime", 8, column), ("HP152", "runtime", 13, 9)]
    assert [engine for _, engine, line, _ in told if line == len(text.splitlines())] == ["static"]
    assert found[1]["fix"]["title"] == "clear the gradients"


def test_a_guess_from_the_text_that_the_run_refutes_is_left_out(
    script: Callable[[str], str], run_hplint: Run, tmp_path: Path
) -> None:
    text = TRAINING.replace("batches += 1", "batches += 1\n        getattr(optimizer, 'zero' + '_grad')()")
    checked = run_hplint("check", "--output-format", "concise", script(text), cwd=tmp_path)
    assert "HP152" in checked.stdout
    done = run_hplint("run", "train.py", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_report_shows_what_was_built(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    text = CLEAN.replace(
        "for epoch",
        "model[0].requires_grad_(False)\n"
        "optimizer.add_param_group({'params': [torch.zeros(5, requires_grad=True)], 'lr': 0.2})\n"
        "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)\n"
        "for epoch",
        1,
    ).replace("    torch.save", "    scheduler.step()\n    torch.save")
    done = run_hplint("run", script(text), "3", cwd=tmp_path)
    shown = done.stdout.split("end\n")[1].split("\n\n")[0].splitlines()
    assert shown == [
        "model      Sequential         train.py:7   67 parameters: 27 trained, 40 frozen",
        "optimizer  SGD                train.py:8   67 parameters (40 frozen), lr 0.1",
        "                                           5 parameters, lr 0.2",
        "loader     DataLoader         train.py:6   64 samples, 16 batches of 4, shuffled",
        "step       SGD                             4 samples a step, 16 steps an epoch, 3 epochs: 48 steps",
        "schedule   CosineAnnealingLR  train.py:11  stepped 3 times, once an epoch",
        "                                           lr 0.2 █▆▃ 0.05",
    ]


def test_the_report_in_plain_characters(
    script: Callable[[str], str], run_hplint: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    text = CLEAN.replace(
        "for epoch", "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)\nfor epoch", 1
    ).replace("    torch.save", "    scheduler.step()\n    torch.save")
    done = run_hplint("run", script(text), "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "lr 0.1 #*- 0.025" in done.stdout


def test_a_script_without_torch(script: Callable[[str], str], run_hplint: Run, tmp_path: Path) -> None:
    text = "import sys\nprint('torch' in sys.modules, 'libcst' in sys.modules)\n"
    done = run_hplint("run", script(text), cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("False False\n")
    assert "torch was never imported" in done.stderr


DISTRIBUTED = CLEAN.replace("import sys, torch\n", "import sys, torch\ntorch.distributed.init_process_group('gloo')\n")
DISTRIBUTED = DISTRIBUTED.replace(
    "optimizer = ",
    "model = nn.parallel.DistributedDataParallel(model)\noptimizer = ",
)
DISTRIBUTED = "\n".join(line for line in DISTRIBUTED.splitlines() if "last.pt" not in line)


def test_two_processes_of_which_one_reports(script: Callable[[str], str], tmp_path: Path) -> None:
    script(DISTRIBUTED)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    line = [*launcher, "-m", "hplint", "run", "train.py", "50"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("All clear: 20 steps of train.py.") == 1
    assert done.stderr.count("hplint run: a dry run") == 1
