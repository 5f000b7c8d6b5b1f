"""Where random number generators are seeded, which ones and with what, and whether several processes run a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hplint.facts.branches import branches
from hplint.facts.makers import made_by
from hplint.facts.syntax import Assign, Attribute, Call, ClassDef, Expr, For, FunctionDef, Import, While
from hplint.facts.tree import inside, last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

TORCH, NUMPY, PYTHON = "torch", "numpy", "python"
EVERY = frozenset({TORCH, NUMPY, PYTHON})
_ONLY = {
    **dict.fromkeys(("torch.manual_seed", "torch.random.manual_seed", "torch.seed", "torch.random.seed"), TORCH),
    "torch.set_rng_state": TORCH,
    "numpy.random.seed": NUMPY,
    "random.seed": PYTHON,
}
_OF_DEVICES = ("torch.cuda.", "torch.mps.", "torch.xpu.", "torch.npu.", "torch.mlu.", "torch_xla.")
_OTHERS = ("tensorflow.", "jax.", "dgl.", "cupy.", "imgaug.")
_SEED_NOTHING = ("torch", "numpy", "math", "typing", "os", "sklearn", "matplotlib", "tqdm")
_SEEDS = ("seed", "determinis", "reproduc", "fix_random", "rng_state")
_CALLS = regex(r"seed\w*\s*\(|determinis|fix_random|seed_everything", re.IGNORECASE)
"""What a module says that seeds: `seed_nodes` are none."""
_RANK = regex(r"\brank|_rank|\bget_rank|process_index|local_rank|RANK", re.IGNORECASE)
_PROCESSES = regex(
    r"\binit_process_group\(|\bAccelerator\(|\bdeepspeed\.initialize\(|"
    r"(?:strategy|accelerator)\s*=\s*[\"'](?:ddp|fsdp|deepspeed)"
)


@value_record
class Seeding:
    """One call that seeds. ``of``: the generators that it is certain to seed, or that it may seed.

    ``given``: what it seeds them with, None where that is not written there. ``certain``: it is known which ones.
    """

    call: Call
    of: frozenset[str]
    given: Expr | None
    certain: bool

    def by_rank(self, file: File) -> bool:
        """Whether each process of a distributed run is given a seed of its own."""
        return self.given is not None and _RANK.search(file.source(self.given)) is not None


def seedings(file: File) -> tuple[Seeding, ...]:
    """The calls that seed, or whose names say so, in the order of the text."""
    return _seedings(file)


@lru_cache(maxsize=1)
def _seedings(file: File) -> tuple[Seeding, ...]:
    return tuple(_read(file)) if _speaks_of_seeds(file.text) else ()


def _speaks_of_seeds(text: str) -> bool:
    text = text.lower()
    return any(word in text for word in _SEEDS)


def _read(file: File) -> Iterator[Seeding]:
    for call in file.all(Call):
        if not _speaks_of_seeds(last_name(call.func)):
            continue
        name = file.qualified(call.func) or ""
        given = call.args[0].value if call.args and not call.args[0].star else None
        if name in _ONLY:
            yield Seeding(call, frozenset({_ONLY[name]}), given, certain=True)
        elif name.startswith((*_OF_DEVICES, *_OTHERS)) or last_name(call.func) in ("initial_seed", "get_rng_state"):
            continue
        elif not _of_a_generator(file, call):
            yield Seeding(call, EVERY, given, certain=False)


def _of_a_generator(file: File, call: Call) -> bool:
    """Whether a call seeds one generator object: ``torch.Generator().manual_seed(0)``, ``env.seed(0)``."""
    return file.qualified(call.func) is None and last_name(call.func) in ("manual_seed", "seed")


def seeds_unseen(file: File) -> bool:
    """Whether something outside of the file may seed: a module of the project that it imports, a trainer."""
    stars = [each.module or "" for each in file.every(Import) if each.star and each.level == 0]
    unknown = [each for each in stars if not each.startswith(_SEED_NOTHING) and file.imported(each) is None]
    return bool(unknown) or "TrainingArguments" in file.text or any(_CALLS.search(each.text) for each in imported(file))


def imported(file: File) -> Iterator[File]:
    """The modules of the project that a file imports from."""
    for statement in file.every(Import):
        module = "." * statement.level + (statement.module or "")
        for name, _ in statement.names or (("", None),):
            dotted = f"{module}.{name}" if module.strip(".") and name else module + name
            found = file.imported(dotted)
            if found is not None:
                yield found[0]


def in_processes(file: File) -> bool:
    """Whether a file itself starts, or joins, a run of several processes that execute it alike."""
    return _PROCESSES.search(file.text) is not None


# --- too late, and too few

_WEIGHTS_SET = regex(
    r"load_state_dict|from_pretrained|pretrained|weights=|\binit\.\w+_\(|\.apply\(|reset_parameters|_initialize_weights"
)


def seeded_too_late(file: File) -> Iterator[tuple[Call, Call]]:
    """The only seeding of torch in a file, with a model that is trained and certainly made before it."""
    seeds = [each for each in seedings(file) if TORCH in each.of]
    if len(seedings(file)) == 0 or len(seeds) == 0 or not all(each.certain for each in seedings(file)):
        return
    first = seeds[0].call
    if "backward(" not in file.text or seeds_unseen(file):
        return
    loops: tuple[For | While, ...] = (*file.all(For), *file.all(While))
    if any(each.call.scope != first.scope for each in seeds) or any(inside(first, loop) for loop in loops):
        return
    for module in file.all(Assign):
        model, target = module.value, module.targets[0]
        if not isinstance(model, Call) or model.scope != first.scope or model.start > first.start:
            continue
        made = _constructed(file, model) if f"{file.source(target)}.parameters(" in file.text else None
        if made is not None and branches(file, model) <= branches(file, first):
            if not _WEIGHTS_SET.search(file.text):
                yield first, made
            return


def _constructed(file: File, call: Call) -> Call | None:
    """The call that makes a model, here or in the helper that is called here."""
    if isinstance(file.definition(call.func), FunctionDef):
        made = made_by(file, call)
        return _model(file, made[0]) if len(made) == 1 else None
    return _model(file, call)


def _model(file: File, call: Call) -> Call | None:
    """The call that makes a model with weights: of a class in view, or layers of torch."""
    while isinstance(call.func, Attribute) and call.func.attr in ("to", "cuda") and isinstance(call.func.value, Call):
        call = call.func.value
    defined = file.definition(call.func)
    if isinstance(defined, ClassDef):
        known = any(each.node is defined and bool(each.layers) for each in file.modules)
        return call if known else None
    return call if file.qualified(call.func) in _LAYERS else None


_LAYERS = frozenset({f"torch.nn.{name}" for name in ("Sequential", "Linear", "LSTM", "GRU", "RNN", "Transformer")})


def never_seeds(file: File) -> bool:
    """Whether a file, and what it imports of the project, seeds nothing."""
    return not seedings(file) and "seed" not in file.text and not seeds_unseen(file)
