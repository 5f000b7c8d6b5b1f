"""Inventories of texts, as the command prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.commands import hplint


def entries(folder: Path, text: str, name: str = "train.py") -> dict[str, list[str]]:
    """From each hyperparameter of a script to its values, as text."""
    found: dict[str, list[str]] = {}
    for entry in documents(folder, text, name):
        found.setdefault(entry["hyperparameter"], []).append(entry["text"])
    return found


def documents(folder: Path, text: str, name: str = "train.py") -> list[dict[str, Any]]:
    """The entries of a script, as JSON has them."""
    (folder / name).write_text(text, "utf-8")
    scripts = json.loads(hplint("inventory", str(folder / name), "--format", "json").stdout)["scripts"]
    return scripts[0]["entries"] if scripts else []
