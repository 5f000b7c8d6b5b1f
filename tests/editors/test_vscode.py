"""The extension for VS Code: it is bundled, and the server that it chooses is one that serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

import hplint
from hplint.lsp.options import KEYS, options_of

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text("utf-8"))
SETTINGS = {
    name.removeprefix("hplint."): each for name, each in MANIFEST["contributes"]["configuration"]["properties"].items()
}
OF_THE_CLIENT = {"enable", "interpreter", "path", "trace.server"}
NODE = shutil.which("node")

needs_packages = pytest.mark.skipif(
    NODE is None or not (EXTENSION / "node_modules" / "esbuild").is_dir(),
    reason="there is no Node, or its packages are not installed: see editors/vscode/package",
)


def run(*command: str | Path, cwd: Path = EXTENSION) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bundled(source: str, folder: Path) -> Path:
    """A source of the extension and what it imports, as one file."""
    target = folder / Path(source).with_suffix(".js").name
    options = ("--bundle", "--platform=node", "--format=cjs", "--external:vscode", "--log-level=error")
    run(NODE or "", "node_modules/esbuild/bin/esbuild", source, *options, f"--outfile={target}")
    return target


def chosen(folder: Path, **wishes: str) -> Any:
    """What the extension decides, with these settings and a project in this folder."""
    everything = json.dumps({"path": "", "interpreter": "", **wishes})
    script = Path(__file__).with_name("choose.mjs")
    return json.loads(run(NODE or "", script, bundled("src/servers.ts", folder), everything, folder))


def test_settings_are_those_of_the_server() -> None:
    assert SETTINGS.keys() - OF_THE_CLIENT == set(KEYS)
    complaints: list[str] = []
    defaults = {name: SETTINGS[name]["default"] for name in KEYS}
    assert options_of(defaults, "/", complaints.append) == options_of({}, "/", complaints.append)
    assert not complaints


def test_version_is_that_of_hplint() -> None:
    assert re.match(r"\d+\.\d+\.\d+", hplint.__version__)[0] == MANIFEST["version"]  # type: ignore[index]


@needs_packages
def test_types_and_bundle(tmp_path: Path) -> None:
    run(NODE or "", "node_modules/typescript/bin/tsc", "--noEmit")
    assert "onDidChangeActiveEnvironmentPath" in bundled("src/extension.ts", tmp_path).read_text("utf-8")


@needs_packages
def test_set_interpreter_that_serves(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('the project has a module of that name')\n")
    expected = {"command": sys.executable, "args": ["-m", "hplint", "server"], "interpreter": sys.executable}
    assert chosen(tmp_path, interpreter=sys.executable, selected="no-such-python") == {"chosen": expected}


@needs_packages
def test_selected_interpreter_comes_before_others(tmp_path: Path) -> None:
    assert chosen(tmp_path, selected=sys.executable)["chosen"]["command"] == sys.executable


@needs_packages
def test_interpreter_without_hplint(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare)
    python = shutil.which("python", path=os.pathsep.join([str(bare / "bin"), str(bare / "Scripts")]))
    (refusal,) = chosen(tmp_path, interpreter=str(python))["refusals"]
    assert refusal["reason"] == "no hplint"


@needs_packages
def test_hplint_without_its_extra(tmp_path: Path) -> None:
    hidden = f"#!{sys.executable}\nimport sys\nsys.modules['pygls'] = None\nfrom hplint.cli import main\nmain()\n"
    program = tmp_path / "hplint"
    program.write_text(hidden)
    program.chmod(0o755)
    (refusal,) = chosen(tmp_path, path=str(program))["refusals"]
    assert refusal["reason"] == "no extra"


@needs_packages
def test_executable_that_is_missing(tmp_path: Path) -> None:
    (refusal,) = chosen(tmp_path, path=str(tmp_path / "nothing"))["refusals"]
    assert refusal["reason"] == "no hplint"
