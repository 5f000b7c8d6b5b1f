"""LibCST's parser gives hplint plain nodes, and everybody else those of LibCST; f-strings end where LibCST sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hplint.facts.formatted import formatted_end
from hplint.nodes import Node, Refused, parsed

BEFORE = "import libcst\nfrom hplint.nodes import parsed"
AFTER = "from hplint.nodes import parsed\nparsed('x = 1')\nimport libcst"


@pytest.mark.parametrize("imports", [BEFORE, AFTER])
def test_libcst_itself_is_as_it_was(imports: str) -> None:
    program = f"""{imports}
assert isinstance(libcst.parse_module("a = 1").body[0].body[0], libcst.Assign)
assert not isinstance(parsed("a = 1").body[0].body[0], libcst.CSTNode)
assert libcst.parse_module("a = f( 1 )  # so").code == "a = f( 1 )  # so"
try:
    libcst.parse_module("a = = 1")
except libcst.ParserSyntaxError:
    pass
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_parser_is_loaded_without_the_package() -> None:
    program = "import sys\nfrom hplint.nodes import parsed\nparsed('x = 1')\nassert 'libcst' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_field_that_the_parser_leaves_out_is_none() -> None:
    node = parsed("return_ = yield").body[0].body[0].value
    assert isinstance(node, Node)
    assert type(node).__name__ == "Yield"
    assert node.value is None


def test_what_is_no_python_is_refused_with_its_line() -> None:
    with pytest.raises(Refused) as caught:
        parsed("a = 1\nb = = 2\n")
    assert caught.value.line == 2


FORMATTED = (
    'f""',
    "f''''''",
    '''f"{x['a']}"''',
    """f'{x["a"]}'""",
    '''f"{x["a"]}"''',
    """f"{x['}']} {y['{'][f"{q["z"]:{"w"}>3}"]} }}{{ {{{a}}}" """.strip(),
    """f"{x:'>10}" """.strip(),
    '''f"{x:%Y-%m-%d {a}:{b!r}}"''',
    """f'''a'b''c{x['q']}'''""",
    r'''rf"\d{2}\{x}\"{a:\d}"''',
    r'''f"\N{DASH} {a=} {(lambda: 1)()} {a[1:2]} {a!=b}"''',
    'f"""{\n x # a "}\n}"""',
    r'''f"\\{x}\"{{\{y}"''',
    'f"{ {1:2}[1] }"',
    'f"{x:=5}{(x:=5)}"',
    """f"{rb'{' + R'{'}" """.strip(),
)


@pytest.mark.parametrize("text", FORMATTED)
@pytest.mark.parametrize("following", ["", " + 'a'", "}"])
def test_where_an_f_string_ends(text: str, following: str) -> None:
    assert formatted_end(f"x = {text}{following}", 4) == 4 + len(text)
    parsed(f"x = {text}\n")


def test_threads_that_parse_at_once_do_not_meet() -> None:
    program = """
import sys
from concurrent.futures import ThreadPoolExecutor
import libcst
from hplint.nodes import Node, parsed
sys.setswitchinterval(1e-6)
text = "x = [f(a, *b) for a in c if a]\\n" * 50
with ThreadPoolExecutor(4) as pool:
    assert all(isinstance(each, Node) for each in pool.map(parsed, [text] * 80))
assert sys.modules["libcst"] is libcst
"""
    subprocess.run([sys.executable, "-c", program], check=True)
