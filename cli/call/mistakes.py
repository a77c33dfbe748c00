"""Find every mistake of a call before anything runs: one sentence each, with the closest match and current value."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mnv3.cli.call import arguments, values
from mnv3.cli.call.composing import Composer, composer
from mnv3.cli.call.verbs import VERBS
from mnv3.tools.errors import UserError, first_line
from mnv3.tools.text.words import closest, either, format_value

MANY = 12
"""With more options than this, the closest one is named before the list."""

CANNOT_COMPOSE = (HydraException, OmegaConfBaseException, ValueError, AttributeError, TypeError)


def check(verb: str, given: arguments.Arguments, config_dir: Path | None = None) -> list[DictConfig]:
    """Return the configuration of every job of the call. Raises UserError with all mistakes."""
    problems, configs = find(verb, given, config_dir)
    if problems:
        raise UserError(*problems)
    return configs


def of_unknown_verb(verb: str, argv: Sequence[str]) -> list[str]:
    """Return the mistakes of a call of an unknown verb; the rest is checked as for the closest verb."""
    near = closest(verb, VERBS)
    if near is None:
        return [f"There is no verb '{verb}'; there are {either(list(VERBS))}."]
    problems = [f"There is no verb '{verb}'; did you mean mnv3 {near}?"]
    if VERBS[near].configured:
        problems += find(near, arguments.split(argv, VERBS[near].words, VERBS[near].rest))[0]
    return problems


def find(verb: str, given: arguments.Arguments, config_dir: Path | None = None) -> tuple[list[str], list[DictConfig]]:
    """Return all distinct mistakes of a call, and the configurations of its jobs."""
    if config_dir and not config_dir.is_dir():
        return [f"--config-dir: there is no folder {config_dir}."], []
    with composer(verb, config_dir) as compose:
        call = _Call(compose)
        problems = [*given.mistakes, *(call.unknown_flag(flag) for flag in given.unknown)]
        if given.multirun and given.shows:
            problems.append("-m cannot be combined with --cfg or --info: leave it out, and give each key one value.")
        readable = []
        for text in given.overrides:
            unreadable = call.unreadable(text, given.multirun) or _empty(text)
            problems += unreadable
            readable += [] if unreadable else [text]
        configs = []
        for job in compose.jobs(readable):
            found, config = call.of_job(job)
            problems += found
            configs += [config] if config is not None else []
    return list(dict.fromkeys(problems)), configs


def _empty(text: str) -> list[str]:
    """Report a missing value, often from an unset shell variable: `resume=` would start a new run."""
    return [f"{text} has no value: give one, or null."] if text.endswith("=") else []


class _Call:
    """Checks the overrides of one call against the configuration of the verb."""

    def __init__(self, compose: Composer) -> None:
        self.compose = compose

    @cached_property
    def groups(self) -> dict[str, str]:
        return self.compose.groups()

    @cached_property
    def base(self) -> DictConfig:
        """The configuration without the call's keys."""
        return self.compose()

    def of_job(self, job: list[str]) -> tuple[list[str], DictConfig | None]:
        """Return the mistakes of one job, and its configuration if it can be composed."""
        added = [text for text in job if text.startswith(("+", "~")) and not text.lstrip("+~").startswith("hydra")]
        if not added:
            try:
                config = self.compose(job)
                return values.mistakes(config, self._now), config
            except CANNOT_COMPOSE as error:
                problems = self._one_by_one(job) or [f"The options are incompatible: {first_line(error)}"]
                return problems, None
        return self._one_by_one(job), None

    def _one_by_one(self, job: list[str]) -> list[str]:
        """Try each override alone, groups first, because they determine which keys exist."""
        problems = []
        names = {text: text.split("=")[0].strip() for text in job}
        chosen = [text for text in job if names[text] in self.groups]
        good = []
        for text in chosen:
            unknown = self._unknown_option(names[text], text.split("=", 1)[1])
            problems += unknown
            good += [] if unknown else [text]
        self.base = self.compose(good)
        for text in job:
            if text in chosen:
                continue
            if text.startswith(("+", "~")) and not names[text].lstrip("+~").startswith("hydra"):
                problems.append(self._added(text))
                continue
            try:
                problems += values.mistakes(self.compose([*good, text]), self._now)
            except CANNOT_COMPOSE as error:
                problems.append(self._refused(text, names[text], error))
        return problems or values.mistakes(self.base, self._now)

    def _unknown_option(self, group: str, option: str) -> list[str]:
        options = self.compose.options(group)
        if option in options:
            return []
        near = closest(option, options)
        if len(options) > MANY:
            hint = f" Did you mean {group}={near}?" if near else ""
            return [f"{group}={option}: there is no such {group}.{hint} Available: {', '.join(options)}."]
        hint = f"; did you mean {group}={near}?" if near else "."
        return [f"{group}={option}: {group} must be {either(options)} (now {self.groups[group]}){hint}"]

    def _added(self, text: str) -> str:
        name = text.lstrip("+~").split("=")[0]
        if text.startswith("~"):
            return f"{text}: keys cannot be removed; give {name} another value instead."
        if name in self._names():
            return f"{text}: write it without the plus, {text.lstrip('+')}."
        return self._unknown_key(text, name)

    def _refused(self, text: str, name: str, error: Exception) -> str:
        leaf = values.leaves(self.base).get(name)
        if leaf:
            return f"{text}: must be {leaf.kind} (now {self._now(name)})."
        if name.startswith("hydra"):
            return f"{text}: {first_line(error)}"
        return self._unknown_key(text, name)

    def _unknown_key(self, text: str, name: str) -> str:
        near = closest(name, self._names())
        if near:
            return f"{text}: there is no key '{name}'; did you mean {near} (now {self._now(near)})?"
        return f"{text}: there is no key '{name}'; `mnv3 {self.compose.verb} --help` lists them."

    def unreadable(self, text: str, multirun: bool) -> list[str]:
        """Return mistakes of form: no value, several values without -m, or something that Hydra cannot parse."""
        name, equals, value = text.partition("=")
        if not equals and not text.startswith("~"):
            near = closest(name, self._names())
            hint = f"; write {near}=VALUE (now {self._now(near)})." if near else "; write key=value."
            return [f"'{text}' has no value{hint}"]
        try:
            override = self.compose.parse(text)
        except HydraException:
            return [f"{text}: cannot be read; put quotes around the value: '{name}=\"{value}\"'."]
        if override.is_sweep_override() and not multirun:
            return [f"{text}: several values mean several runs; add -m, or give one value."]
        return []

    def unknown_flag(self, flag: str) -> str:
        word, _, value = flag.partition(" ")
        near = closest(word.lstrip("-").replace("-", "_"), self._names())
        hint = f"; did you mean {near}={value or 'VALUE'} (now {self._now(near)})?" if near else "; write key=value."
        return f"There is no flag {word}{hint}"

    def _names(self) -> list[str]:
        return [*values.leaves(self.base), *self.groups]

    def _now(self, name: str) -> str:
        default = self.groups.get(name)
        return format_value(OmegaConf.select(self.base, name, default=None)) if default is None else default
