"""Reads what files of a project say of the libraries that it needs. Nothing is run, and what is malformed says nothing.

The readers take a text and give requirements in any order; :func:`versions_of` says what they come to.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import unquote

from hplint.documents import is_nested_deep, load_toml, read_document
from hplint.facts.syntax import Collection, Dict, Expr, ExprStatement, Literal
from hplint.parse import TooComplex, scan
from hplint.records import value_record
from hplint.versions import ANY, NONE, Versions, allowed, exactly

Include = Callable[[str], str | None]
"""The text of a file that a requirements file names, None when it is not to be had."""

_MAX_LINE = 2_000
_MAX_LINES = 10_000
_MAX_SETUP = 100_000
"""Characters of a setup.py."""
_MAX_NAMED = 100
"""Requirements of one library in one file. What has more is not meant to be read."""
_MAX_INCLUDED = 20
_CONDA_NAMES = {"pytorch": "torch", "pytorch-gpu": "torch", "pytorch-cpu": "torch"}
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_NAMED = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)", re.ASCII)
_INCLUDES = re.compile(r"(?:-r|-c|--requirement|--constraint)\b[\s=]*(.+)")
_EDITABLE = re.compile(r"(?:-e|--editable)\b[\s=]*(.+)")
_EGG = re.compile(r"#egg=([A-Za-z0-9][\w.-]*)", re.ASCII)
_BUILT = re.compile(r"==?\s*([^=\s]+)(?:=.*)?", re.DOTALL)


@value_record
class Requirement:
    """A library that is needed, under its normal name. ``conditional``: not in every installation."""

    name: str
    versions: Versions
    conditional: bool = False


def versions_of(library: str, requirements: Iterable[Requirement]) -> Versions | None:
    """What one file allows of a library, None when it does not name it.

    What holds in every installation holds together; without such a requirement any of the others may be the one.
    """
    wanted = normal(library)
    found = list(islice((each for each in requirements if each.name == wanted), _MAX_NAMED + 1))
    if not found:
        return None
    if len(found) > _MAX_NAMED:
        return ANY
    always = [each.versions for each in found if not each.conditional]
    versions = ANY if always else NONE
    for each in always:
        versions &= each
    for one in () if always else found:
        versions |= one.versions
    return versions if versions.ranges else ANY  # What excludes itself says nothing.


def normal(name: str) -> str:
    """A name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


# --- requirements.txt, and what is written like a line of it


def of_lines(text: str, include: Include, left: list[None] | None = None) -> Iterator[Requirement]:
    """Of a requirements or constraints file, with those that it names."""
    left = [None] * _MAX_INCLUDED if left is None else left
    for whole in re.sub(r"\\\r?\n", " ", text).splitlines()[:_MAX_LINES]:
        line = _COMMENT.sub("", whole[:_MAX_LINE]).strip()
        included, editable = _INCLUDES.fullmatch(line), _EDITABLE.fullmatch(line)
        if included is not None and left:
            left.pop()
            other = include(included[1].strip("\"' "))
            if other is not None:
                yield from of_lines(other, include, left)
        elif editable is not None:
            yield from of_line(editable[1])
        elif not line.startswith("-"):
            yield from of_line(line)


def of_line(line: str, *, conditional: bool = False) -> Iterator[Requirement]:
    """Of one line: ``torch[x]>=1.8,!=2.0.0; python_version > "3.8"``, ``torch @ https://…``, the path of a wheel."""
    line, _, marker = _COMMENT.sub("", line[:_MAX_LINE]).partition(";")
    conditional = conditional or bool(marker)
    plain = line.split(" --")[0].strip()
    wheel = _of_wheel(plain)
    named, egg = _NAMED.fullmatch(plain), _EGG.search(plain)
    if wheel is not None:
        yield Requirement(*wheel, conditional)
    elif egg is not None:
        yield Requirement(normal(egg[1]), ANY, conditional)
    elif named is not None:
        condition = named[2].strip("() ")
        if condition.startswith("=") and condition[1:2] not in ("", "="):
            yield from of_conda(plain)  # The output of `conda list --export`.
        else:
            yield Requirement(normal(named[1]), allowed(condition) or ANY, conditional)


