"""Samplers of distributed runs that are never told which epoch it is, where all that uses them is in view."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.calls import BoundCall
from hplint.facts.journeys import journey
from hplint.facts.makers import calls_of
from hplint.facts.receivers import words
from hplint.facts.seeding import imported
from hplint.facts.syntax import Call, For, Name, While
from hplint.facts.training_data import DATA_LOADER, NOT_TRAINING, names_of, uses
from hplint.facts.tree import inside, last_name
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

SAMPLER = "torch.utils.data.distributed.DistributedSampler"
SAMPLERS = frozenset({SAMPLER, "torch.utils.data.DistributedSampler"})
_DONE_BY_OTHERS = regex(r"set_epoch|[Ll]ightning|Accelerator|[Ff]abric|Trainer\(|deepspeed|horovod|\bignite\b")
_GO_OVER = frozenset({"enumerate", "tqdm", "iter", "len", "next", "zip", "print", "islice", "track", "trange", "list"})


@value_record
class SameOrder:
    """``loader`` draws from ``sampler`` in each turn of the loop over ``epochs``; ``name`` holds the sampler."""

    sampler: Call
    loader: Call
    epochs: For | While
    name: str | None


def same_orders(file: File) -> Iterator[SameOrder]:
    """The samplers that shuffle for training and give the same order in every epoch."""
    if _DONE_BY_OTHERS.search(file.text) or any("set_epoch" in module.text for module in imported(file)):
        return
    samplers = [call for call in file.calls if call.name in SAMPLERS and not call.inherited and _shuffles(call)]
    fed = dict(uses(file)) if samplers else {}
    for sampler in samplers:
        way = journey(file, sampler.node)
        takers = {call.start: call for call, _ in way.handed}
        if way.escapes or way.read or len(takers) != 1 or _evaluates(file, sampler):
            continue
        (loader,) = takers.values()
        loop = fed.get(loader.start)
        bound = file.bound(loader)
        if bound is None or bound.name != DATA_LOADER or not isinstance(loop, For) or not _in_view(file, loader):
            continue
        epochs = _epochs(file, loop)
        if epochs is not None:
            held = next((each for each in way.names if isinstance(each, Name)), None)
            near = file.function_around(sampler.node) is file.function_around(epochs)
            only = held is not None and file.assigned(held) is sampler.node
            yield SameOrder(sampler.node, loader, epochs, held.id if held is not None and near and only else None)


def _shuffles(call: BoundCall) -> bool:
    told = call.argument("shuffle").value.single
    written = "shuffle" in call.arguments
    return call.complete and (not written or (told is not None and told.constant is True))


def _evaluates(file: File, sampler: BoundCall) -> bool:
    data = sampler.argument("dataset").node
    spoken = [*names_of(file, sampler.node), *words("" if data is None else file.source(data))]
    return any(NOT_TRAINING.fullmatch(word) for word in spoken)


def _in_view(file: File, loader: Call) -> bool:
    """Whether nothing outside of the file is given the loader, nor takes its sampler from it."""
    way = journey(file, loader)
    return not any(last_name(call.func) not in _GO_OVER for call, _ in way.handed) and not any(
        each.attr in ("sampler", "batch_sampler") for each in way.read
    )


def _epochs(file: File, loop: For) -> For | While | None:
    """The loop that comes to a loop over data again and again, around it or around the call of its function."""
    around = _around(file, loop)
    if around is not None:
        return around
    function = file.function_around(loop)
    outer = [] if function is None else [_around(file, call) for call in calls_of(file, function)]
    return outer[0] if len(outer) == 1 else None


def _around(file: File, node: For | Call) -> For | While | None:
    loops: list[For | While] = [*file.all(For), *file.all(While)]
    home = file.function_around(node)
    found = [each for each in loops if each is not node and inside(node, each) and file.function_around(each) is home]
    return max(found, key=lambda each: each.start) if len(found) == 1 else None
