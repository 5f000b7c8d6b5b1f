"""What code passes around, as far as models and losses go: tensors with their history, layers, objects, functions.

Nothing here is run: :mod:`hplint.facts.following` goes through the code once and keeps these records instead of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from hplint.facts.syntax import Call, ClassDef, Constant, Expr, FunctionDef, Lambda, Node
from hplint.records import record

if TYPE_CHECKING:
    from hplint.facts.file import File

_ALTERNATIVES = 8
"""More things that a value may be are not kept apart."""


@record
class Unknown:
    """Anything."""


UNKNOWN: Final = Unknown()


@record
class Const:
    """A number, a string, None, True or False."""

    value: Constant


@record
class Ref:
    """Something of another module, by its dotted name: ``torch.nn.Linear``."""

    name: str


@record
class Several:
    """One of these; which one is not known."""

    parts: tuple[Flow, ...]


@record
class Built:
    """A module of ``torch.nn`` that a call constructs. ``options`` are the arguments by name, as far as known.

    ``content`` is what a container holds. ``complete``: no argument is hidden in ``*`` or ``**``.
    """

    kind: str
    call: Call
    file: File
    options: Mapping[str, Flow]
    complete: bool
    content: Items | None = None


@record
class Items:
    """A tuple, list or dictionary. ``initial`` is what it was made with; what was added is kept in the state.

    ``born`` counts them in the order in which they are made.
    """

    kind: str
    node: Node
    initial: Content
    born: int


@record
class Step:
    """A tensor: what an operation makes of its ``inputs``.

    ``kind`` is the class for layers, activations and dropout, however they are written (``Softmax`` for
    ``nn.Softmax()(x)``, ``F.softmax(x)``, ``x.softmax()``), the name for other functions and methods (``view``,
    ``cat``), the operator for arithmetic, ``getitem``, ``part`` for an unpacked one, ``input`` for what a model is
    given. ``node`` is where it is applied, ``call`` the constructor of the layer or the function's call, ``layer`` the
    layer, ``options`` its arguments, and those of functions.
    """

    kind: str
    node: Node
    file: File
    inputs: tuple[Flow, ...] = ()
    call: Call | None = None
    options: Mapping[str, Flow] = field(default_factory=dict)
    layer: Built | None = None


@record
class Kind:
    """A class of the project, or a function's ``owner``; ``frame`` is where it is defined."""

    node: ClassDef
    file: File
    frame: Frame


@record
class Instance:
    """An object of a class of the project; its attributes are in the state."""

    kind: Kind
    node: Node


@record
class Function:
    """A function of the project; ``bound`` is the object whose method it is."""

    node: FunctionDef | Lambda
    file: File
    frame: Frame
    owner: Kind | None = None
    bound: Instance | Kind | None = None


@record
class Super:
    """``super()`` in a method of ``owner``."""

    owner: Kind
    bound: Instance | Kind


Flow: TypeAlias = Unknown | Const | Ref | Several | Built | Items | Step | Kind | Instance | Function | Super


@record
class Given:
    """The arguments of a call. ``complete``: no ``*`` or ``**`` of unknown content.

    ``nodes``: what each argument that is written out is, by the identity of its expression.
    """

    positional: tuple[Flow, ...]
    keywords: dict[str, Flow]
    complete: bool
    nodes: dict[int, Flow]

    def get(self, position: int, keyword: str) -> Flow:
        """An argument by its name or its position."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        return self.positional[position] if position < len(self.positional) else UNKNOWN


@dataclass(slots=True, eq=False)
class Frame:
    """A function, or a file, while its code is followed: its names, and what it gives back."""

    file: File
    scope: int
    names: dict[str, Flow]
    outer: Frame | None = None
    function: Function | None = None
    first: Flow | None = None
    """What the first parameter is: ``self``."""
    returns: list[Flow] = field(default_factory=list)
    exits: list[State] = field(default_factory=list)
    """The states in which a loop is left or begun anew."""
    generator: bool = False


Key: TypeAlias = tuple[object, str]
"""An object and the attribute of it; ``()`` for what a list holds."""
State: TypeAlias = tuple[dict[str, Flow], dict[Key, "Flow | Content"]]
Content: TypeAlias = "tuple[tuple[Constant, Flow], ...] | None"
"""What a list, tuple or dictionary holds, by index or key; None when it is not known."""


@record
class LossUse:
    """A call of a loss. ``kind`` is its class (``CrossEntropyLoss`` for ``F.cross_entropy`` too), ``node`` the call
    and ``at`` what it is given as ``input``, in ``file``. ``via`` is the call in the checked file that leads here,
    ``criterion`` the object that is called."""

    kind: str
    node: Call
    file: File
    at: Expr
    input: Flow
    via: Call | None
    criterion: Built | None


def several(parts: Sequence[Flow]) -> Flow:
    """Any of these."""
    if len(parts) == 1:
        return parts[0]
    found: list[Flow] = []
    for part in parts:
        for each in part.parts if type(part) is Several else (part,):
            for known in found:
                if each is known or (type(each) is type(known) and _same(each, known)):
                    break
            else:
                found.append(each)
    if len(found) == 1:
        return found[0]
    return Several(tuple(found)) if 0 < len(found) <= _ALTERNATIVES else UNKNOWN


def parts(flow: Flow) -> tuple[Flow, ...]:
    """All that it may be."""
    return flow.parts if isinstance(flow, Several) else (flow,)


def _same(one: Flow, other: Flow) -> bool:
    """Whether two of a kind are the same."""
    if isinstance(one, Const) and isinstance(other, Const):
        return type(one.value) is type(other.value) and one.value == other.value
    if isinstance(one, Ref) and isinstance(other, Ref):
        return one.name == other.name
    if isinstance(one, Function) and isinstance(other, Function):
        return one.node is other.node and one.bound is other.bound
    return False
