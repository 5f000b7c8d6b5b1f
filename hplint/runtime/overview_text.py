"""The head of a report on a run: what was built and where, how data become steps, and the learning rate over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hplint.report.style import Style, printable
from hplint.runtime.overview import GroupSeen, LoaderSeen, ModelSeen
from hplint.runtime.places import Place, shown
from hplint.runtime.progress import Horizon, Training
from hplint.runtime.schedules.drawing import ASCII, BLOCKS, drawn, evenly
from hplint.runtime.schedules.sketch import Sketch
from hplint.runtime.world import World

_MOST = 8
"""Objects of one kind that are listed."""

Row = tuple[str, str, str, str]
"""A kind of object, its class, where it was built, and what is told of it."""


def render(world: World, *, color: bool = False, unicode: bool = True) -> str:
    """The lines, empty where nothing was built."""
    style = Style(color)
    rows = [
        *_models(world),
        *_optimizers(world),
        *_memory(world),
        *_loaders(world),
        *_steps(world, unicode=unicode),
        *_schedules(world, unicode=unicode),
    ]
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = []
    for kind, name, place, told in rows:
        cells = (
            style(f"{kind:<{widths[0]}}", "bold"),
            f"{name:<{widths[1]}}",
            style(f"{place:<{widths[2]}}", "blue"),
            told,
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n\n"


def _limited(rows: Iterable[Row], kind: str) -> Iterator[Row]:
    every = list(rows)
    yield from every[:_MOST]
    if len(every) > _MOST:
        yield kind, f"{len(every) - _MOST} more", "", ""


def _where(place: Place | None) -> str:
    return printable(f"{shown(place)}:{place.line}") if place is not None else ""


def _models(world: World) -> Iterator[Row]:
    yield from _limited(
        (("model", each.kind, _where(each.place), _counts(each)) for each in world.overview.models.values()), "model"
    )


def _counts(model: ModelSeen) -> str:
    total = model.trained + model.frozen + model.unowned
    parts = [
        f"{number:,} {what}"
        for number, what in (
            (model.trained, "trained"),
            (model.frozen, "frozen"),
            (model.unowned, "in no optimizer"),
        )
        if number
    ]
    return f"{total:,} parameters: {', '.join(parts)}" if parts else "no parameters"


def _optimizers(world: World) -> Iterator[Row]:
    rows: list[Row] = []
    for record, groups in world.overview.optimizers.items():
        if not record.steps and any(other.steps for other in world.overview.optimizers):
            continue
        first, *others = groups or (GroupSeen(0, 0, ()),)
        rows.append(("optimizer", record.kind, _where(record.place), _group(first)))
        rows += [("", "", "", _group(each)) for each in others[:_MOST]]
        if len(others) > _MOST:
            rows.append(("", "", "", f"{len(others) - _MOST} more groups"))
    yield from rows


def _group(group: GroupSeen) -> str:
    told = [f"{group.values:,} parameters", *(f"{name} {value}" for name, value in group.options)]
    if group.frozen:
        told[0] += f" ({group.frozen:,} frozen)"
    return ", ".join(told)


def _memory(world: World) -> Iterator[Row]:
    lines = world.memory.lines() if world.memory is not None else ()
    for number, line in enumerate(lines):
        yield ("" if number else "memory"), "", "", line


def _loaders(world: World) -> Iterator[Row]:
    yield from _limited(
        (
            ("loader", record.kind, _where(record.place), _loader(each))
            for record, each in world.overview.loaders.items()
        ),
        "loader",
    )


def _loader(loader: LoaderSeen) -> str:
    told = []
    if loader.samples is not None:
        told.append(_number(loader.samples, "sample"))
    if loader.batches is not None:
        of = f" of {loader.size}" if loader.size is not None else ""
        told.append(_number(loader.batches, "batch", "batches") + of)
    told.append(loader.order)
    if loader.workers:
        told.append(_number(loader.workers, "worker"))
    return ", ".join(told)


def _schedules(world: World, *, unicode: bool) -> Iterator[Row]:
    rows: list[Row] = []
    sketches = world.overview.sketches
    for record in world.schedulers:
        if record in sketches:
            sketch, optimizer = sketches[record]
            horizon = world.progress.horizon(record, optimizer)
            rows.append(("schedule", record.kind, _where(record.place), _planned(sketch, horizon)))
            line = _drawing(sketch, horizon, BLOCKS if unicode else ASCII)
            if line:
                rows.append(("", "", "", line))
    yield from _limited(rows, "schedule")


def _planned(sketch: Sketch, horizon: Horizon | None) -> str:
    if horizon is None:
        return f"laid out over {_number(sketch.length, 'step')}" if sketch.length is not None else ""
    times = f"stepped {horizon.most:,} times"
    return f"{times}, once {'an epoch' if horizon.unit == 'epoch' else 'a step'}" if horizon.unit else times


def _drawing(sketch: Sketch, horizon: Horizon | None, blocks: str) -> str:
    """The learning rate over the run, between where it starts and where it ends."""
    steps = horizon.most if horizon is not None else sketch.length
    curve = sketch.curve(steps) if steps else None
    if curve is None or not curve.steps or steps is None:
        return ""
    values = evenly(curve, steps)
    start, end = f"{curve.highest[0]:.3g}", f"{curve.highest[-1]:.3g}"
    peak = max(curve.highest)
    most = f" (at most {peak:.3g})" if peak > max(curve.highest[0], curve.highest[-1]) else ""
    return f"lr {start} {drawn(values, blocks=blocks)} {end}{most}"


def _steps(world: World, *, unicode: bool) -> Iterator[Row]:
    """How many samples make a step, and how many steps an epoch and a run."""
    for record in world.overview.optimizers:
        training = world.progress.training(record) if record.steps else None
        if training is not None and training.loader in world.overview.loaders:
            told = _step(
                training, world.overview.loaders[training.loader], world.overview.processes, " × " if unicode else " x "
            )
            if told:
                yield "step", record.kind, "", told


def _step(training: Training, loader: LoaderSeen, processes: int, times: str) -> str:
    told = []
    if loader.size is not None and training.accumulated is not None:
        parts = [f"{loader.size} a batch"]
        if training.accumulated > 1:
            parts.append(f"{training.accumulated} batches accumulated")
        if processes > 1:
            parts.append(f"{processes} processes")
        total = loader.size * training.accumulated * processes
        product = f"{times.join(parts)} = " if len(parts) > 1 else ""
        told.append(f"{product}{_number(total, 'sample')} a step")
    if training.steps_an_epoch is not None:
        steps = training.steps_an_epoch[1]
        told.append(f"{_number(steps, 'step')} an epoch")
        if training.loop is not None:
            bound = "" if training.loop.certain else "at most "
            told.append(f"{bound}{_number(training.loop.epochs, 'epoch')}: {steps * training.loop.epochs:,} steps")
    return ", ".join(told)


def _number(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
