"""Notebooks: their cells are one program, and nothing but the source of a fixed cell is written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hplint.notebooks.magics import masked
from hplint.source import from_bytes
from tests.commands import findings, hplint

MODEL = "import torch\nfrom torch import nn\nmodel = nn.Linear(3, 2)\n"
WRONG = "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)\n"
PYTHON = {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    lines = source.splitlines(keepends=True) if isinstance(source, str) else source
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines, **more}


def text(*cells: str | dict[str, Any], metadata: Any = PYTHON, **style: Any) -> str:
    found = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    whole = {"cells": found, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, **{"indent": 1, "ensure_ascii": False, **style}) + "\n"


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "nb.ipynb"


def places(*args: str) -> list[tuple[str, int | None, int, int]]:
    return [(each["code"], each["cell"], each["start"]["line"], each["start"]["column"]) for each in findings(*args)]


def test_cells_are_one_program_and_findings_name_the_cell(notebook: Path) -> None:
    notebook.write_text(text({"cell_type": "markdown", "metadata": {}, "source": "# x"}, MODEL, "\n" + WRONG))
    assert places() == [("HP101", 3, 2, 59)]
    assert hplint("check", "--output-format", "concise").stdout.startswith("nb.ipynb:cell 3:2:59: HP101 error: ")
    full = hplint("check").stdout
    assert f"2 | {WRONG}" in full
    command = hplint("check", "--output-format", "github").stdout.splitlines()[0]
    assert command.startswith("::error file=nb.ipynb,title=HP101 unexpected-argument::nb.ipynb:cell 3:2:59: ")


@pytest.mark.parametrize("form", ["sarif", "gitlab", "azure", "junit", "rdjson"])
def test_formats_without_cells_say_the_place_in_words(notebook: Path, form: str) -> None:
    notebook.write_text(text(MODEL, "\n\n" + WRONG))
    shown = hplint("check", "--output-format", form).stdout
    assert "cell 2, line 3: `Adam`" in shown or "nb.ipynb:cell 2:3:59: error: `Adam`" in shown
    assert not re.search(r'"(fixes|suggestions)"', shown), "a fix at a place that is none of the file"


def test_suppressions_are_added_to_cells(notebook: Path) -> None:
    notebook.write_text(text(MODEL, WRONG.rstrip()))
    assert hplint("check", "--add-ignore", "--reason", "known").exit_code == 0
    assert notebook.read_text() == text(MODEL, WRONG.rstrip() + "  # hplint: ignore[unexpected-argument] known")
    assert places() == []


def test_related_places_and_edits_have_their_cell(notebook: Path) -> None:
    notebook.write_text(text(MODEL, "lr = 1e3\n", "optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n" + WRONG))
    (fixed,) = [each for each in findings() if each["code"] == "HP101"]
    assert [edit["cell"] for edit in fixed["fix"]["edits"]] == [3]
    assert all(place["cell"] in (1, 2, 3) for each in findings() for place in each["related"])


@pytest.mark.parametrize("source", [["x = = 1\n"], ["def f(:\n"], ["x = 1\0\n"], ["'''\n"], ["x = " + "(" * 300]])
def test_a_broken_cell_is_one_finding_and_the_others_are_checked(notebook: Path, source: list[str]) -> None:
    notebook.write_text(text(MODEL, code(source), WRONG))
    found = places()
    assert [(code, cell) for code, cell, *_ in found[1:]] == [("HP101", 3)]
    assert found[0][0] in ("HP001", "HP003")
    assert found[0][1] == 2


def test_a_broken_cell_may_do_anything(notebook: Path) -> None:
    start = MODEL + "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
    start += "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)\n"
    loop = "for x in loader:\n    optimizer.zero_grad()\n    model(x).sum().backward()\n    optimizer.step()\n"
    notebook.write_text(text(start, loop))
    assert [code for code, *_ in places()] == ["HP168"]
    notebook.write_text(text(start, loop, "lr = # TODO\nscheduler.step()"))
    assert [code for code, *_ in places()] == ["HP001"]


def test_ipython_is_understood(notebook: Path) -> None:
    magic = '%pip install "torch\n!ls \\\n   -l\nmodel?\nx = !ls\ny = %time model(x)\nfor i in x:\n    !echo {i}\n'
    cells = ("%%bash\nfor x in *; do\n", "%%capture out\n%%time\n" + MODEL, magic, "pip install torch\n", "await f()\n")
    notebook.write_text(text(*cells, "    " + WRONG.rstrip()))
    assert places() == [("HP101", 6, 1, 63)]


@pytest.mark.parametrize("metadata", [{"language_info": {"name": "R"}}, {"kernelspec": {"language": "julia"}}])
def test_other_languages_are_passed_over(notebook: Path, metadata: dict[str, Any]) -> None:
    notebook.write_text(text(MODEL, WRONG, "x <- 3", metadata=metadata))
    assert places() == []


@pytest.mark.parametrize(
    "style",
    [{}, {"indent": 4}, {"indent": None}, {"ensure_ascii": True}, {"sort_keys": True}, {"indent": "\t"}],
    ids=str,
)
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_fix_changes_nothing_but_the_source(notebook: Path, style: dict[str, Any], listed: bool, end: str) -> None:
    source = f"%time x = 'é<'\n{WRONG}y = 'ü'"
    cell = code(source, outputs=[{"data": {"text/plain": "1e3 é \u2028"}}])
    if not listed:
        cell["source"] = source
    before = text(MODEL, cell, "z = 'ö'\n", **style).replace("\n", end).encode()
    notebook.write_bytes(b"\xef\xbb\xbf" + before)
    assert hplint("check", "--fix", "--unsafe-fixes").exit_code == 0
    new = before.replace(b"momentum=0.9", b"betas=(0.9, 0.999)")
    assert new != before
    assert notebook.read_bytes() == b"\xef\xbb\xbf" + new


def test_fixes_of_lines(notebook: Path) -> None:
    notebook.write_text(text(MODEL, "x = 1\n# hplint: ignore[HP101]", "# hplint: ignore[HP101]\ny = 2\n"))
    assert [code for code, *_ in places()] == ["HP004", "HP004"]
    assert hplint("check", "--diff").stdout == (
        "--- nb.ipynb:cell 2\n+++ nb.ipynb:cell 2\n@@ -1,2 +1 @@\n-x = 1\n-# hplint: ignore[HP101]\n+x = 1\n"
        "--- nb.ipynb:cell 3\n+++ nb.ipynb:cell 3\n@@ -1,2 +1 @@\n-# hplint: ignore[HP101]\n y = 2\n"
    )
    assert hplint("check", "--fix").exit_code == 0
    assert notebook.read_text() == text(MODEL, "x = 1", "y = 2\n")


def test_suppressions(notebook: Path) -> None:
    notebook.write_text(text(MODEL, "%load_ext x\n" + WRONG.rstrip() + "  # hplint: ignore[HP101] on purpose\n", WRONG))
    assert places() == [("HP101", 3, 1, 59)]
    notebook.write_text(text("# hplint: file-ignore[unexpected-argument, syntax-error]\n" + MODEL, WRONG, "x ="))
    assert places() == []


def test_settings_apply(notebook: Path) -> None:
    notebook.write_text(text(MODEL, WRONG))
    Path("hplint.toml").write_text('[per-file-ignores]\n"*.ipynb" = ["HP101"]\n')
    assert places() == []
    Path("hplint.toml").write_text('exclude = ["*.ipynb"]\n')
    assert "No Python files" in hplint("check").stdout


def test_standard_input(notebook: Path) -> None:
    given = text(MODEL, WRONG)
    found = hplint("check", "--stdin-filename", "a.ipynb", "--output-format", "concise", "-", input=given)
    assert found.stdout.startswith("a.ipynb:cell 2:1:59: HP101")
    fixed = hplint("check", "--fix", "--unsafe-fixes", "--stdin-filename", "a.ipynb", "-", input=given)
    assert fixed.stdout == given.replace("momentum=0.9", "betas=(0.9, 0.999)")


def test_imports_are_those_of_a_file_beside_it(notebook: Path) -> None:
    Path("settings.py").write_text("import torch\nLR = -1.0\n")
    notebook.write_text(text("from settings import LR\n" + MODEL, "torch.optim.Adam(model.parameters(), lr=LR)\n"))
    assert [(code, cell) for code, cell, *_ in places("nb.ipynb")] != []
    assert findings("nb.ipynb")[0]["related"][0]["cell"] is None


def test_megabytes_of_output_do_not_count(notebook: Path) -> None:
    notebook.write_text(text(MODEL, code(WRONG, outputs=[{"data": {"image/png": "A" * 5_000_000}}])))
    assert places() == [("HP101", 2, 1, 59)]
    notebook.write_text(text("x = 1\n" * 400_000))
    assert [each["code"] for each in findings()] == ["HP003"]


def test_cells_are_run_in_any_order(notebook: Path) -> None:
    late = "torch.manual_seed(0)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n"
    late += "for x in loader:\n    optimizer.zero_grad()\n    model(x).sum().backward()\n    optimizer.step()\n"
    notebook.write_text(text(MODEL + late))
    assert [code for code, *_ in places()] == ["HP258"]
    notebook.write_text(text(MODEL, late, "model.eval"))
    assert places() == []


def test_scripts_made_of_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = "# %%\n%matplotlib inline\n" + MODEL + "# %%\n!nvidia-smi\n" + WRONG
    Path("cells.py").write_text(script)
    Path("databricks.py").write_text("# Databricks notebook source\n# MAGIC %sql\n# MAGIC select\n" + MODEL + WRONG)
    assert places() == [("HP101", None, 8, 59), ("HP101", None, 7, 59)]
    assert hplint("check", "--fix", "--unsafe-fixes").exit_code == 0
    assert Path("cells.py").read_text() == script.replace("momentum=0.9", "betas=(0.9, 0.999)")
    Path("cells.py").write_text("%matplotlib inline\n" + MODEL)
    assert places("cells.py") == [("HP001", None, 1, 1)]


def test_inventories(notebook: Path) -> None:
    notebook.write_text(text(MODEL, "lr = 0.5\n", "x =", "optimizer = torch.optim.SGD(model.parameters(), lr=lr)\n"))
    assert "nb.ipynb:cell 4:1 ← lr :cell 2:1" in hplint("inventory").stdout
    document = json.loads(hplint("inventory", "--format", "json").stdout)
    found = {each["hyperparameter"]: each["places"][0]["cell"] for each in document["scripts"][0]["entries"]}
    assert found["learning-rate"] == 4
    assert "learning-rate" in hplint("inventory", "--why", "nb.ipynb:cell 2:1").stdout


PARTS = st.sampled_from(
    [*"%!?=\\'\"()[]#;\n\r ", "x", "%%time", "%time f()", "'''", "\r\n", "é", "if x:\n    ", "ls -l"]
)


@given(st.lists(PARTS).map("".join), st.booleans())
def test_a_mask_keeps_every_line_and_column(source: str, automagic: bool) -> None:
    found = masked(source, automagic=automagic)
    if found is not None:
        assert [len(line) for line in found.split("\n")] == [len(line) for line in source.split("\n")]
        assert [len(line) for line in found.split("\r")] == [len(line) for line in source.split("\r")]


@given(st.lists(st.lists(PARTS).map("".join), max_size=4))
def test_every_place_is_found_again(sources: list[str]) -> None:
    source = from_bytes(text(*sources).encode(), "a.ipynb")
    assert source.notebook is not None
    for part in source.notebook.parts:
        for start in range(part.start, part.end):
            if source.text[start - 1 : start + 1] != "\r\n":
                assert source.offsets(source.span(start, start)) == (start, start)
    assert source.edited([]).file_text == source.file_text
