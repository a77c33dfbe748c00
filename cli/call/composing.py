"""Compose configurations without running anything, for error messages, help and completion."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from mnv3.conf import schema


class Composer:
    """Composes configurations of `verb` from mnv3's files and those of `config_dir`."""

    def __init__(self, verb: str, config_dir: Path | None) -> None:
        self.verb = verb
        self._config_dir = config_dir
        self._search = [f"hydra.searchpath=[file://{config_dir.resolve()}]"] if config_dir else []
        self._loader = GlobalHydra.instance().config_loader()
        self._parser = OverridesParser.create(config_loader=self._loader)

    def __call__(self, overrides: Sequence[str] = (), *, with_hydra: bool = False) -> DictConfig:
        return compose(self.verb, overrides=[*self._search, *overrides], return_hydra_config=with_hydra)

    def parse(self, override: str) -> Override:
        parsed = self._parser.parse_override(override)
        parsed.config_loader = self._loader
        return parsed

    def options(self, group: str) -> list[str]:
        """Return the options of a group, nested ones as folder/option; empty if there is no such group."""
        folder = self._config_dir / group if self._config_dir else None
        mine = (
            {file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.yaml")} if folder else {}
        )
        return sorted({*self._options(group), *mine})

    def _options(self, group: str) -> list[str]:
        inside = self._loader.get_group_options(group, ObjectType.GROUP)
        nested = [f"{name}/{option}" for name in inside for option in self._options(f"{group}/{name}")]
        return [*self._loader.get_group_options(group), *nested]

    def groups(self, overrides: Sequence[str] = ()) -> dict[str, str]:
        """Map each group of the verb to its chosen option or "null"."""
        choices = self(overrides, with_hydra=True).hydra.runtime.choices
        return {group: option or "null" for group, option in choices.items() if self._is_public(group)}

    @staticmethod
    def _is_public(group: str) -> bool:
        return not (group.startswith(("hydra", "schema")) or "@" in group)

    def jobs(self, overrides: Sequence[str]) -> list[list[str]]:
        """Return the overrides of every job of a multirun: all combinations of comma-separated values."""
        values = []
        for text in overrides:
            item = self.parse(text)
            if item.is_sweep_override() and item.is_discrete_sweep():
                values.append([f"{item.get_key_element()}={value}" for value in item.sweep_string_iterator()])
            else:
                values.append([text])
        return [list(job) for job in product(*values)]


@contextmanager
def composer(verb: str, config_dir: Path | None = None) -> Iterator[Composer]:
    """Yield a `Composer` and restore Hydra's global state; inside a job, use the job's state."""
    schema.register()
    if GlobalHydra.instance().is_initialized():
        yield Composer(verb, config_dir)
        return
    with initialize_config_module("mnv3.conf", version_base="1.3", job_name=verb):
        yield Composer(verb, config_dir)