def _of_wheel(text: str) -> tuple[str, Versions] | None:
    """The name and the version in the name of a built archive."""
    for word in text.split():
        if ".whl" in word:
            parts = unquote(re.split(r"[?#]", word)[0].rpartition("/")[2]).split("-")
            if len(parts) in (5, 6) and parts[-1].endswith(".whl") and parts[1][:1].isdigit():
                return normal(parts[0]), exactly(parts[1])
    return None


def _of_lists(value: object, *, conditional: bool = False) -> Iterator[Requirement]:
    """Of a list of lines, or of a table with such lists."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _of_lists(each, conditional=conditional)
    elif isinstance(value, list):
        for line in value:
            if isinstance(line, str):
                yield from of_line(line, conditional=conditional)


def of_metadata(text: str) -> Iterator[Requirement]:
    """Of the METADATA of a built package."""
    head = re.split(r"\n\r?\n", text, maxsplit=1)[0]
    for line in re.findall(r"^Requires-Dist:(.*)", head, re.MULTILINE):
        yield from of_line(line.strip())


# --- TOML


def of_pyproject(text: str) -> Iterator[Requirement]:
    """Of a pyproject.toml: the standard tables and those of Poetry, PDM, uv and Hatch."""
    document = load_toml(text) or {}
    project, tool = _table(document, "project"), _table(document, "tool")
    yield from _of_lists(project.get("dependencies"))
    yield from _of_lists(project.get("optional-dependencies"), conditional=True)
    yield from _of_lists(document.get("dependency-groups"), conditional=True)
    for name in ("pdm", "uv"):
        yield from _of_lists(_table(tool, name).get("dev-dependencies"), conditional=True)
    for environment in _table(_table(tool, "hatch"), "envs").values():
        if isinstance(environment, dict):
            yield from _of_lists(environment.get("dependencies"), conditional=True)
            yield from _of_lists(environment.get("extra-dependencies"), conditional=True)
    poetry = _table(tool, "poetry")
    yield from _of_table(_table(poetry, "dependencies"))
    yield from _of_table(_table(poetry, "dev-dependencies"), conditional=True)
    for group in _table(poetry, "group").values():
        yield from _of_table(_table(group, "dependencies"), conditional=True)


def of_pipfile(text: str) -> Iterator[Requirement]:
    """Of a Pipfile."""
    for name, table in (load_toml(text) or {}).items():
        if name not in ("source", "requires", "scripts", "pipenv", "pipfile"):
            yield from _of_table(table, conditional=name != "packages")


def _of_table(table: object, *, conditional: bool = False) -> Iterator[Requirement]:
    """Of a table from names to what is wanted of them: a condition, a table that has one, or a list of these."""
    for name, value in table.items() if isinstance(table, dict) else ():
        for each in value if isinstance(value, list) else [value]:
            told = each.get("version") if isinstance(each, dict) else each
            place = " ".join(v for k, v in each.items() if k in _PLACES and isinstance(v, str)) if told is None else ""
            wheel = _of_wheel(place)
            versions = wheel[1] if wheel else (allowed(told) if isinstance(told, str) else None) or ANY
            depends = isinstance(each, dict) and not _CONDITIONS.isdisjoint(each)
            yield Requirement(normal(name), versions, conditional or depends or isinstance(value, list))


_PLACES = ("file", "path", "url")
_CONDITIONS = frozenset({"markers", "optional", "platform", "platform_system", "python", "python_version"})


def _table(document: object, name: str) -> dict[str, Any]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


# --- setuptools


def of_setup_cfg(text: str) -> Iterator[Requirement]:
    """Of a setup.cfg."""
    from configparser import Error, RawConfigParser

    parser = RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
        always = parser.get("options", "install_requires", fallback=None)
        extras = parser.items("options.extras_require") if parser.has_section("options.extras_require") else []
    except Error:
        return
    yield from _of_lists((always or "").splitlines())
    for _, lines in extras:
        yield from _of_lists((lines or "").splitlines(), conditional=True)


def of_setup_py(text: str) -> Iterator[Requirement]:
    """Of a setup.py whose ``install_requires`` or ``extras_require`` is written out. It is read, never run."""
    import ast
    import warnings

    if len(text) > _MAX_SETUP:
        return
    try:
        scan(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(text)))
    except (TooComplex, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    uses = Counter(each.id for each in nodes if isinstance(each, ast.Name))
    assigned = {
        each.targets[0].id: each.value
        for each in nodes
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
    }

    def written(value: ast.expr) -> object:
        """Lists and tables of texts; through a name that is assigned once and read here only."""
        if isinstance(value, ast.Name):
            meant = assigned.get(value.id)
            if meant is None or uses[value.id] != 2 or isinstance(meant, ast.Name):
                return None
            value = meant
        if isinstance(value, ast.List | ast.Tuple):
            return [each.value for each in value.elts if isinstance(each, ast.Constant)]
        if isinstance(value, ast.Dict):
            return {at: written(each) for at, each in enumerate(value.values) if not isinstance(each, ast.Dict)}
        return None

    for call in nodes:
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) == "setup":
            for keyword in call.keywords:
                if keyword.arg in ("install_requires", "extras_require"):
                    yield from _of_lists(written(keyword.value), conditional=keyword.arg == "extras_require")


# --- conda


def of_environment(text: str) -> Iterator[Requirement]:
    """Of conda's environment.yml, with what pip is to install there."""
    code = read_document(text, "yaml")
    statement = code.body[0] if code is not None else None
    whole = statement.value if isinstance(statement, ExprStatement) else None
    for each in _elements(_item(whole, "dependencies")):
        if isinstance(each, Literal) and isinstance(each.value, str):
            yield from of_conda(each.value)
        for line in _elements(_item(each, "pip")):
            if isinstance(line, Literal) and isinstance(line.value, str) and not line.value.startswith("-"):
                yield from of_line(line.value)


