"""Notebooks in editors: cells that are texts of their own there, and one program to hplint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lsp.client import PUSHED, Client
from tests.lsp.conftest import Start

IMPORTS = "import torch\nfrom torch import nn\n"
MODEL = "%matplotlib inline\nmodel = nn.Linear(4, 2)\n"
BAD = "# 😋\ns = '😋'; optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, momentum=0.9)"
GOOD = BAD.replace(", momentum=0.9", "")


def notebook_of(client: Client) -> str:
    (uri,) = client.notebooks
    return uri


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_finding_is_shown_in_its_cell_and_fixed_there(start: Start, encoding: str) -> None:
    client = start(encoding=encoding)
    first, second, third = client.open_notebook("train.ipynb", IMPORTS, MODEL, BAD)
    assert [client.found(uri) for uri in (first, second, third)] == [[], [], [("HP101", "momentum=0.9")]]
    fix = client.actions(third, "momentum=0.9")[0]
    client.apply(fix["edit"])
    assert client.texts[third] != BAD
    assert "momentum" not in client.texts[third]
    assert client.texts[first] == IMPORTS
    assert client.found(third) == []


def test_a_name_of_an_earlier_cell_counts(client: Client) -> None:
    first, second = client.open_notebook("rate.ipynb", "import torch\nlr = le-5\nmomentum = 0.9", BAD)
    assert [text for _, text in client.found(first)] == ["le-5"]
    client.change(first, "import torch")
    assert client.found(first) == []
    assert client.found(second) == [("HP101", "momentum=0.9")]


def test_a_suppression_is_written_into_the_cell(client: Client) -> None:
    *_, cell = client.open_notebook("train.ipynb", IMPORTS, MODEL, BAD)
    (suppress,) = (each for each in client.actions(cell, "momentum=0.9") if each["title"].startswith("Suppress"))
    client.apply(suppress["edit"])
    assert "hplint: ignore[" in client.texts[cell]
    assert client.found(cell) == []


def test_all_safe_fixes_reach_every_cell(client: Client) -> None:
    cells = client.open_notebook("typos.ipynb", "import torch\nlr = le-5", "decay = le-4\n", "# nothing")
    (action,) = client.actions(cells[1], "decay", ["source.fixAll.hplint"])
    client.apply(client.ask("codeAction/resolve", action)["edit"])
    assert [client.texts[uri] for uri in cells] == ["import torch\nlr = 1e-5", "decay = 1e-4\n", "# nothing"]


def test_cells_come_go_and_are_edited_in_part(client: Client) -> None:
    client.open_notebook("train.ipynb", IMPORTS, MODEL, BAD)
    notebook = notebook_of(client)
    cells = client.splice(notebook, 1, 0, "# a new cell\nrate = le-5\n")
    assert [client.found(uri) for uri in cells] == [[], [("HP138", "le-5")], [], [("HP101", "momentum=0.9")]]
    cells = client.splice(notebook, 1, 1)
    assert client.found(cells[2]) == [("HP101", "momentum=0.9")]
    place = client.range(cells[2], ", momentum=0.9")
    client.versions[cells[2]] += 1
    document = {"uri": cells[2], "version": client.versions[cells[2]]}
    client.change_notebook(
        notebook, {"textContent": [{"document": document, "changes": [{"range": place, "text": ""}]}]}
    )
    client.texts[cells[2]] = GOOD
    assert client.found(cells[2]) == []


def test_cells_that_move_keep_their_text(client: Client) -> None:
    first, second = client.open_notebook("order.ipynb", "x = le-5\n", "import torch\n")
    array = {"start": 0, "deleteCount": 2, "cells": [{"kind": 2, "document": each} for each in (second, first)]}
    client.change_notebook(notebook_of(client), {"structure": {"array": array}})
    assert [client.found(first), client.found(second)] == [[("HP138", "le-5")], []]


def test_a_half_typed_cell_keeps_the_findings_of_all(client: Client) -> None:
    _, model, cell = client.open_notebook("train.ipynb", IMPORTS, MODEL, BAD)
    assert client.found(cell) == [("HP101", "momentum=0.9")]
    client.change(model, MODEL + "for x in (")
    assert client.found(model) == []
    assert client.found(cell) == [("HP101", "momentum=0.9")]
    client.change(cell, BAD + "\nprint(")
    assert client.found(cell) == [("HP101", "momentum=0.9")]
    client.tell("notebookDocument/didSave", {"notebookDocument": {"uri": notebook_of(client)}})
    assert [code for code, _ in client.found(model)] == ["HP001"]


def test_hovers_and_hints_of_cells(client: Client) -> None:
    first, cell = client.open_notebook(
        "train.ipynb", IMPORTS + "rate = 3e-4\n", "\n\nopt = torch.optim.Adam(nn.Linear(1, 1).parameters())\nrate = 1"
    )
    assert client.hints(first) == []
    ((offset, label),) = client.hints(cell)
    assert "lr=0.001" in label
    assert client.texts[cell][:offset].endswith("parameters()")
    client.change(cell, "opt = torch.optim.Adam(nn.Linear(1, 1).parameters(), lr=rate)")
    shown = client.hover(cell, "lr=rate")
    assert shown is not None
    assert "cell 1, line 3" in shown
    assert first in shown


def test_findings_are_pushed_by_cell_and_taken_back(start: Start) -> None:
    client = start(PUSHED)
    first, cell = client.open_notebook("train.ipynb", IMPORTS + "model = nn.Linear(1, 1)", BAD)
    assert (client.pushed(first), client.pushed(cell)) == ([], ["HP101"])
    client.change(cell, GOOD)
    assert client.pushed(cell) == []
    client.change(cell, BAD)
    assert client.pushed(cell) == ["HP101"]
    client.splice(notebook_of(client), 1, 1)
    cleared = client.wait("textDocument/publishDiagnostics")
    assert (cleared["uri"], cleared["diagnostics"]) == (cell, [])


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [""],
        [("r", "lr <- le-5"), ("markdown", "# import torch le-5")],
        [("sql", "select le-5"), "%%bash\nimport torch le-5"],
    ],
)
def test_nothing_is_said_where_there_is_no_python(client: Client, cells: list[Any]) -> None:
    for uri in client.open_notebook("other.ipynb", *cells):
        assert client.found(uri) == []
        assert client.hints(uri) == []
        assert client.hover(uri, client.texts[uri][:1]) is None


def test_the_json_of_a_notebook_gets_no_findings(client: Client) -> None:
    document = {"cells": [{"cell_type": "code", "metadata": {}, "source": "import torch\nlr = le-5"}], "metadata": {}}
    uri = client.open("raw.ipynb", json.dumps(document), language="json")
    assert client.found(uri) == []
    assert client.actions(uri, "le-5") == []


def test_a_notebook_that_is_closed_is_forgotten(client: Client) -> None:
    (cell,) = client.open_notebook("train.ipynb", "import torch\nlr = le-5")
    assert client.found(cell) == [("HP138", "le-5")]
    client.close_notebook(notebook_of(client))
    assert client.pull(cell)["items"] == []
