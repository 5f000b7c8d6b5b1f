"""Training steps: their blocks, events, targets, conditions, and what is read through helpers."""

from __future__ import annotations

import textwrap

import pytest

from hplint.facts.events import EventKind, Role, TrainingStep
from tests.facts.reading import file_of


def steps(code: str) -> tuple[TrainingStep, ...]:
    return file_of(textwrap.dedent(code)).steps


def only(code: str) -> TrainingStep:
    (step,) = steps(code)
    return step


def told(step: TrainingStep) -> list[str]:
    """The events as words: `step optimizer`, with `?` where there is no target."""
    return [f"{event.kind.value} {event.target or '?'}" for event in step.events]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("loss.backward()", "backward loss"),
        ("scaler.scale(loss).backward()", "backward loss"),
        ("accelerator.backward(loss)", "backward loss"),
        ("fabric.backward(loss)", "backward loss"),
        ("model_engine.backward(loss)", "backward loss"),
        ("self.manual_backward(loss)", "backward loss"),
        ("torch.autograd.backward(loss)", "backward loss"),
        ("loss.backward(retain_graph=True)", "backward loss"),
        ("logits.backward(gradient)", "backward logits"),
        ("optimizer.step()", "step optimizer"),
        ("self.optim_G.step()", "step self.optim_G"),
        ("optimizers['head'].step()", "step optimizers['head']"),
        ("scaler.step(optimizer)", "step optimizer"),
        ("engine.step()", "step engine"),
        ("optimizer.zero_grad(set_to_none=True)", "zero_grad optimizer"),
        ("model.zero_grad()", "zero_grad model"),
        ("model.module.zero_grad()", "zero_grad model"),
        ("p.grad.zero_()", "zero_grad p"),
        ("p.grad = None", "zero_grad p"),
        ("p.grad.data.zero_()", "zero_grad p"),
        ("p.grad = other", "write p"),
        ("p.grad /= 2", "write p"),
        ("p.grad.add_(other)", "write p"),
        ("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)", "clip model"),
        ("nn.utils.clip_grad_value_(list(model.parameters()), 1.0)", "clip model"),
        ("accelerator.clip_grad_norm_(model.parameters(), 1.0)", "clip model"),
        ("fabric.clip_gradients(model, optimizer, max_norm=1.0)", "clip model"),
        ("clip_grad_norm_(amp.master_params(optimizer), 1.0)", "clip optimizer"),
        ("scaler.unscale_(optimizer)", "unscale optimizer"),
        ("scaler.update()", "update scaler"),
        ("scheduler.step()", "scheduler step scheduler"),
        ("lr_sched.step(val_loss)", "scheduler step lr_sched"),
    ],
)
def test_each_synonym_is_one_event(line: str, event: str) -> None:
    step = only(f"import torch\nfrom torch import nn\nfor x in data:\n    start.backward()\n    {line}\n")
    assert told(step) == ["backward start", event]


@pytest.mark.parametrize(
    "line",
    [
        "env.step(action)",
        "prof.step()",
        "noise_scheduler.step(output, t, sample)",
        "meter.update(loss.item())",
        "model.train()",
        "x.requires_grad_(True)",
        "p.data.clamp_(-0.01, 0.01)",
        "print(optimizer)",
        "adjust_learning_rate(optimizer, epoch)",
        "callback = lambda: optimizer.zero_grad()",
    ],
)
def test_what_looks_like_an_event_and_is_none(line: str) -> None:
    assert told(only(f"for x in data:\n    start.backward()\n    {line}\n")) == ["backward start"]


@pytest.mark.parametrize(
    "line", ["update_weights(optimizer)", "do_backward(loss)", "o.first_step()", "loss_scaler(l, optimizer)"]
)
def test_code_that_is_not_seen_makes_a_step_opaque(line: str) -> None:
    step = only(f"for x in data:\n    start.backward()\n    {line}\n")
    assert told(step) == ["backward start", "unknown ?"]
    assert step.opaque


def test_construction_counts_more_than_the_name() -> None:
    step = only("""
        import torch
        o = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer_warmup = torch.optim.lr_scheduler.StepLR(o, 10)
        for x in data:
            loss.backward()
            o.step()
            optimizer_warmup.step()
    """)
    assert told(step) == ["backward loss", "step o", "scheduler step optimizer_warmup"]
    assert step.events[1].role is Role.OPTIMIZER
    assert step.events[1].models == ("model",)


def test_what_an_unpacked_call_gives_back() -> None:
    step = only("""
        import deepspeed
        net, o, _, s = deepspeed.initialize(model=model, config=config)
        for x in data:
            net.backward(loss)
            net.step()
            s.step()
    """)
    assert told(step) == ["backward loss", "step net", "scheduler step s"]


def test_prepare_gives_back_what_it_is_given() -> None:
    step = only("""
        import torch
        from accelerate import Accelerator
        acc = Accelerator()
        model, o = acc.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
        for x in data:
            acc.backward(loss)
            o.step()
    """)
    assert told(step) == ["backward loss", "step o"]


def test_another_name_for_the_same_object() -> None:
    step = only("""
        class Trainer:
            def train(self):
                opt = self.optimizer
                for x in data:
                    self.optimizer.zero_grad()
                    loss.backward()
                    opt.step()
    """)
    assert told(step) == ["zero_grad self.optimizer", "backward loss", "step self.optimizer"]


def test_the_block_is_the_innermost_loop_with_backward_and_step() -> None:
    step = only("""
        for epoch in range(3):
            for batch in loader:
                optimizer.zero_grad()
                for part in batch:
                    loss(part).backward()
                optimizer.step()
            scheduler.step()
    """)
    assert told(step) == ["zero_grad optimizer", "backward ?", "step optimizer"]
    assert [len(event.loops) for event in step.events] == [0, 1, 0]


