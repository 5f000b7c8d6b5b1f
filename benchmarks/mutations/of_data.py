"""Mistakes in data sets, transforms, loaders and samplers."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from benchmarks.mutations.of_loops import steps
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import assigned, number

LOADER = "utils.data.DataLoader"
SIZES = {
    "MNIST": (60000, 10000),
    "FashionMNIST": (60000, 10000),
    "KMNIST": (60000, 10000),
    "CIFAR10": (50000, 10000),
    "CIFAR100": (50000, 10000),
}
"""Samples for training and for test."""
GREY = ("MNIST", "FashionMNIST", "KMNIST", "QMNIST", "EMNIST")
DRAWN = ("torch.randn", "torch.rand", "torch.zeros", "torch.ones")
READS = re.compile(r"\.open\(|imread\(|\bopen\(|\.load\(|read_image\(")
EXCHANGED = re.compile(r"tta|contrastive|simclr|moco|byol|two_?crop|\bmae\b|\.transform\s*=[^=]", re.IGNORECASE)


def data_sets(script: Script) -> Iterator[tuple[ast.Call, str, bool]]:
    """Data sets of torchvision, each with its name and whether it certainly is the one for training."""
    for call in script.all(ast.Call):
        library, _, name = script.dotted(call.func).rpartition(".")
        if library.endswith(("torchvision.datasets", "dset", "datasets")) and name in (*SIZES, *GREY):
            train = script.argument(call, "train", 1)
            if train is None or isinstance(train, ast.Constant):
                yield call, name, train is None or bool(getattr(train, "value", True))


def composed(script: Script, data: ast.Call) -> tuple[ast.Call, ast.List] | None:
    """`Compose([...])` that a data set is given, by itself or by a name that is given one value."""
    given = script.argument(data, "transform")
    made = None if given is None else assigned(script, given)
    listed = made.args[0] if isinstance(made, ast.Call) and len(made.args) == 1 else None
    if isinstance(made, ast.Call) and script.dotted(made.func).endswith("Compose") and isinstance(listed, ast.List):
        return made, listed
    return None


@mutator("HP251", "a random transform for test data")
def random_test_data(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.all(ast.Call):
        given = [script.argument(call, name) for name in ("train", "split", "image_set")]
        told = [each.value for each in given if isinstance(each, ast.Constant)]
        name = script.source(script.statement(call)).partition("=")[0].lower()
        found = composed(script, call)
        if found is None or not script.dotted(call.func).startswith("torchvision.datasets."):
            continue
        if not (told in ([False], ["test"], ["val"]) or (not told and re.search(r"test|val", name))):
            yield Skipped("nothing says that it is for evaluation")
        elif EXCHANGED.search(script.text):
            yield Skipped("random views may be meant")
        else:
            made, listed = found
            owner = script.source(made.func).rpartition(".")[0]
            text = f"{owner}.RandomHorizontalFlip(), " if owner else "torchvision.transforms.RandomHorizontalFlip(), "
            if not owner and script.imports.get("torchvision") != "torchvision":
                yield Skipped("the transforms have no prefix")
            elif listed.elts and "Random" not in script.source(made):
                at = script.start(listed.elts[0])
                yield planted(script, call, Edit(at, at, text))


@mutator("HP253", "a batch that is larger than the data")
def too_large_batch(script: Script) -> Iterator[Planted | Skipped]:
    for call, size in _sized(script):
        edits = (script.given(call, "batch_size", str(2 * size), 1), script.given(call, "drop_last", "True"))
        yield planted(script, call, *edits, also=("HP163", "HP252"))


def _sized(script: Script) -> Iterator[tuple[ast.Call, int]]:
    """Loaders over data whose size can be told, and the size."""
    for call in script.calls(LOADER):
        data = script.argument(call, "dataset", 0)
        made = None if data is None else assigned(script, data)
        told = any(script.argument(call, name) for name in ("sampler", "batch_sampler"))
        if isinstance(made, ast.Call) and not told and not script.is_open(call):
            size = _size(script, made)
            if size is not None:
                yield call, size


def _size(script: Script, data: ast.Call) -> int | None:
    for call, name, train in data_sets(script):
        if call is data and name in SIZES:
            return SIZES[name][0 if train else 1]
    if script.dotted(data.func) == "torch.utils.data.TensorDataset" and data.args:
        drawn = assigned(script, data.args[0])
        if isinstance(drawn, ast.Call) and script.dotted(drawn.func) in DRAWN and drawn.args:
            first = number(script, drawn.args[0])
            return int(first) if first else None
    return None


@mutator("HP254", "a last batch of one sample")
def one_left(script: Script) -> Iterator[Planted | Skipped]:
    norm = _after_linear(script)
    used = {
        node.id
        for step in steps(script)
        if (loop := script.around(step.step, ast.For))
        for node in ast.walk(loop.iter)
        if isinstance(node, ast.Name)
    }
    for call, size in _sized(script):
        target = script.source(script.statement(call)).partition("=")[0].strip()
        left = next((each for each in range(64, size) if size % each == 1), None)
        if target not in used:
            yield Skipped("no training step goes over the loader")
        elif norm is None or left is None or script.argument(call, "drop_last"):
            yield Skipped("no linear layer of a Sequential could be normalised, or the rest is dropped")
        else:
            yield planted(script, call, script.given(call, "batch_size", str(left), 1), *norm, also=("HP163", "HP241"))


def _after_linear(script: Script) -> list[Edit] | None:
    """Edits that normalise the output of a linear layer; none where that is done already."""
    for call in script.calls("nn.Sequential"):
        for one, other in zip(call.args, call.args[1:], strict=False):
            if isinstance(one, ast.Call) and script.dotted(one.func) == "torch.nn.Linear" and len(one.args) > 1:
                if isinstance(other, ast.Call) and script.dotted(other.func) == "torch.nn.BatchNorm1d":
                    return []
                prefix = script.source(one.func).rpartition(".")[0]
                if prefix:
                    at = script.end(one)
                    return [Edit(at, at, f", {prefix}.BatchNorm1d({script.source(one.args[1])})")]
    return None


@mutator("HP255", "a batch for each GPU by true division")
def divided(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(LOADER):
        size = script.argument(call, "batch_size", 1)
        if script.imports.get("torch") != "torch" or not isinstance(size, (ast.Name, ast.Attribute, ast.Subscript)):
            yield Skipped("the size of a batch is no variable")
        else:
            yield planted(script, call, script.replaced(size, f"{script.source(size)} / torch.cuda.device_count()"))


@mutator("HP256", "one generator for all workers")
def one_generator(script: Script) -> Iterator[Planted | Skipped]:
    classes = {each.name: each for each in script.all(ast.ClassDef)}
    for call in script.calls(LOADER):
        data = script.argument(call, "dataset", 0)
        made = None if data is None else assigned(script, data)
        owner = classes.get(made.func.id) if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) else None
        if owner is None:
            yield Skipped("the class of the data set is not in view")
            continue
        methods = {each.name: each for each in owner.body if isinstance(each, ast.FunctionDef)}
        known = "__init__" in methods and "__getitem__" in methods and script.imports.get("torch") == "torch"
        if not known or script.is_open(call) or script.argument(call, "worker_init_fn") is not None:
            yield Skipped("the data set reads no samples by their index, or the workers are told apart")
            continue
        first, read = methods["__init__"].body[-1], methods["__getitem__"].body[0]
        edits = (
            script.after(first, "self.planted_stream = torch.Generator().manual_seed(0)"),
            script.before(read, "planted_noise = torch.rand(1, generator=self.planted_stream)"),
            script.given(call, "num_workers", "4"),
        )
        yield planted(script, call, *edits)


@mutator("HP263", "normalised before it is a tensor")
def normalised_first(script: Script) -> Iterator[Planted | Skipped]:
    for compose in script.all(ast.Call):
        listed = (
            compose.args[0] if script.dotted(compose.func).endswith("transforms.Compose") and compose.args else None
        )
        elements = listed.elts if isinstance(listed, ast.List) else []
        for one, other in itertools.pairwise(elements):
            names = [script.dotted(each.func) for each in (one, other) if isinstance(each, ast.Call)]
            if names == ["torchvision.transforms.ToTensor", "torchvision.transforms.Normalize"]:
                edits = (script.replaced(one, script.source(other)), script.replaced(other, script.source(one)))
                yield planted(script, compose, *edits)


@mutator("HP263", "three means for one channel")
def three_means(script: Script) -> Iterator[Planted | Skipped]:
    for call, name, _ in data_sets(script):
        found = composed(script, call)
        if name not in GREY or found is None:
            continue
        for each in found[1].elts:
            if isinstance(each, ast.Call) and script.dotted(each.func) == "torchvision.transforms.Normalize":
                if "Grayscale" in script.source(found[0]) or "Lambda" in script.source(found[0]):
                    yield Skipped("another transform changes the channels")
                    continue
                text = f"{script.source(each.func)}((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))"
                yield planted(script, call, script.replaced(each, text))


@mutator("HP264", "the epoch that the sampler is not told")
def no_set_epoch(script: Script) -> Iterator[Planted | Skipped]:
    told = [script.statement(call) for call in script.methods("set_epoch")]
    sampled = list(script.calls("utils.data.distributed.DistributedSampler", "utils.data.DistributedSampler"))
    if not told or not sampled:
        return
    if ".backward(" not in script.text:
        yield Skipped("the training step is in another file")
    else:
        yield planted(script, told[0], *map(script.removed, told), move=[script.statement(sampled[0])])


@mutator("HP264", "a distributed sampler for a loader that shuffled")
def new_sampler(script: Script) -> Iterator[Planted | Skipped]:
    if "set_epoch" in script.text or "ccelerat" in script.text or "ightning" in script.text:
        yield Skipped("the sampler is told the epoch, or a framework does it")
        return
    for call in script.calls(LOADER):
        shuffle, data = script.argument(call, "shuffle"), script.argument(call, "dataset", 0)
        if not isinstance(shuffle, ast.Constant) or shuffle.value is not True or not isinstance(data, ast.Name):
            continue
        if not _in_epochs(script, call):
            yield Skipped("no training step in a loop over epochs goes over the loader")
        elif re.search(r"test|val", data.id.lower()):
            yield Skipped("its data are named for evaluation")
        elif script.imports.get("torch") == "torch":
            keyword = script.parents[shuffle]
            sampler = f"torch.utils.data.distributed.DistributedSampler({data.id}, num_replicas=2, rank=0)"
            yield planted(script, call, script.replaced(keyword, f"sampler={sampler}"))


@mutator("HP268", "no workers for images that are read from files")
def no_workers(script: Script) -> Iterator[Planted | Skipped]:
    classes = {each.name: each for each in script.all(ast.ClassDef)}
    for call in script.calls(LOADER):
        if script.argument(call, "num_workers") is None or script.is_open(call):
            continue
        data = script.argument(call, "dataset", 0)
        made = None if data is None else assigned(script, data)
        owner = classes.get(made.func.id) if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) else None
        folder = isinstance(made, ast.Call) and script.dotted(made.func) == "torchvision.datasets.ImageFolder"
        if not _in_epochs(script, call):
            yield Skipped("no training step in a loop over epochs goes over the loader")
        elif not folder and (owner is None or not READS.search(script.source(owner))):
            yield Skipped("the data set is not seen to read files")
        else:
            yield planted(script, call, script.left_out(call, "num_workers"))


def _in_epochs(script: Script, loader: ast.Call) -> bool:
    """Whether a loop with a training step goes over a loader, within another loop."""
    statement = script.statement(loader)
    name = script.source(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    for step in steps(script):
        loop = script.around(step.step, ast.For)
        over = [] if loop is None or script.around(loop, ast.For) is None else ast.walk(loop.iter)
        if any(isinstance(node, ast.Name) and node.id == name for node in over):
            return True
    return False
