"""A plugin with rules made for tests of the engine: they look for marker words, so that a text says what is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NAME = "marker"

_RULES = '''"""Rules that look for marker words."""

import os
import re

from hplint.rule import Draft, DraftEdit, DraftFix, Files, Level, Place, Safety, replace, rule

OTHER_TOPIC = "markers"


def _places(file, word):
    return [Place(found.start(), found.end()) for found in re.finditer(word, file.text)]


@rule("HP901", "found-red", level=Level.ERROR, topic="markers", subject=Files(), since="0.1", library="dye")
def red(file):
    for place in _places(file, "RED"):
        yield Draft(place, "`RED` is here", fix=replace(place, "GREEN", "write `GREEN`", Safety.SAFE))


@rule("HP902", "found-blue", level=Level.WARNING, topic="markers", subject=Files("BLUE"), since="0.1", library="dye")
def blue(file):
    for place in _places(file, "BLUE"):
        first = _places(file, "torch")[0]
        yield Draft(place, "`BLUE` is here", related=((first, "torch is imported here"),),
                    fix=replace(place, "GREEN", "write `GREEN`"))


@rule("HP903", "found-grey", level=Level.PEDANTIC, topic="markers", subject=Files("GREY"), since="0.1", library="dye")
def grey(file):
    for place in _places(file, "GREY"):
        yield Draft(place, "`GREY` is here")


@rule("HP904", "found-shade", level=Level.ERROR, topic="shades", subject=Files("SHADE"), since="0.1", library="dye")
def shade(file):
    for place in _places(file, "SHADE_HARD"):
        yield Draft(place, "`SHADE_HARD` is here")
    for place in _places(file, "SHADE_SOFT"):
        yield Draft(place, "`SHADE_SOFT` is here", level=Level.ADVICE)
    for place in _places(file, "SHADE_FAINT"):
        yield Draft(place, "`SHADE_FAINT` is here", level=Level.PEDANTIC)


@rule("HP905", "broken-rule", level=Level.ERROR, topic="failures", subject=Files("CRASH"), since="0.1", library="dye")
def broken(file):
    yield Draft(_places(file, "CRASH")[0], "`CRASH` is here")
    raise KeyError("a bug in a rule")


@rule("HP906", "killer", level=Level.ERROR, topic="failures", subject=Files("KILL_WORKER"), since="0.1", library="dye")
def killer(file):
    os._exit(9)


@rule("HP907", "bad-fix", level=Level.ERROR, topic="fixes", subject=Files("UNPARSABLE"), since="0.1", library="dye")
def bad_fix(file):
    for place in _places(file, "UNPARSABLE"):
        yield Draft(place, "`UNPARSABLE` is here", fix=replace(place, "(", "break it", Safety.SAFE))


@rule("HP908", "swinging", level=Level.ERROR, topic="fixes", subject=Files("PING", "PONG"), since="0.1", library="dye")
def swinging(file):
    for old, new in (("PING", "PONG"), ("PONG", "PING")):
        for place in _places(file, old):
            yield Draft(place, f"`{old}` is here", fix=replace(place, new, f"write `{new}`", Safety.SAFE))


@rule("HP909", "growing", level=Level.ERROR, topic="fixes", subject=Files("GROW"), since="0.1", library="dye")
def growing(file):
    """Needs three rounds, and puts a line in."""
    for place in _places(file, r"GROW(_\\d)?\\b"):
        step = {"GROW": "GROW_1", "GROW_1": "GROW_2", "GROW_2": "DONE"}[file.text[place.start:place.end]]
        line = file.text.rfind("\\n", 0, place.start) + 1
        edits = (DraftEdit(line, line, f"# {step}\\n".replace("GROW", "STEP")), DraftEdit(place.start, place.end, step))
        yield Draft(place, "it grows", fix=DraftFix("let it grow", edits, Safety.SAFE))


@rule("HP910", "overlapping", level=Level.ERROR, topic="fixes", subject=Files("PAIR"), since="0.1", library="dye")
def overlapping(file):
    for place in _places(file, "PAIR"):
        whole = Place(place.start, place.end + 1)
        yield Draft(place, "`PAIR` is here", fix=replace(place, "ONE", "write `ONE`", Safety.SAFE))
        yield Draft(whole, "`PAIR` and one more", fix=replace(whole, "TWO", "write `TWO`", Safety.SAFE))


@rule("HP911", "unwritable", level=Level.ERROR, topic="fixes", subject=Files("EURO"), since="0.1", library="dye")
def unwritable(file):
    for place in _places(file, "EURO"):
        yield Draft(place, "`EURO` is here", fix=replace(place, "\\u20ac", "write the sign", Safety.SAFE))


@rule("HP912", "elsewhere", level=Level.ERROR, topic="failures", subject=Files("ELSEWHERE"), since="0.1", library="dye")
def elsewhere(file):
    yield Draft(Place(0, 1, "other.py"), "`ELSEWHERE` points out of the file")


@rule("HP913", "echoing", level=Level.ERROR, topic="markers", subject=Files("ECHO"), since="0.1", library="dye")
def echoing(file):
    yield Draft(_places(file, "ECHO")[0], "`ECHO` is here")
    yield Draft(_places(file, "ECHO")[0], "`ECHO` is here")
'''

_ENTRY_POINTS = f"[hplint.rules]\n{NAME} = hplint_marker_rules\n"


def install(folder: Path) -> None:
    """Put the plugin into a folder as an installer would; it counts once the folder is on ``sys.path``."""
    (folder / "hplint_marker_rules.py").write_text(_RULES, "utf-8")
    metadata = folder / "hplint_marker_rules-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hplint-marker-rules\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text(_ENTRY_POINTS, "utf-8")


@pytest.fixture(scope="session")
def plugin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin in it."""
    folder = tmp_path_factory.mktemp("plugin")
    install(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the working directory, that uses the plugin; processes that are started see it too."""
    monkeypatch.syspath_prepend(str(plugin_folder))
    monkeypatch.setenv("PYTHONPATH", str(plugin_folder), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hplint.toml").write_text(f'plugins = ["{NAME}"]\n', "utf-8")
    return tmp_path
