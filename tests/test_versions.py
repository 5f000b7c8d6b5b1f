"""What conditions on versions allow, as pip, Poetry and conda write them."""

from __future__ import annotations

import pytest

from hplint.versions import ANY, NONE, allowed, as_version, exactly

SHOWN = {
    "": "any version",
    "*": "any version",
    "==*": "any version",
    "==1.13.1": "1.13.1",
    "==1.13.1+cu117": "1.13.1",
    "===1.13.1": "1.13.1",
    "== v1.13.0": "1.13",
    "==2.0.0.dev20230101": "2.0",
    "1.13.1": "1.13.1",
    ">=1.8": ">=1.8",
    ">= 1.8 , < 2": ">=1.8,<2.0",
    ">=1.8 <2": ">=1.8,<2.0",
    ">1.8,<=2.3.1,": ">1.8,<=2.3.1",
    "~=2.0": ">=2.0,<3.0",
    "~=2.0.1": ">=2.0.1,<2.1",
    ">=1.8,!=2.0.0": ">=1.8,<2.0 or >2.0",
    "!=2.9.*,>=2.1.2": ">=2.1.2,<2.9 or >=2.10",
    "==2.4.*": ">=2.4,<2.5",
    "==2.0.*": ">=2.0,<2.1",
    "^1.13.1": ">=1.13.1,<2.0",
    "^0.3": ">=0.3,<0.4",
    "^0.0.3": ">=0.0.3,<0.0.4",
    "^0": "<1.0",
    "~1.13.1": ">=1.13.1,<1.14",
    "~1": ">=1.0,<2.0",
    "^1.13 || ^2.1": ">=1.13,<2.0 or >=2.1,<3.0",
    ">=1.8,<1.8": "none",
    "==1.13.1,==1.13.2": "none",
}


@pytest.mark.parametrize("text", SHOWN)
def test_conditions(text: str) -> None:
    found = allowed(text)
    assert found is not None
    assert str(found).replace(">=0.0,<1.0", "<1.0") == SHOWN[text]


def test_as_conda_has_it() -> None:
    assert str(allowed("1.13", loose=True)) == ">=1.13,<1.14"
    assert str(allowed("=1.13.1", loose=True)) == ">=1.13.1,<1.13.2"
    assert str(allowed("==1.13.1", loose=True)) == "1.13.1"
    assert str(allowed(">=1.8,<1.10|1.12.*", loose=True)) == ">=1.8,<1.10 or >=1.12,<1.13"


@pytest.mark.parametrize(
    "text",
    ["${TORCH}", "=={{ version }}", "latest", ">=", "~=2", "==1.13.1 torchvision", "@ file:///x"],
)
def test_what_is_no_condition_is_not_known(text: str) -> None:
    assert allowed(text) is None


@pytest.mark.parametrize(
    "text", ["==" + "9" * 5000, ",".join([">=1"] * 100), "|".join(["==1"] * 100), "==1" + " " * 5000 + "!"]
)
def test_what_nobody_would_write_is_not_known(text: str) -> None:
    assert allowed(text) is None


@pytest.mark.parametrize(
    ("text", "may", "all_"),
    [
        ("", True, False),
        ("==2.4.0", True, True),
        ("==2.4.1+cpu", True, True),
        (">=2.4", True, True),
        (">2.3", True, False),
        (">=1.8", True, False),
        ("<=2.4", True, False),
        ("~=2.0", True, False),
        ("!=2.4", True, False),
        ("<2.4", False, False),
        ("<2.4.0", False, False),
        ("<=2.4,!=2.4.0", False, False),
        ("==1.13.1", False, False),
        ("^1.13", False, False),
    ],
)
def test_what_reaches_a_version(text: str, may: bool, all_: bool) -> None:
    found = allowed(text)
    assert found is not None
    assert (found.may_reach((2, 4)), found.all_reach((2, 4))) == (may, all_)


def test_only_a_lower_bound_tells_of_old_versions() -> None:
    told = {
        text: found.told_before((2, 3)) for text in ("", "<3", ">=1.8", "==2.2", ">=2.3") if (found := allowed(text))
    }
    assert told == {"": False, "<3": False, ">=1.8": True, "==2.2": True, ">=2.3": False}


def test_sets() -> None:
    old, new = allowed("<2"), allowed(">=1.8")
    assert old is not None
    assert new is not None
    assert str(old & new) == ">=1.8,<2.0"
    assert old | new == ANY
    assert exactly("1.7") & new == NONE
    assert as_version("2.13.0+cu126") == (2, 13)
