"""Where what a helper constructs and returns comes to be, for the code that uses it: at the one call of the helper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hplint.facts.makers import calls_of, given_to, run_by
from hplint.facts.syntax import Attribute, Call, ClassDef, Expr, FunctionDef, Name, Return
from hplint.facts.tree import inside
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File


@value_record
class Site:
    """``call`` gives the code around it an object: it constructs it, or calls the helper that does nothing else.

    ``helper``: that helper, with what ``call`` gives for its parameters.
    """

    call: Call
    helper: FunctionDef | None
    given: dict[str, Expr]

    def seen(self, expr: Expr) -> Expr | None:
        """What an expression of the helper is called at the site; None where no name there is known to be the same."""
        root = expr
        while isinstance(root, Attribute):
            root = root.value
        if self.helper is None or not isinstance(root, Name) or root.id == "self":
            return expr
        if all(parameter.name != root.id for parameter in self.helper.parameters):
            return expr
        given = self.given.get(root.id)
        same = isinstance(given, Name) and given.id == root.id
        return given if root is expr else expr if same else None


def returned_by(file: File, call: Call) -> Expr | None:
    """The one expression that the helper of this file returns which a call runs; None for any other call."""
    helper = run_by(file, call)
    if helper is None or isinstance(file.definition(call.func), ClassDef):
        return None
    returned = [each.value for each in file.all(Return) if inside(each, helper)]
    return returned[0] if len(returned) == 1 else None


def site_of(file: File, made: Call) -> Site:
    """Where an object is made: at its construction, or, where a helper returns it, at the only call of that helper."""
    helper = file.callers.function_around(made)
    returned = [] if helper is None else [each for each in file.all(Return) if inside(each, helper)]
    if helper is not None and len(returned) == 1 and returned[0].value is made:
        calls = calls_of(file, helper)
        if len(calls) == 1:
            return Site(calls[0], helper, given_to(file, helper, calls[0]))
    return Site(made, None, {})
