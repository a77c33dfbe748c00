"""What is wrong with the labels of a folder, and what is worked around."""

from dataclasses import dataclass, field
from pathlib import Path

from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed


@dataclass
class Wrong:
    """Collects what is wrong with the labels of a folder, by kind."""

    root: Path
    found: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, kind: str, where: str) -> None:
        """Add an offender; `kind` is a phrase for all of them."""
        self.found.setdefault(kind, {})[where] = None

    def sentences(self) -> list[str]:
        """Return a sentence for each kind."""
        return [f"{self.root}: {kind}: {listed(where)}." for kind, where in self.found.items()]

    def raise_if_any(self) -> None:
        """Raise UserError with these sentences."""
        if self.found:
            raise UserError(*self.sentences())


@dataclass
class Notes:
    """Collects what is worked around, by kind, to be logged in one line each."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, where: str) -> None:
        self.found.setdefault(kind, []).append(where)

    def lines(self) -> list[str]:
        """Return a sentence for each kind."""
        return [f"{kind}: {len(where)}, in {listed(sorted(set(where)))}." for kind, where in self.found.items()]
