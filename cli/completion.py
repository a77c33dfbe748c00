"""Tab completion: the shell scripts, and the candidates they request.

The scripts call `mnv3 completion query LINE` with the command line up to the cursor; it prints one candidate per line.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnv3.cli.call.verbs import VERBS
from mnv3.tools.errors import UserError

if TYPE_CHECKING:
    from mnv3.cli.call.composing import Composer

BASH = """\
_mnv3() {
    local line="${COMP_LINE:0:COMP_POINT}" word candidates
    word="${line##*[[:space:]]}"
    mapfile -t candidates < <(mnv3 completion query "$line" 2>/dev/null)
    local cut=""
    # readline breaks words at '=' and ':' and replaces only what follows
    [[ "$COMP_WORDBREAKS" == *=* && "$word" == *=* ]] && cut="${word%"${word##*=}"}"
    if [[ "${candidates[0]}" == "<file>" ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "${word#*=}")
        compopt -o filenames
        return
    fi
    COMPREPLY=("${candidates[@]#"$cut"}")
    [[ "${COMPREPLY[*]}" == *[=.] ]] && compopt -o nospace
}
complete -F _mnv3 mnv3
"""

ZSH = """\
_mnv3() {
    local line="${BUFFER[1,CURSOR]}"
    local -a candidates
    candidates=("${(@f)$(mnv3 completion query "$line" 2>/dev/null)}")
    if [[ "${candidates[1]}" == "<file>" ]]; then
        compset -P '*='
        _files
    else
        compadd -Q -S '' -- ${(M)candidates:#*[=.]}
        compadd -Q -- ${candidates:#*[=.]}
    fi
}
compdef _mnv3 mnv3
"""

SHELLS = {"bash": BASH, "zsh": ZSH}
PATHS = (
    "backbone.weights",
    "data.root",
    "dataset.path",
    "dataset.names",
    "resume",
    "init",
    "ckpt",
    "run",
    "weights",
    "model",
    "out",
    "predict.out",
    "source",
    "runs",
)
PATH_ENDINGS = ("_json", "_images")


def run(argv: Sequence[str]) -> None:
    """Print the script of a shell, or the candidates for a line. Raises UserError for other arguments."""
    if len(argv) == 2 and argv[0] == "query":
        print("\n".join(candidates(argv[1])))
    elif len(argv) == 1 and argv[0] in SHELLS:
        print(SHELLS[argv[0]], end="")
    else:
        raise UserError('Name the shell: eval "$(mnv3 completion bash)" or eval "$(mnv3 completion zsh)".')


def candidates(line: str) -> list[str]:
    """Return completions of the last word of `line`, which begins with the program's name; ["<file>"] for any path."""
    *before, word = line.split(" ")
    done = [item for item in before[1:] if item]
    if not done:
        return [verb for verb in VERBS if verb.startswith(word)]
    verb = done[0]
    if verb == "help":
        return [name for name in VERBS if name.startswith(word)]
    if verb == "completion":
        return [shell for shell in SHELLS if shell.startswith(word)]
    if verb == "compare":
        return _of_comparison(word)
    if verb not in VERBS or not VERBS[verb].configured:
        return []
    return _of_configured(verb, done[1:], word)


def _of_comparison(word: str) -> list[str]:
    """Return run folders, options, and the keys of `mnv3 train` with their values."""
    from mnv3.cli.call import comparing

    key, equals, _ = word.partition("=")
    if equals and key in comparing.OPTIONS:
        return ["<file>"] if key in comparing.FILES else ["all=true"] if key == "all" else []
    if equals:
        return _of_configured("train", [], word)
    runs = [f"{folder.parent}" for folder in sorted(Path().glob("runs/*/*/config.yaml"))]
    names = [
        *runs,
        *(f"{name}=" for name in [*comparing.OPTIONS, *comparing.FILTERS, *comparing.GROUPS] if name != "KEY"),
    ]
    return [name for name in dict.fromkeys(names) if name.startswith(word)] or ["<file>"]


def _of_configured(verb: str, done: Sequence[str], word: str) -> list[str]:
    from mnv3.cli.call import values
    from mnv3.cli.call.composing import composer

    with composer(verb) as compose:
        groups = compose.groups()
        chosen = [text for text in done if _is_choice(text, groups, compose)]
        leaves = values.leaves(compose(chosen))
        key, equals, value = word.partition("=")
        if not equals:
            flags = ["--cfg", "--config-dir", "--help", "--info", "--multirun"]
            names = [f"{name}=" for name in [*groups, *leaves]]
            found = [name for name in [*_free_words(verb, leaves), *names, *flags] if name.startswith(word)]
            return _by_section(found, word) or (["<file>"] if VERBS[verb].rest else [])
        if key in groups:
            options = compose.options(key)
        elif key not in leaves:
            options = []
        elif key in PATHS or key.endswith(PATH_ENDINGS):
            return ["<file>"]
        elif leaves[key].hint is bool:
            options = ["true", "false"]
        else:
            options = [str(choice) for choice in leaves[key].field.metadata["choices"]]
    *earlier, last = value.split(",")
    taken = "".join(f"{item}," for item in earlier)
    return [f"{key}={taken}{option}" for option in options if option.startswith(last) and option not in earlier]


def _is_choice(text: str, groups: Collection[str], compose: "Composer") -> bool:
    group, _, option = text.partition("=")
    return group in groups and option in compose.options(group)


def _by_section(names: Sequence[str], word: str) -> list[str]:
    """Cut names at their next dot: `recipe.` stands for all keys of the recipe until `recipe.` itself is typed."""
    return list(dict.fromkeys(word + re.sub(r"\..*", ".", name[len(word) :]) for name in names))


def _free_words(verb: str, leaves: dict) -> list[str]:
    """Return choices that need no key, such as `check` in `mnv3 data check`."""
    return [choice for name in VERBS[verb].words for choice in leaves[name].field.metadata["choices"]]
