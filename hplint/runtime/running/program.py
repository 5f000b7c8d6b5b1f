"""A script or a module run as ``__main__``, as ``python FILE ARGS`` and ``python -m MODULE ARGS`` do."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import CodeType, TracebackType

from hplint.runtime.running.ends import DryRunEnds

_HPLINT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
INTERRUPTED = 130


class NotRunnable(Exception):
    """There is no such script or module; the message says why."""


@dataclass(frozen=True)
class Program:
    """What is to be run."""

    shown: str
    file: str
    code: CodeType
    folder: str
    """What ``sys.path`` starts with."""
    spec: ModuleSpec | None = None


@dataclass(frozen=True)
class Ending:
    """How a program ended: its exit code, and whether a dry run stopped it."""

    code: int
    stopped: bool = False


def script(path: str) -> Program:
    """A script by its path.

    Raises:
        NotRunnable: it cannot be read or is no Python.
    """
    file = os.path.abspath(path)
    try:
        with open(file, "rb") as stream:
            code = compile(stream.read(), file, "exec", dont_inherit=True)
    except OSError as problem:
        raise NotRunnable(f"`{path}` cannot be read: {problem.strerror}") from problem
    except (SyntaxError, ValueError) as problem:
        raise NotRunnable(f"`{path}` is not Python: {problem}") from problem
    return Program(os.path.basename(path), file, code, os.path.dirname(os.path.realpath(file)))


def module(name: str) -> Program:
    """A module by its name; of a package its ``__main__``.

    Raises:
        NotRunnable: it is not found or cannot be run.
    """
    folder = os.getcwd()
    sys.path[0] = folder  # It is looked for where it will run.
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError, AttributeError) as problem:
        raise NotRunnable(f"`-m {name}`: {problem}") from problem
    get_code = getattr(spec.loader, "get_code", None) if spec is not None else None
    if spec is None or get_code is None:
        raise NotRunnable(f"there is no module `{name}` to run")
    try:
        code = get_code(spec.name)
    except (SyntaxError, ImportError) as problem:
        raise NotRunnable(f"`-m {name}`: {problem}") from problem
    if code is None:
        raise NotRunnable(f"`{name}` has no Python code")
    return Program(f"-m {name}", spec.origin or code.co_filename, code, folder, spec)


def execute(program: Program, given: str, arguments: Sequence[str], is_ours: Callable[[BaseException], bool]) -> Ending:
    """Run it to its end. An exception is shown as Python shows it, unless it ``is_ours``: then we stopped it."""
    sys.argv = [program.file if program.spec is not None else given, *arguments]
    sys.path[0] = program.folder
    main = types.ModuleType("__main__")
    spec = program.spec
    main.__dict__.update(
        __file__=program.file,
        __builtins__=__builtins__,
        __spec__=spec,
        __package__=spec.parent if spec is not None else None,
        __loader__=spec.loader if spec is not None else None,
        __cached__=spec.cached if spec is not None else None,
    )
    sys.modules["__main__"] = main
    try:
        exec(program.code, main.__dict__)
    except DryRunEnds:
        return Ending(0, stopped=True)
    except SystemExit as end:
        return Ending(_exit_code(end))
    except BaseException as problem:
        if _came_from_dry_run(problem) or is_ours(problem):
            return Ending(0, stopped=True)
        problem.__traceback__ = without_us(problem.__traceback__)
        sys.excepthook(type(problem), problem, problem.__traceback__)
        return Ending(INTERRUPTED if isinstance(problem, KeyboardInterrupt) else 1)
    finally:
        _flush()
    return Ending(0)


def _came_from_dry_run(problem: BaseException) -> bool:
    """Whether this is what some code made of the end of the dry run, by raising another exception from it."""
    seen: set[int] = set()
    at: BaseException | None = problem
    while at is not None and id(at) not in seen:
        if isinstance(at, DryRunEnds):
            return True
        seen.add(id(at))
        at = at.__cause__ or at.__context__
    return False


def without_us(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of hplint."""
    frames: list[TracebackType] = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_HPLINT):
            frames.append(traceback)
        traceback = traceback.tb_next
    shown: TracebackType | None = None
    for each in reversed(frames):
        shown = TracebackType(shown, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return shown


def _exit_code(end: SystemExit) -> int:
    """As the interpreter does: a number is the code, nothing is 0, anything else is printed and 1."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
