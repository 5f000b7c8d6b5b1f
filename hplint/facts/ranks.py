"""What the processes of a distributed run do alike, though only one should, or each with its own numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.lifetimes import followed
from hplint.facts.makers import calls_of
from hplint.facts.order import blocks_around
from hplint.facts.syntax import (
    Attribute,
    Call,
    Compare,
    Conditional,
    Expr,
    FunctionDef,
    If,
    Lambda,
    Literal,
    Name,
    Node,
    Return,
    Simple,
    Unary,
    While,
)
from hplint.facts.tree import last_name, walk
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_JOINS = frozenset({"torch.distributed.init_process_group", "torch.nn.parallel.DistributedDataParallel"})
_OTHER_WAYS = regex(
    r"FullySharded|fully_shard|FSDP|deepspeed|Accelerator\(|accelerate|lightning|Fabric|torch_xla|ignite|"
    r"distributed\.checkpoint|rank_zero|\bhorovod|setup_for_distributed"
)
"""Frameworks that save by themselves, states that each process has a part of, and helpers that silence the others."""
_RANK = regex(
    r"rank|main|master|primary|chief|leader|distrib|world|proc|node|ddp|parallel|local|gpu|device|standalone|single|alone|"
    r"\bis_\w+_0|dist\b|coordinator|root",
    re.IGNORECASE,
)
"""Words of conditions and names by which a process may be told from the others."""
_FOR_ONE = regex(r"rank|main_process|on_main|is_main|master|primary", flags=re.IGNORECASE)
"""Words of functions that only one process is to run."""
_PLACE = regex(r"rank|gpu|device|proc|worker|shard|tmp|temp|BytesIO|buffer", re.IGNORECASE)
_DEPTH = 4


def saved_by_all(file: File) -> Iterator[tuple[Call, Expr, Call]]:
    """The calls of ``torch.save`` that each process runs with the same path; with the path and what joins the run."""
    joined = _joined(file)
    if joined is None:
        return
    for call in file.callers.by_name.get("save", ()):
        if file.qualified(call.func) != "torch.save" or len(call.args) < 2 or call.args[1].star:
            continue
        path = call.args[1].value
        written = f"{file.source(path)} {file.source(followed(file, path))}"
        if not _PLACE.search(written) and _everywhere(file, call, _DEPTH):
            yield call, path, joined


def _joined(file: File) -> Call | None:
    """The call by which a process joins a run of several."""
    if _OTHER_WAYS.search(file.text):
        return None
    return next((call.node for call in file.calls if call.name in _JOINS and call.via is None), None)


def _everywhere(file: File, node: Node, depth: int) -> bool:
    """Whether all that leads to a record is in view, and nothing on the way asks which process it is."""
    for block, _ in reversed(blocks_around(file, node)):
        if isinstance(block, If | While | Conditional) and _tells_apart(file, block.test):
            return False
        if isinstance(block, FunctionDef):
            return _FOR_ONE.search(block.name) is None and _reached(file, block, node, depth)
        if isinstance(block, Lambda):
            return False
    return not _left_before(file, None, node)


def _reached(file: File, function: FunctionDef, node: Node, depth: int) -> bool:
    if not depth or function.decorators or _left_before(file, function, node):
        return False
    calls = calls_of(file, function)
    spawned = any(
        last_name(arg.value) == function.name and isinstance(arg.value, Name)
        for name in ("spawn", "Process")
        for call in file.callers.by_name.get(name, ())
        for arg in call.args
    )
    return bool(calls or spawned) and all(_everywhere(file, call, depth - 1) for call in calls)


def _left_before(file: File, whole: Node | None, node: Node) -> bool:
    """Whether a process may have left before a record: ``if rank != 0: return``."""
    for choice in file.all(If) if whole is None else file.within(If, whole):
        leaves = choice.end <= node.start and any(isinstance(part, Return | Simple) for part in choice.body)
        if leaves and _tells_apart(file, choice.test):
            return True
    return False


def _tells_apart(file: File, test: Expr) -> bool:
    """Whether a condition may differ between the processes, by its words and those of what its names are assigned."""
    if any(_is_first(part) for part in walk(test)):
        return True
    texts = [file.source(test), *(file.source(followed(file, part)) for part in walk(test) if isinstance(part, Name))]
    return any("__name__" not in text and _RANK.search(text) for text in texts)


def _is_first(part: Node) -> bool:
    """Whether a number is asked for being 0, as that of the first process is: ``index == 0``, ``not index``."""
    if isinstance(part, Unary):
        return part.op == "not" and isinstance(part.operand, Name)
    if not isinstance(part, Compare) or not isinstance(part.left, Name | Attribute):
        return False
    other = part.comparators[0]
    return part.ops[0] in ("in", "not in") or (isinstance(other, Literal) and other.value in (0, -1))
