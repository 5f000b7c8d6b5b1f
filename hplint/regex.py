"""Regular expressions that are compiled when they are first asked.

hplint has a hundred, and a file asks a few: to compile them all would take longer than to read a long file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
        """What ``re.compile`` gives, later."""

else:

    class regex:
        """What ``re.compile`` gives, later."""

        def __init__(self, pattern: str, flags: int = 0) -> None:
            self._written = pattern, flags

        def __getattr__(self, name: str) -> Any:
            """Asked for only once a name: the method is kept as an attribute of its own."""
            found = getattr(re.compile(*self._written), name)
            setattr(self, name, found)
            return found
