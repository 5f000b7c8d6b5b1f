"""The curve that a schedule makes over the steps that are planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hplint.runtime.checking import Check, Problem, on
from hplint.runtime.events import Finish
from hplint.runtime.schedules.judging import verdicts


class Curve(Check):
    """Judges each schedule as it was when it was built, once the unit of its steps is known."""

    rules = (
        "milestones-unreachable",
        "onecycle-total-steps-mismatch",
        "schedule-always-zero",
        "schedule-ends-before-training",
        "schedule-goes-negative",
        "schedule-longer-than-training",
        "schedule-unit-mismatch",
        "warmup-longer-than-training",
    )

    @on(Finish)
    def finished(self, event: Finish) -> Iterator[Problem]:
        progress, sketches = self.world.progress, self.world.overview.sketches
        drive = Counter(optimizer for _, optimizer in sketches.values())
        for record, (sketch, optimizer) in sketches.items():
            # Of several schedules for one optimizer, none makes the curve alone.
            horizon = progress.horizon(record, optimizer) if optimizer is None or drive[optimizer] == 1 else None
            if horizon is not None and (record.steps or self.world.once):
                for each in verdicts(sketch, horizon):
                    at_step = each.at_step and horizon.place is not None
                    built = ((record, "the schedule is built here"),) if at_step else ()
                    yield Problem(each.rule, each.message, horizon.place if at_step else record, built, each.level)
