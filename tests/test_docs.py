"""What the documents quote is what hplint has and prints."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from hplint.settings import CONFIG_NAMES
from tests.conftest import RunHplint


def test_the_readme_is_in_step_with_the_rules(root: Path) -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_console_of_adopting(root: Path, run_hplint: RunHplint, tmp_path: Path) -> None:
    (tmp_path / "table.py").write_bytes((root / "fixtures" / "seed" / "table.py").read_bytes())
    quoted = re.findall(r"```console\n(.*?)```", (root / "docs" / "adopting.md").read_text("utf-8"), re.DOTALL)
    commands = re.findall(r"\$ hplint (.*)\n((?:[^$].*\n)+)", "".join(quoted))
    assert len(commands) == 3
    for command, output in commands:
        done = run_hplint(*shlex.split(command), cwd=tmp_path)
        assert (done.returncode, done.stdout + done.stderr) == (0, output)


def test_the_console_of_agents(root: Path, run_hplint: RunHplint, tmp_path: Path) -> None:
    (tmp_path / "table.py").write_bytes((root / "fixtures" / "seed" / "table.py").read_bytes())
    (tmp_path / "train.py").write_bytes((root / "fixtures" / "seed" / "table.py").read_bytes())
    text = (root / "AGENTS.md").read_text("utf-8")
    shown = re.findall(r"```console\n\$ hplint (.*)\n((?:.+\n)+)```", text)
    assert len(shown) == 2
    for command, output in shown:
        done = run_hplint(*shlex.split(command), cwd=tmp_path)
        assert (done.returncode, done.stdout + done.stderr) == (1, output)
    plain = re.findall(r"^hplint (.*?) +#", text, re.MULTILINE)
    assert len(plain) == 3
    for command in plain:
        assert run_hplint(*shlex.split(command), cwd=tmp_path).returncode == 0


def test_the_suppression_of_agents_is_that_of_the_readme(root: Path) -> None:
    quoted = [
        re.findall(r".*# hplint: ignore\[.*", (root / name).read_text("utf-8")) for name in ("AGENTS.md", "README.md")
    ]
    assert quoted[0][0] in quoted[1]


def test_the_server_of_agents_can_be_started(root: Path, run_hplint: RunHplint) -> None:
    [example] = re.findall(r"```json\n(.*?)```", (root / "AGENTS.md").read_text("utf-8"), re.DOTALL)
    server = json.loads(example)["mcpServers"]["hplint"]
    assert server["command"] == "hplint"
    assert run_hplint(*server["args"], "--help").returncode == 0


def test_the_configuration_of_the_readme_is_accepted(root: Path, run_hplint: RunHplint, tmp_path: Path) -> None:
    assert "pyproject.toml" in CONFIG_NAMES
    [example] = re.findall(r"```toml\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(example, "utf-8")
    (tmp_path / "train.py").write_text("import torch\n", "utf-8")
    done = run_hplint("check", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_suppression_of_the_readme_suppresses(root: Path, run_hplint: RunHplint, tmp_path: Path) -> None:
    [line] = re.findall(r"```python\n(.*# hplint: ignore.*)\n```", (root / "README.md").read_text("utf-8"))
    script = tmp_path / "train.py"
    script.write_text(f"import torch\n\n{line}\n", "utf-8")
    assert run_hplint("check", "--isolated", "train.py", cwd=tmp_path).returncode == 0
    script.write_text(f"import torch\n\n{line.partition('#')[0]}\n", "utf-8")
    assert run_hplint("check", "--isolated", "train.py", cwd=tmp_path).returncode == 1


def test_the_inputs_of_the_action_are_those_it_has(root: Path) -> None:
    inputs = yaml.safe_load((root / "action.yml").read_text("utf-8"))["inputs"]
    page = (root / "docs" / "ci.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (?:`(.*?)`)? *\|", page, re.MULTILINE)
    assert rows == [(name, about["default"]) for name, about in inputs.items()]
    used = [
        name
        for text in (page, (root / "README.md").read_text("utf-8"))
        for block in re.findall(r"uses: hplint/hplint@\S+\n +with:\n((?:  .*\n)+?)(?= *- |```)", text)
        for name in yaml.safe_load(block)
    ]
    assert len(used) == 4
    assert set(used) <= set(inputs)


def test_the_job_for_gitlab_writes_its_report(root: Path, run_hplint: RunHplint, tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (root / "docs" / "ci.md").read_text("utf-8"), re.DOTALL)
    [job] = [yaml.safe_load(block)["hplint"] for block in blocks if block.startswith("hplint:")]
    (tmp_path / "table.py").write_bytes((root / "fixtures" / "seed" / "table.py").read_bytes())
    done = run_hplint(*shlex.split(job["script"][-1])[1:], cwd=tmp_path)
    assert done.returncode in job["allow_failure"]["exit_codes"], done.stderr
    report = json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_text("utf-8"))
    assert {issue["location"]["path"] for issue in report} == {"table.py"}
