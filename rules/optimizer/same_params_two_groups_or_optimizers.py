"""Two optimizers of one training step hold the same parameters.

Each of them moves the weights: with Adam twice as far as `lr` says, by two sets of averages that see each other's steps
as noise. It mostly comes of a copied line in a GAN, where `optimizer_g` is given the discriminator: then the
discriminator is trained to win by one step and to lose by the next, and the generator never changes. The images stay
noise, and the two losses stop moving at values that add up. torch compares the parameters within one optimizer only.

```python bad
import torch

optimizer_g = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))  # HP183
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
for real in loader:
    optimizer_d.zero_grad()
    discriminator_loss(real, generator(noise())).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    generator_loss(generator(noise())).backward()
    optimizer_g.step()
```

```python good
import torch

optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
for real in loader:
    optimizer_d.zero_grad()
    discriminator_loss(real, generator(noise())).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    generator_loss(generator(noise())).backward()
    optimizer_g.step()
```

## Looks like it, is not

A choice of one of two, two stages with an optimizer each, and optimizers for parts of a model.

```python good
import torch

if adaptive:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
else:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
train(model, optimizer)

first = torch.optim.Adam(model.parameters(), lr=1e-3)
second = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(10):
    optimizer = first if epoch < 5 else second
    train(model, optimizer)
```

## References

- Goodfellow and others 2014, [arXiv 1406.2661](https://arxiv.org/abs/1406.2661): the two players and their steps.
- torch 2.13, tried: one parameter in two groups raises ValueError, in two optimizers nothing does.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    blocks_around,
    is_test,
    optimizers,
    owner_of_parameters,
    rule,
    site_of,
    step_calls,
    syntax,
)


@rule(
    "HP183",
    "same-params-two-groups-or-optimizers",
    level=Level.WARNING,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    runtime=True,
    subject=Files("optim"),
)
def same_params_two_groups_or_optimizers(file: File) -> Iterator[Draft]:
    found = [] if is_test(file) else [call for call in optimizers(file) if call.via is None and not call.inherited]
    held = [(call, key) for call in found if (key := parameters_of(file, call)) is not None] if len(found) > 1 else []
    for at, (call, key) in enumerate(held):
        for other, same in held[at + 1 :]:
            if key != same or blocks(file, call) != blocks(file, other):
                continue
            if others := together(file, call, other):
                shown = file.source(call.argument("params").node or call.node)
                message = f"`{shown}` is what `{others}` is given too: both move the same weights in each round"
                yield Draft(call.node, message, ((other.node, "the other one"),))


def blocks(file: File, call: BoundCall) -> list[tuple[syntax.Node, int]]:
    """What is around the place where an optimizer comes to be: where it is constructed, or its helper is called."""
    return blocks_around(file, site_of(file, call.node).call)


def parameters_of(file: File, call: BoundCall) -> tuple[str, object] | None:
    """All parameters of what variable an optimizer is given; None for a selection."""
    given = call.argument("params").node
    plain = given is not None and isinstance(given.value, syntax.Call) and not given.value.args
    owner = owner_of_parameters(file, given.value) if given is not None and plain else None
    owner = None if owner is None else site_of(file, call.node).seen(owner)
    root = owner
    while isinstance(root, syntax.Attribute):
        root = root.value
    if owner is None or not isinstance(root, syntax.Name):
        return None
    # The same variable with another model in it is another one.
    return file.source(owner), tuple(binding.start for binding in file.names.reaching(root))


def together(file: File, one: BoundCall, other: BoundCall) -> str | None:
    """What the second of two optimizers is called where both are certainly stepped in the same round of a loop."""
    steps = step_calls(file)
    mine = [step for step in steps if len(step.made) == 1 and step.made[0].node is one.node]
    theirs = [step for step in steps if len(step.made) == 1 and step.made[0].node is other.node]
    for step in mine:
        for twin in theirs:
            blocks = blocks_around(file, step.call)
            if blocks and blocks == blocks_around(file, twin.call) and isinstance(blocks[-1][0], syntax.For):
                return file.source(twin.thing)
    return None
