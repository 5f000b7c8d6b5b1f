"""What comes of other files of a project: names, values, findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.documents import read_document
from hplint.facts.file import File
from hplint.facts.values import OriginKind
from hplint.project import Project
from tests.facts.reading import file_of, used


def project(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a small project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def reading(folder: Path, name: str) -> File:
    """One file of it, linked to the others."""
    path = folder / name
    return file_of(path.read_text("utf-8"), str(path), Project())


REEXPORTS = {
    "from": ({"helpers.py": "from torch.optim import Adam\n"}, "from helpers import Adam\nuse(Adam)"),
    "module alias": ({"helpers.py": "import torch.nn as nn\n"}, "import helpers\nuse(helpers.nn.Linear)"),
    "import as": (
        {"lib/nn.py": "from torch.nn import *\n", "lib/__init__.py": ""},
        "import lib.nn as nn\nuse(nn.Linear)",
    ),
    "assignment": ({"helpers.py": "import torch\nAdam = torch.optim.Adam\n"}, "from helpers import Adam as A\nuse(A)"),
    "package": (
        {"lib/__init__.py": "from .optim import Adam\n", "lib/optim.py": "from torch.optim import Adam\n"},
        "import lib\nuse(lib.Adam)",
    ),
    "star": ({"helpers.py": "from torch.optim import Adam\n"}, "from helpers import *\nuse(Adam)"),
    "star of stars": (
        {"a.py": "from b import *\nfrom c import *\n", "b.py": "x = 1\n", "c.py": "from torch.nn import Linear\n"},
        "from a import *\nuse(Linear)",
    ),
    "star that does not matter": ({"a.py": "x = 1\n"}, "from torch.nn import *\nfrom a import *\nuse(Linear)"),
    "fallback": (
        {"a.py": "try:\n    from torch.optim import Adam\nexcept E:\n    Adam = None\n"},
        "from a import Adam\nuse(Adam)",
    ),
    "src": ({"src/lib/__init__.py": "from torch.optim import Adam\n"}, "from lib import Adam\nuse(Adam)"),
    "getattr": ({"a.py": "from torch import optim\n"}, "import a\nuse(getattr(a.optim, 'Adam'))"),
    "own class": (
        {"a.py": "from torch.optim import Adam as Base\nclass Adam(Base): pass\n"},
        "from a import Adam\nuse(Adam)",
    ),
    "own function": ({"a.py": "def Adam(): pass\n"}, "import a\nuse(a.Adam)"),
    "own value": ({"a.py": "from x import make\nAdam = make()\n"}, "import a\nuse(a.Adam)"),
    "unknown star": ({"a.py": "from elsewhere import *\n"}, "from torch.nn import *\nfrom a import *\nuse(Linear)"),
    "in a circle": ({"a.py": "from b import Adam\n", "b.py": "from a import Adam\n"}, "from a import Adam\nuse(Adam)"),
    "stars in a circle": ({"a.py": "from b import *\n", "b.py": "from a import *\n"}, "from a import *\nuse(Adam)"),
    "a wrapper of its namesake": (
        {"using.py": "import torch\n\ntry:\n    import using.torch\nexcept ImportError:\n    pass\n"},
        "import using.torch as u\nuse(u.nn.Linear)",
    ),
    "itself": ({"a.py": "from a import *\nfrom a import Adam\n"}, "from a import Adam\nuse(Adam)"),
}
EXPECTED = {
    "from": "torch.optim.Adam",
    "module alias": "torch.nn.Linear",
    "import as": "torch.nn.Linear",
    "assignment": "torch.optim.Adam",
    "package": "torch.optim.Adam",
    "star": "torch.optim.Adam",
    "star of stars": "torch.nn.Linear",
    "star that does not matter": "torch.nn.Linear",
    "fallback": "torch.optim.Adam",
    "src": "torch.optim.Adam",
    "getattr": "torch.optim.Adam",
    "own class": "a.Adam",
    "own function": "a.Adam",
    "own value": "a.Adam",
    "unknown star": "a.Linear",
    "in a circle": "a.Adam",
    "stars in a circle": "a.Adam",
    "a wrapper of its namesake": "using.torch.nn.Linear",
    "itself": "a.Adam",
}


@pytest.mark.parametrize("case", REEXPORTS)
def test_names_that_a_module_hands_on(case: str, tmp_path: Path) -> None:
    files, text = REEXPORTS[case]
    project(tmp_path, {**files, "train.py": text})
    file = reading(tmp_path, "train.py")
    assert file.qualified(used(file)) == EXPECTED[case]


def test_a_module_of_a_package_imports_from_above_it(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/helpers.py": "from torch.optim import SGD as Optimizer\n",
            "helpers.py": "from torch.optim import Adam as Optimizer\n",
            "pkg/train.py": "from helpers import Optimizer\nuse(Optimizer)",
            "pkg/near.py": "from .helpers import Optimizer\nuse(Optimizer)",
        },
    )
    file = reading(tmp_path, "pkg/train.py")
    assert file.qualified(used(file)) == "torch.optim.Adam"
    file = reading(tmp_path, "pkg/near.py")
    assert file.qualified(used(file)) == "torch.optim.SGD"


def test_the_folder_of_a_script_comes_first(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "scripts/helpers.py": "from torch.optim import SGD as Optimizer\n",
            "helpers.py": "from torch.optim import Adam as Optimizer\n",
            "scripts/train.py": "from helpers import Optimizer\nuse(Optimizer)",
        },
    )
    file = reading(tmp_path, "scripts/train.py")
    assert file.qualified(used(file)) == "torch.optim.SGD"


def test_many_modules_that_import_everything_from_each_other(tmp_path: Path) -> None:
    stars = "".join(f"from m{number} import *\n" for number in range(12))
    project(tmp_path, {f"m{number}.py": stars for number in range(12)})
    project(tmp_path, {"train.py": "from m0 import *\nuse(Adam)"})
    file = reading(tmp_path, "train.py")
    assert file.qualified(used(file)) != "torch.optim.Adam"


CONFIGURATION = "# ä\noptim:\n  lr: 0.5\n  text: 1e-5\n  betas: [0.9, 0.99]\nname: x\n"
DOCUMENTS = {
    "safe_load": "import yaml\nwith open('config.yaml') as f:\n    cfg = yaml.safe_load(f)\nuse(cfg['optim']['lr'])",
    "load": "import yaml\ncfg = yaml.load(open('config.yaml'), Loader=yaml.FullLoader)\nuse(cfg['optim']['lr'])",
    "text": (
        "import yaml\nfrom pathlib import Path\nc = yaml.safe_load(Path('config.yaml').read_text())\n"
        "use(c['optim']['lr'])"
    ),
    "read": "import yaml\nc = yaml.safe_load(open('config.yaml').read())\nuse(c['optim']['lr'])",
    "omegaconf": "from omegaconf import OmegaConf\ncfg = OmegaConf.load('config.yaml')\nuse(cfg.optim.lr)",
    "easydict": (
        "import yaml\nfrom easydict import EasyDict\nwith open('config.yaml') as f:\n"
        "    cfg = EasyDict(yaml.safe_load(f))\nuse(cfg.optim.lr)"
    ),
    "beside the script": (
        "import os, yaml\nhere = os.path.dirname(os.path.abspath(__file__))\n"
        "with open(os.path.join(here, 'config.yaml')) as f:\n    cfg = yaml.safe_load(f)\nuse(cfg['optim']['lr'])"
    ),
    "path": (
        "import yaml\nfrom pathlib import Path\nwith (Path(__file__).parent / 'config.yaml').open() as f:\n"
        "    cfg = yaml.safe_load(f)\nuse(cfg['optim']['lr'])"
    ),
    "option": (
        "import argparse, yaml\np = argparse.ArgumentParser()\np.add_argument('--config', default='config.yaml')\n"
        "args = p.parse_args()\nwith open(args.config) as f:\n    cfg = yaml.safe_load(f)\nuse(cfg['optim']['lr'])"
    ),
    "function": (
        "import yaml\ndef load(path):\n    with open(path) as f:\n        return yaml.safe_load(f)\n"
        "cfg = load('config.yaml')\nuse(cfg['optim']['lr'])"
    ),
    "function of another file": "from lib import load\ncfg = load('config.yaml')\nuse(cfg['optim']['lr'])",
    "part": "import yaml\ncfg = yaml.safe_load(open('config.yaml'))\no = cfg['optim']\nuse(o['lr'])",
    "get": "import yaml\ncfg = yaml.safe_load(open('config.yaml'))\nuse(cfg['optim'].get('lr'))",
    "json": "import json\ncfg = json.load(open('config.json'))\nuse(cfg['optim']['lr'])",
    "toml": "import tomllib\nwith open('config.toml', 'rb') as f:\n    cfg = tomllib.load(f)\nuse(cfg['optim']['lr'])",
    "hydra": (
        "import hydra\n@hydra.main(config_path='.', config_name='config')\ndef main(cfg):\n    use(cfg.optim.lr)\n"
    ),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_values_of_configuration_documents(case: str, tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "config.yaml": CONFIGURATION,
            "config.json": '{"name": "x",\n\t"optim": {"lr": 0.5}}',
            "config.toml": '# x\nname = "x"\n[optim]\nlr = 0.5 # y\n',
            "lib.py": (
                "import yaml\nfrom easydict import EasyDict\ndef load(path):\n    with open(path) as f:\n"
                "        cfg = yaml.safe_load(f)\n    return EasyDict(cfg)\n"
            ),
            "train.py": DOCUMENTS[case],
        },
    )
    value = (file := reading(tmp_path, "train.py")).value(used(file))
    assert [each.constant for each in value.possible] == [0.5]
    assert not value.closed
    origin = value.possible[0].origin
    assert origin.kind is OriginKind.CONFIG_FILE
    assert origin.label.endswith(":lr")
    assert Path(str(origin.path)).read_text("utf-8")[origin.start : origin.end] == "0.5"


def use_of(folder: Path, expression: str, loader: str = "yaml.safe_load(open('config.yaml'))") -> list[object]:
    """The possible constants of an expression over ``cfg``."""
    text = f"import yaml, hydra\nfrom omegaconf import OmegaConf\ncfg = {loader}\nuse({expression})"
    project(folder, {"train.py": text})
    file = reading(folder, "train.py")
    return [each.constant for each in file.value(used(file)).possible]


def test_numbers_are_what_the_loader_makes_of_them(tmp_path: Path) -> None:
    project(tmp_path, {"config.yaml": "a: 1e-5\nb: 1.0e-5\nc: on\nd: 0x10\ne: 2020-01-01\nf: !!python/name:os.x 1\n"})
    assert use_of(tmp_path, "cfg['a']") == ["1e-5"]
    assert use_of(tmp_path, "cfg['b']") == [1e-5]
    assert use_of(tmp_path, "cfg['c']") == [True]
    assert use_of(tmp_path, "cfg['d']") == [16]
    assert use_of(tmp_path, "cfg['e']") == []
    assert use_of(tmp_path, "cfg['f']") == []
    project(tmp_path, {"config.json": '{"a": 1e-5, "b": true, "c": null, "d": "x"}'})
    loader = "__import__('x')\nimport json\ncfg = json.load(open('config.json'))"
    assert use_of(tmp_path, "cfg['a']", loader) == [1e-5]
    assert use_of(tmp_path, "cfg['b']", loader) == [True]
    assert use_of(tmp_path, "cfg.a", "OmegaConf.load('config.yaml')") == [1e-5]


def test_merged_mappings_and_aliases(tmp_path: Path) -> None:
    project(tmp_path, {"config.yaml": "base: &base\n  lr: 1\n  wd: 2\nrun:\n  <<: *base\n  lr: 3\nagain: *base\n"})
    assert use_of(tmp_path, "cfg['run']['lr']") == [3]
    assert use_of(tmp_path, "cfg['run']['wd']") == [2]
    assert use_of(tmp_path, "cfg['again']['lr']") == [1]


def test_what_is_changed_is_not_known(tmp_path: Path) -> None:
    project(tmp_path, {"config.yaml": "lr: 1e-5\n"})
    assert use_of(tmp_path, "float(cfg['lr'])") == [1e-5]
    assert use_of(tmp_path, "cfg['lr']", "yaml.safe_load(open('config.yaml'))\ncfg['lr'] = float(cfg['lr'])") == [1e-5]
    assert use_of(tmp_path, "cfg['lr']", "yaml.safe_load(open('config.yaml'))\nfor k in cfg:\n    cfg[k] = f(k)") == []


def test_a_document_of_two_places_is_not_known(tmp_path: Path) -> None:
    project(tmp_path, {"config.yaml": "lr: 1\n", "scripts/config.yaml": "lr: 2\n"})
    project(tmp_path, {"scripts/train.py": "import yaml\ncfg = yaml.safe_load(open('config.yaml'))\nuse(cfg['lr'])"})
    file = reading(tmp_path, "scripts/train.py")
    assert not file.value(used(file)).possible


HYDRA = (
    "import hydra\n@hydra.main(version_base=None, config_path='conf', config_name='config')\n"
    "def main(cfg):\n    use({})\n"
)


def hydra_value(folder: Path, expression: str) -> list[object]:
    project(folder, {"train.py": HYDRA.format(expression)})
    file = reading(folder, "train.py")
    return [each.constant for each in file.value(used(file)).possible]


def test_hydra_puts_a_configuration_together(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "conf/config.yaml": (
                "defaults:\n  - base\n  - optimizer: adam\n  - _self_\n  - override hydra/launcher: x\nlr: 1\n"
            ),
            "conf/base.yaml": "lr: 2\nepochs: 3\n",
            "conf/optimizer/adam.yaml": "lr: 1e-3\nwd: ${lr}\n",
        },
    )
    assert hydra_value(tmp_path, "cfg.lr") == [1]
    assert hydra_value(tmp_path, "cfg.epochs") == [3]
    assert hydra_value(tmp_path, "cfg.optimizer.lr") == [1e-3]
    assert hydra_value(tmp_path, "cfg['optimizer']['wd']") == []


def test_hydra_is_silent_about_what_it_cannot_put_together(tmp_path: Path) -> None:
    project(tmp_path, {"conf/config.yaml": "defaults:\n  - missing: x\nlr: 1\n"})
    assert hydra_value(tmp_path, "cfg.lr") == []
    project(tmp_path, {"conf/config.yaml": "defaults:\n  - config\nlr: 1\n"})
    assert hydra_value(tmp_path, "cfg.lr") == []
    project(tmp_path, {"conf/config.yaml": "defaults:\n  - a: x\nlr: 1\na:\n  b: 1\n", "conf/a/x.yaml": "b: 2\n"})
    assert hydra_value(tmp_path, "cfg.a.b") == []


ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 9)
)
HOSTILE = {
    "aliases of aliases": ALIASES + "lr: 1\n",
    "an alias of itself": "a: &a [*a]\nlr: 1\n",
    "brackets": "lr: 1\na: " + "[" * 5000 + "]" * 5000,
    "lists in lists": "lr: 1\na: " + "- " * 3000 + "x",
    "question marks": "? " * 5000,
    "no document": "\x00\x01{[",
    "two documents": "lr: 1\n---\nlr: 2\n",
    "an object": "!!python/object/apply:os.system ['true']\n",
    "too large": "lr: 1\n" + "# x\n" * 300_000,
    "a long number": "lr: " + "1" * 9000 + "\n",
    "empty": "",
    "a list": "- lr: 1\n",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_documents_are_nothing(case: str, tmp_path: Path) -> None:
    project(tmp_path, {"config.yaml": HOSTILE[case], "config.json": HOSTILE[case], "config.toml": HOSTILE[case]})
    assert use_of(tmp_path, "cfg['lr']") == []
    assert use_of(tmp_path, "cfg['lr']", "__import__('json').load(open('config.json'))") == []


def test_hostile_toml_is_nothing() -> None:
    for text in (*HOSTILE.values(), "a = " + "[" * 9000, "a" + " " * 100_000, "[a]\n" * 3):
        document = read_document(text[:200_000], "toml")
        assert document is None or len(document.body) == 1