def test_a_loop_in_a_loop_is_a_step_of_its_own() -> None:
    inner, outer = sorted(
        steps("""
            for real in loader:
                for _ in range(5):
                    d_loss.backward()
                    d_optimizer.step()
                g_loss.backward()
                g_optimizer.step()
        """),
        key=lambda step: len(step.events),
    )
    assert told(inner) == ["backward d_loss", "step d_optimizer"]
    assert outer.belongs_elsewhere(*outer.events[:2])
    assert not outer.belongs_elsewhere(*outer.events[1:3])


def test_without_a_loop_the_function_is_the_block() -> None:
    step = only("""
        def train_step(x):
            loss.backward()
            optimizer.step()
    """)
    assert step.loop is None
    assert step.function is not None
    assert step.function.name == "train_step"


def test_conditions_and_their_branches() -> None:
    step = only("""
        for x in data:
            if not amp:
                loss.backward()
            else:
                scaler.scale(loss).backward()
            if amp:
                scaler.step(optimizer)
    """)
    plain, scaled, use = step.events
    assert plain.excludes(scaled)
    assert plain.excludes(use)
    assert not scaled.excludes(use)
    assert scaled.always_before(use)
    assert not plain.always_before(use)


def test_what_follows_an_early_exit_has_its_condition() -> None:
    step = only("""
        for x in data:
            loss.backward()
            if bad != False:
                optimizer.zero_grad()
                continue
            optimizer.step()
    """)
    assert step.events[1].excludes(step.events[2])


def test_what_handlers_and_closures_do_is_no_part_of_the_order() -> None:
    loop, closure = sorted(
        steps("""
            for x in data:
                try:
                    loss.backward()
                except RuntimeError:
                    optimizer.zero_grad()

                def closure():
                    optimizer.zero_grad()
                    other.backward()

                optimizer.step(closure)
        """),
        key=lambda step: step.function is not None,
    )
    assert told(loop) == ["backward loss", "step optimizer"]
    assert loop.events[1].closure
    assert told(closure) == ["zero_grad optimizer", "backward other"]


def test_helpers_are_read_in_the_words_of_the_caller() -> None:
    code = """
        def update(o, l, clip):
            o.zero_grad()
            l.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(o.model.parameters(), clip)
            o.step()

        def train(optimizer, args):
            for x in data:
                loss = f(x)
                update(optimizer, loss, clip=args.clip)
                optimizer.zero_grad()
    """
    inlined = next(step for step in steps(code) if step.function is not None and step.function.name == "train")
    assert told(inlined) == [
        "zero_grad optimizer",
        "backward loss",
        "clip optimizer.model",
        "step optimizer",
        "zero_grad optimizer",
    ]
    clip = inlined.events[2]
    assert clip.via is not None
    assert clip.node is not clip.via
    assert [guard.text for guard in clip.guards] == ["args.clip"]


def test_methods_are_read_through_objects_of_classes_of_the_file() -> None:
    step = next(
        step
        for step in steps("""
            class Base:
                def clear(self):
                    self.optimizer.zero_grad()

            class Trainer(Base):
                def backward(self, loss):
                    loss.backward()

            trainer = Trainer()
            for x in data:
                trainer.clear()
                trainer.backward(f(x))
                trainer.optimizer.step()
        """)
        if step.function is None
    )
    assert told(step) == ["zero_grad trainer.optimizer", "backward ?", "step trainer.optimizer"]


def test_an_object_of_a_helper_has_no_name_outside() -> None:
    step = next(
        step
        for step in steps("""
            def clear():
                optimizer = current()
                optimizer.zero_grad()

            for x in data:
                loss.backward()
                clear()
                optimizer.step()
        """)
    )
    assert told(step) == ["backward loss", "zero_grad ?", "step optimizer"]


def test_a_caller_that_only_calls_a_whole_step_is_none_itself() -> None:
    found = steps("""
        def update(loss):
            loss.backward()
            optimizer.step()

        def main():
            for x in data:
                update(f(x))
    """)
    assert [step.function.name for step in found if step.function] == ["update"]


def test_recursion_and_long_chains_of_helpers_end() -> None:
    chain = "".join(f"def f{i}():\n    loss.backward()\n    f{i + 1}()\n    f{i + 1}()\n\n" for i in range(40))
    found = {step.function.name for step in steps(chain + "def f40():\n    f0()\n") if step.function}
    assert {"f10", "f39"} <= found


def test_a_long_chain_of_conditions_is_no_deep_nesting() -> None:
    arms = "".join(f"elif a{i}:\n    loss.backward()\n" for i in range(480))
    assert steps(f"if a:\n    pass\n{arms}") == ()


@pytest.mark.parametrize(
    ("code", "owned"),
    [
        (
            "import lightning as L\nclass M(L.LightningModule):\n    def f(self):\n        loss.backward()",
            True,
        ),
        ("from transformers import Trainer\nclass T(Trainer):\n    def f(self):\n        loss.backward()", True),
        ("def f(engine, batch):\n    loss.backward()\nfrom ignite.engine import Engine\ntrainer = Engine(f)", True),
        ("class Trainer:\n    def f(self):\n        loss.backward()", False),
        ("for x in data:\n    loss.backward()", False),
    ],
)
def test_what_a_framework_calls_is_owned(code: str, owned: bool) -> None:
    assert only(code).owned is owned


def test_kinds_have_names() -> None:
    assert {kind.value for kind in EventKind} >= {"backward", "clip", "step", "zero_grad", "unknown"}
