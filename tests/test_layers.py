"""Which way imports point: read from the source, and proved in fresh interpreters."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = (
    {
        "hplint",
        "hplint.hyperparameters",
        "hplint.model",
        "hplint.notebooks",
        "hplint.pages",
        "hplint.patterns",
        "hplint.records",
        "hplint.regex",
        "hplint.spelling",
        "hplint.thresholds",
        "hplint.versions",
    },
    {"hplint.source", "hplint.signatures"},
    {"hplint.nodes"},
    {"hplint.parse"},
    {"hplint.facts"},
    {"hplint.declare", "hplint.documents", "hplint.drafts", "hplint.given", "hplint.rule"},
    {"hplint.builtin", "hplint.registry"},
    {
        "hplint.declared",
        "hplint.discover",
        "hplint.fingerprints",
        "hplint.mentions",
        "hplint.project",
        "hplint.readable",
        "hplint.requirements",
        "hplint.selection",
        "hplint.settings",
        "hplint.shelf",
        "hplint.suppress",
    },
    {
        "hplint.baseline",
        "hplint.batch",
        "hplint.cache",
        "hplint.engine",
        "hplint.fix",
        "hplint.ignores",
        "hplint.workers",
    },
    {"hplint.report", "hplint.runtime"},
    {"hplint.inventory", "hplint.scaffold"},
    {"hplint.lsp", "hplint.mcp"},
    {"hplint.commands", "hplint.pytest_plugin"},
    {"hplint.cli", "hplint.__main__"},
)
"""From the bottom up. A module (or the package it is in) imports its own layer and those below it."""

LIBCST: set[str] = set()
"""The modules that may import libcst: none, as :mod:`hplint.nodes` loads its parser alone."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted((ROOT / "hplint").rglob("*.py"))}
RULES = {module_name(path): path for path in sorted((ROOT / "rules").rglob("*.py"))}


def imports(path: Path, *, typing_only: bool = True) -> set[str]:
    """The modules that a file names in imports, those inside functions too.

    ``typing_only`` False leaves out what stands under ``if TYPE_CHECKING``.
    """
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and not typing_only and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            inner = {f"{module}.{alias.name}" for alias in node.names}
            found.update(inner & FILES.keys())
            # `from hplint import __version__` needs the package; `from hplint import model` only the module.
            if not inner <= FILES.keys():
                found.add(module)
        pending.extend(ast.iter_child_nodes(node))
    return found


def layer(module: str) -> int:
    """The layer of a module, by its longest listed prefix; the root package stands for itself alone."""
    name = module
    while name:
        for rank, names in enumerate(LAYERS):
            if name in names and (name != "hplint" or module == "hplint"):
                return rank
        name = name.rpartition(".")[0]
    pytest.fail(f"{module} has no layer: give it one in LAYERS")


@pytest.mark.parametrize("module", FILES)
def test_no_import_points_up(module: str) -> None:
    own = layer(module)
    ours = {name for name in imports(FILES[module]) if name.partition(".")[0] == "hplint"}
    upwards = sorted(name for name in ours if layer(name) > own)
    assert not upwards, f"{module} imports {upwards}"


def test_imports_go_in_no_circle() -> None:
    graph = {module: imports(path, typing_only=False) & FILES.keys() - {module} for module, path in FILES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", RULES)
def test_a_rule_imports_hplint_rule_and_the_standard_library_only(module: str) -> None:
    foreign = {name for name in imports(RULES[module]) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign <= {"hplint.rule"}


@pytest.mark.parametrize("module", FILES)
def test_libcst_stays_in_its_corner(module: str) -> None:
    names = {name for name in imports(FILES[module]) if name.partition(".")[0] == "libcst"}
    if module not in LIBCST:
        assert not names
    assert not {name for name in names if name.startswith(("libcst.matchers", "libcst.codemod", "libcst.metadata"))}


@pytest.mark.parametrize("module", FILES)
def test_the_protocol_of_editors_stays_in_its_corner(module: str) -> None:
    if not module.startswith("hplint.lsp"):
        assert not {name for name in imports(FILES[module]) if name.partition(".")[0] in ("pygls", "lsprotocol")}


@pytest.mark.parametrize("module", FILES)
def test_the_protocol_of_agents_stays_in_its_corner(module: str) -> None:
    if not module.startswith("hplint.mcp"):
        names = {name.partition(".")[0] for name in imports(FILES[module])}
        assert not names & {"anyio", "mcp", "pydantic"}


@pytest.mark.parametrize("module", FILES)
def test_torch_stays_in_its_corner(module: str) -> None:
    if not module.startswith("hplint.runtime"):
        assert not {name for name in imports(FILES[module]) if name.partition(".")[0] == "torch"}


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has imported after running ``code``."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def modules_after_hplint(*args: str) -> set[str]:
    """The modules that ``hplint ARGS`` has imported when it ends."""
    return modules_after(f"from hplint.cli import main\ntry:\n    main({list(args)!r})\nexcept SystemExit:\n    pass")


def test_check_imports_neither_torch_nor_the_classes_of_libcst(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import torch\n\noptimizer = torch.optim.Adam([], lr=1e-3, momentum=0.9)\n")
    loaded = modules_after_hplint("check", "--jobs", "1", str(script))
    assert "libcst.native" in loaded, "the script was not parsed, so this proves nothing"
    assert not loaded & {"torch", "numpy", "libcst", "jinja2", "markdown_it"}


def test_the_other_commands_cost_check_and_help_nothing(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import torch\n")
    assert not any(name.startswith("hplint.inventory") for name in modules_after_hplint("check", str(tmp_path)))
    others = {
        "hplint.inventory",
        "hplint.facts",
        "hplint.lsp",
        "hplint.mcp",
        "hplint.settings",
        "libcst.native",
        "mcp",
        "pygls",
    }
    assert not modules_after_hplint("--help") & others


def test_a_file_of_another_trade_is_not_parsed(tmp_path: Path) -> None:
    script = tmp_path / "other.py"
    script.write_text("print('hello')\n")
    assert "libcst.native" not in modules_after_hplint("check", "--jobs", "1", str(script))


@pytest.mark.parametrize("args", [["rule"], ["rule", "unexpected-argument"]])
def test_rule_does_not_import_libcst(args: list[str]) -> None:
    assert not modules_after_hplint(*args) & {"libcst", "libcst.native", "torch"}


def test_runtime_does_not_import_libcst_nor_torch_until_it_is_used() -> None:
    assert not modules_after("import hplint.runtime") & {"libcst", "libcst.native", "torch"}