def of_conda(text: str) -> Iterator[Requirement]:
    """Of one of conda's conditions: ``conda-forge::pytorch=1.13.1=py3.10_cuda11.7``, ``pytorch >=1.8,<2``."""
    named = _NAMED.fullmatch(text[:_MAX_LINE].rpartition("::")[2].strip())
    if named is None:
        return
    name, condition = normal(named[1]), named[2].strip()
    bracket = re.search(r"\[.*version\s*=\s*['\"]?([^'\"\]]+)", text[:_MAX_LINE])
    built = _BUILT.fullmatch(condition)
    if bracket is not None:
        versions = allowed(bracket[1], loose=True)
    elif built is not None:
        versions = allowed(built[1], loose=not condition.startswith("=="))
    elif condition[:1].isdigit():
        versions = allowed(condition.split()[0], loose=True)  # A build may follow.
    else:
        versions = allowed(condition, loose=True)
    yield Requirement(_CONDA_NAMES.get(name, name), versions or ANY)


def _item(node: Expr | None, key: str) -> Expr | None:
    items = node.items if isinstance(node, Dict) else ()
    return next((value for name, value in items if isinstance(name, Literal) and name.value == key), None)


def _elements(node: Expr | None) -> tuple[Expr, ...]:
    return node.elements if isinstance(node, Collection) else ()


# --- locks


def of_lock(text: str) -> Iterator[Requirement]:
    """Of uv.lock, poetry.lock, pdm.lock and pylock.toml, which all write a package alike."""
    for name, version in re.findall(r'^name = "([\w.-]{1,100})"\r?\nversion = "(\d[^"\s]{0,100})"', text, re.MULTILINE):
        yield Requirement(normal(name), exactly(version), conditional=True)


def of_pipfile_lock(text: str) -> Iterator[Requirement]:
    """Of a Pipfile.lock."""
    try:
        document = {} if is_nested_deep(text) else json.loads(text)
    except (ValueError, RecursionError):
        return
    for name in ("default", "develop"):
        yield from _of_table(_table(document, name), conditional=True)
