"""What hplint itself has to say of a file, as rules without a check: they have codes, levels and pages as others do."""

from __future__ import annotations

from hplint.builtin.internal_error import internal_error
from hplint.builtin.syntax_error import syntax_error
from hplint.builtin.too_complex import too_complex
from hplint.builtin.unreadable import unreadable
from hplint.builtin.unused_suppression import unused_suppression
from hplint.rule import Rule

__all__ = ["BUILTIN_RULES", "internal_error", "syntax_error", "too_complex", "unreadable", "unused_suppression"]

BUILTIN_RULES: tuple[Rule, ...] = (internal_error, syntax_error, unreadable, too_complex, unused_suppression)
