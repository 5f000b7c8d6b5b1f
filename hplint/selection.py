"""Which rules are on: selectors of the configuration and of the command line, the more exact one winning."""

from __future__ import annotations

from collections.abc import Mapping

from hplint.builtin import BUILTIN_RULES, unused_suppression
from hplint.model import Level
from hplint.records import value_record
from hplint.registry import ALL, Registry
from hplint.rule import Rule

PEDANTIC = Level.PEDANTIC.value


@value_record
class Layer:
    """What one source of selectors says. ``select`` None adds to and takes from the layer before."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@value_record
class Selection:
    """Codes of the rules that run, and of those whose pedantic findings are shown as well."""

    codes: frozenset[str]
    pedantic: frozenset[str]


def select(layers: tuple[Layer, ...], rules: Registry, levels: Mapping[str, Level]) -> Selection:
    """Apply layers in order, beginning with every rule that is not pedantic.

    Within a layer a rule's own name beats a topic, level or library, which beats ``ALL``; of two equally exact
    selectors ``ignore`` wins. Pedantic findings show for a rule that is selected by its own name, and for all
    selected rules where ``pedantic`` or ``ALL`` is selected. That a file cannot be read or parsed is reported
    whatever is selected, unless it is ignored.

    Raises:
        UnknownSelector: one stands for nothing.
    """
    on = {rule.code for rule in rules.rules if levels.get(rule.code, rule.level) is not Level.PEDANTIC}
    always = _codes(frozenset(BUILTIN_RULES) - {unused_suppression})
    pedantic: set[str] = set()
    for layer in layers:
        if layer.select is not None:
            on = set(always)
            pedantic.clear()
        wanted = (*(layer.select or ()), *layer.extend_select)
        for exactness in range(3):
            for selector in wanted:
                found = rules.resolve(selector, levels)
                if _exactness(selector, rules) == exactness:
                    on |= _codes(found)
                    if selector == ALL or exactness == 2:
                        pedantic |= _codes(found)
            if exactness == 1 and PEDANTIC in wanted:
                pedantic |= on
            for selector in layer.ignore:
                found = rules.resolve(selector, levels)
                if _exactness(selector, rules) == exactness:
                    on -= _codes(found)
                    pedantic -= {rule.code for rule in rules.rules} if selector == PEDANTIC else _codes(found)
    hidden = {rule.code for rule in rules.rules if levels.get(rule.code, rule.level) is Level.PEDANTIC} - pedantic
    return Selection(frozenset(on - hidden), frozenset(pedantic & on))


def _exactness(selector: str, rules: Registry) -> int:
    if selector == ALL:
        return 0
    return 2 if rules.get(selector) else 1


def _codes(rules: frozenset[Rule]) -> set[str]:
    return {rule.code for rule in rules}
