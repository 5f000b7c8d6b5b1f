"""What each kind of file says of the versions that are needed, odd spellings and broken files included."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from hplint import requirements
from hplint.requirements import of_lines, versions_of


def lines(text: str, **others: str) -> str | None:
    """What a requirements file allows of torch; ``others`` are the files that it may name, without their suffix."""
    found = versions_of("torch", of_lines(text, lambda name: others.get(name.removesuffix(".txt"))))
    return None if found is None else str(found)


LINES = {
    "torch": "any version",
    "torch==1.13.1": "1.13.1",
    "torch==1.13.1+cu117": "1.13.1",
    "Torch == 1.13.1  # the last that worked": "1.13.1",
    "torch~=2.0": ">=2.0,<3.0",
    "torch>=1.8,!=2.0.0": ">=1.8,<2.0 or >2.0",
    "torch[opt-einsum]>=1.8": ">=1.8",
    "torch (>=1.8,<2)": ">=1.8,<2.0",
    'torch<2.4; python_version < "3.9"': "<2.4",
    'torch<2.4; python_version < "3.9"\ntorch>=2.1; python_version >= "3.9"': "any version",
    'torch<2.4\ntorch==2.1; sys_platform == "darwin"': "<2.4",
    "torch==1.13.1 \\\n    --hash=sha256:aaaa \\\n    --hash=sha256:bbbb\n": "1.13.1",
    'torch==1.13.1 ; python_version >= "3.8" --hash=sha256:aaaa': "1.13.1",
    "-f https://download.pytorch.org/whl/torch_stable.html\ntorch==1.7.1\n": "1.7.1",
    "--extra-index-url https://x/torch\nnumpy": None,
    "torch==1.13.1\r\nnumpy\r\n": "1.13.1",
    "# torch==1.13.1\ntorchvision==0.14.1\npytorch-lightning==1.9\n": None,
    "torch @ https://x/torch-2.1.0%2Bcu118-cp310-cp310-linux_x86_64.whl#sha256=a": "2.1",
    "https://x/whl/cpu/torch-2.12.0%2Bcpu-cp310-cp310-manylinux_2_28_x86_64.whl": "2.12",
    "./wheels/torch-1.8.0-cp36-cp36m-linux_aarch64.whl": "1.8",
    "torch @ git+https://github.com/pytorch/pytorch": "any version",
    "-e git+https://github.com/pytorch/pytorch#egg=torch": "any version",
    "pytorch=0.3.0=py36_cuda8.0.61_cudnn7.0.3h37a80b5_4": ">=0.3,<0.3.1",
    "torch==${TORCH_VERSION}": "any version",
    "torch==1.13.1\ntorch==2.0": "any version",
    "torch     1.13.1": "1.13.1",
    "x" * 1_000_000: None,
    "torch!=1.0\n" * 100_000: "any version",
}


@pytest.mark.parametrize("text", LINES, ids=lambda text: text[:40])
def test_requirements_files(text: str) -> None:
    assert lines(text) == LINES[text]


def test_files_that_a_requirements_file_names() -> None:
    assert lines("-r base.txt\nnumpy", base="torch==1.13.1") == "1.13.1"
    assert lines("--requirement=base.txt\ntorch", base="torch<2") == "<2.0"
    assert lines("-c limits.txt\ntorch>=1.8", limits="torch<2\nscipy<1") == ">=1.8,<2.0"
    assert lines("-r missing.txt\ntorch") == "any version"
    assert lines("-r a.txt", a="-r b.txt\n-r a.txt", b="-r a.txt\ntorch==1.5") == "1.5"


Reader = Callable[[str], object]
PYPROJECT = {
    '[project]\ndependencies = ["numpy", "torch>=1.8,<2.4"]': ">=1.8,<2.4",
    '[project]\noptional-dependencies = { gpu = ["torch<2"], new = ["torch==2.1"] }': "<2.0 or 2.1",
    '[project]\ndependencies = ["torch<2.4"]\noptional-dependencies = { all = ["torch"] }': "<2.4",
    '[dependency-groups]\ntrain = ["torch~=2.0.1", { include-group = "dev" }]': ">=2.0.1,<2.1",
    '[tool.poetry.dependencies]\npython = "^3.8"\ntorch = "^1.13.1"': ">=1.13.1,<2.0",
    '[tool.poetry.dependencies]\ntorch = { version = "~1.13", source = "cpu", extras = ["x"] }': ">=1.13,<1.14",
    '[tool.poetry.dependencies]\ntorch = [{ version = "1.9", python = "3" }, { version = "1.13" }]': "1.9 or 1.13",
    '[tool.poetry.dependencies]\ntorch = { url = "https://x/torch-1.13.1%2Bcpu-cp39-cp39-linux_x86_64.whl" }': "1.13.1",
    '[tool.poetry.dependencies]\ntorch = { git = "https://github.com/pytorch/pytorch" }': "any version",
    '[tool.poetry.group.train.dependencies]\ntorch = "*"': "any version",
    '[tool.poetry.dev-dependencies]\ntorch = ">=1.8"': ">=1.8",
    '[tool.uv]\ndev-dependencies = ["torch==2.2"]': "2.2",
    '[tool.hatch.envs.default]\ndependencies = ["torch==2.2"]': "2.2",
    '[build-system]\nrequires = ["setuptools", "torch==1.5"]': None,
    '[project]\nkeywords = ["torch"]\ndependencies = "torch==1.5"': None,
    "[tool]\npoetry = 3\npdm = []\nuv = { dev-dependencies = [1, { a = 2 }] }": None,
    '[project\ndependencies = ["torch==1.5"]': None,
    "torch = " + "[" * 100_000: None,
    "torch." * 100_000 + "a = 1": None,
}
SETUP_CFG = {
    "[options]\ninstall_requires =\n    numpy\n    torch<2.4  # old\n": "<2.4",
    "[options]\ninstall_requires = torch<2.4\n[options.extras_require]\nall = torch\n": "<2.4",
    "[options.extras_require]\na = torch==1.5\nb =\n  torch==1.6": "1.5 or 1.6",
    "[options]\ninstall_requires = file: requirements.txt": None,
    "[options]\ninstall_requires": None,
    "torch==1.5": None,
}
SETUP_PY = {
    'from setuptools import setup\nsetup(name="x", install_requires=["torch<2.4", f"{x}"])': "<2.4",
    'import setuptools\nsetuptools.setup(install_requires=("torch<2.4", *more))': "<2.4",
    'needs = ["torch<2.4"]\nsetup(install_requires=needs)': "<2.4",
    'needs = ["torch<2.4"]\nneeds.append("torch")\nsetup(install_requires=needs)': None,
    'setup(extras_require={"gpu": ["torch<2.4"], "all": [*x]})': "<2.4",
    'setup(install_requires=open("requirements.txt").read().split())': None,
    'setup(install_requires=["torch<2.4"]': None,
    "setup(install_requires=" + "[" * 100_000: None,
    "torch = " + "-" * 100_000 + "1": None,
}
ENVIRONMENT = {
    "channels:\n  - pytorch\ndependencies:\n  - python=3.8\n  - pytorch=1.3.0\n": ">=1.3,<1.3.1",
    "dependencies: [conda-forge::pytorch=1.13.1=py3.10_cuda11.7_cudnn8.5.0_0]": ">=1.13.1,<1.13.2",
    "dependencies:\n  - pytorch>=1.8,<2  # later\n": ">=1.8,<2.0",
    "dependencies:\n  - pytorch 1.13.* cuda*\n": ">=1.13,<1.14",
    "dependencies:\n  - pytorch==1.13.1=py3.8_0\n": "1.13.1",
    "dependencies:\n  - \"pytorch[version='>=1.8,<2']\"\n": ">=1.8,<2.0",
    "dependencies:\n  - pip\n  - pip:\n    - --extra-index-url https://x\n    - torch==1.13.1+cu117\n": "1.13.1",
    "dependencies:\n  - pytorch\n": "any version",
    "channels:\n  - pytorch\ndependencies:\n  - pytorch-lightning=1.5\n": None,
    "dependencies:\n  pytorch: 1.5\n": None,
    "dependencies: !!python/object/apply:os.system [pytorch=1.5]": None,
    "- pytorch=1.5\n": None,
    "dependencies: [": None,
    "a: &a [*a]\ndependencies: *a\n": None,
}
PIPFILE = {
    '[packages]\ntorch = "==1.13.1"': "1.13.1",
    '[packages]\ntorch = { version = ">=1.8", index = "pytorch" }\n[dev-packages]\ntorch = "*"': ">=1.8",
    '[dev-packages]\ntorch = "*"': "any version",
    '[[source]]\nname = "torch"\n': None,
}
PIPFILE_LOCK = {
    json.dumps({"default": {"torch": {"hashes": ["sha256:a"], "version": "==1.13.1"}}}): "1.13.1",
    json.dumps({"default": [], "develop": {"torch": {"version": "==2.0"}}}): "2.0",
    '{"default": ': None,
    "[" * 100_000: None,
    "3": None,
}
LOCK = {
    'version = 1\n\n[[package]]\nname = "torch"\nversion = "2.1.0"\nsource = { registry = "x" }\n': "2.1",
    '[[package]]\nname = "torch"\nversion = "2.1+cpu"\n\n[[package]]\nname = "torch"\nversion = "2.2"\n': "2.1 or 2.2",
    '[[package]]\nname = "torchvision"\nversion = "0.16"\ndependencies = [\n    { name = "torch" },\n]\n': None,
}
METADATA = {
    "Name: x\nRequires-Dist: torch (<1.14.0,>=1.10.0)\nRequires-Dist: numpy\n": ">=1.10,<1.14",
    "Requires-Dist: torch <2.3,>=2.1\r\n": ">=2.1,<2.3",
    'Requires-Dist: torch!=2.9.*,>=2.1.2\nRequires-Dist: torch<2.3; extra == "mac"\n': ">=2.1.2,<2.9 or >=2.10",
    'Requires-Dist: torch>=1.11; extra == "torch"\n': ">=1.11",
    "Name: x\n\nRequires-Dist: torch==1.5 is what one could write\n": None,
}
FORMATS: list[tuple[Callable[[str], object], dict[str, str | None]]] = [
    (requirements.of_pyproject, PYPROJECT),
    (requirements.of_setup_cfg, SETUP_CFG),
    (requirements.of_setup_py, SETUP_PY),
    (requirements.of_environment, ENVIRONMENT),
    (requirements.of_pipfile, PIPFILE),
    (requirements.of_pipfile_lock, PIPFILE_LOCK),
    (requirements.of_lock, LOCK),
    (requirements.of_metadata, METADATA),
]


@pytest.mark.parametrize(
    ("reader", "text", "shown"),
    [(reader, text, shown) for reader, cases in FORMATS for text, shown in cases.items()],
    ids=lambda value: value.__name__ if callable(value) else str(value)[:50],
)
def test_other_files(reader: Callable[[str], list[requirements.Requirement]], text: str, shown: str | None) -> None:
    found = versions_of("torch", reader(text))
    assert (None if found is None else str(found)) == shown


def test_names_are_compared_as_indexes_do() -> None:
    assert str(versions_of("lightning_fabric", requirements.of_line("Lightning.Fabric==2.0"))) == "2.0"
