"""The report of an evaluation, whatever the task: its folder, where its figures come from, the same in W&B."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import OmegaConf

from mnv3.tools.files.write import write_text
from mnv3.tools.paper.summary import cost_figures, score_figures
from mnv3.tools.runs.folder import refuse_links
from mnv3.tools.runs.wandb_run import finishing, start_run

if TYPE_CHECKING:
    from mnv3.tools.paper.cost import RowCost


class Reported(NamedTuple):
    """What a report has for W&B too: figures by name; functions that make the pictures and the tables."""

    stats: Mapping[str, float]
    panels: Callable[[], Any]
    tables: Callable[[], Mapping[str, Any]]


def origin(config: Mapping[str, Any], checkpoint: Path, **how: Any) -> dict[str, Any]:
    """What metrics.json says of how its figures came about: of what, on which data, and `how`."""
    data = {"dataset": config["dataset"]["name"], "split": config["eval"]["split"]}
    how["input_size"] = config["task"]["input_size"]
    return {"checkpoint": str(checkpoint), **data, "dataset_keys": dict(config["dataset"]), **how}


def keep_config(config: Mapping[str, Any], out: Path, run: Path | None) -> None:
    """Write config.yaml into a report that lies outside of its run, so that `mnv3 compare` knows what it is of."""
    if run is None or config["eval"]["out"]:
        write_text(out / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(dict(config))))


def report_folder(config: Mapping[str, Any], checkpoint: Path, run: Path | None) -> Path:
    """Where the report goes: eval.out, or eval/<data set>-<split> in the run folder, or in runs/eval/ without one."""
    out, name = config["eval"]["out"], f"{config['dataset']['name']}-{config['eval']['split']}"
    if out:
        return Path(out).expanduser()
    if run:
        refuse_links(run / "eval")
    return run / "eval" / name if run else Path("runs/eval") / f"{checkpoint.stem}-{name}"


def track(
    config: Mapping[str, Any], out: Path, checkpoint: str, reported: Reported, row_cost: "Callable[[], RowCost]"
) -> None:
    """Log the same figures, pictures and tables to W&B, as a run of its own with job type "eval".

    Tables may be named as a validation names them, `val/...`: they get the split's name instead. `row_cost` is called
    for a row of the paper's tables, to tell the cost by its counting rule.
    """
    split = config["eval"]["split"]
    tags = [config["task"]["name"], config["backbone"]["name"], config["dataset"]["name"], split]
    run = start_run(
        config["wandb"], out, job_type="eval", config={**config, "checkpoint": checkpoint}, tags=tags, summary={}
    )
    if run is None:
        return
    with finishing(run):
        run.log({f"{split}/{name}": value for name, value in reported.stats.items()})
        renamed = {f"{split}/{name.removeprefix('val/')}": table for name, table in reported.tables().items()}
        run.log({f"{split}/samples": reported.panels(), **renamed})
        if row := config.get("row"):
            run.summary.update(cost_figures(row, row_cost()))
            run.summary.update(score_figures(row, config["dataset"]["name"], split, reported.stats))
