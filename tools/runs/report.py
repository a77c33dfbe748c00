"""The report of an evaluation of any task: its folder, the origin of its figures, and its copy in W&B."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import OmegaConf

from mnv3.tools.files.write import write_text
from mnv3.tools.runs.folder import refuse_links
from mnv3.tools.runs.wandb_run import finishing, start_run
from mnv3.tools.runs.wandb_summary import cost_figures, score_figures

if TYPE_CHECKING:
    from mnv3.tools.paper.cost import RowCost


class Reported(NamedTuple):
    """What W&B gets of a report: figures by name; functions that make the pictures and the tables."""

    stats: Mapping[str, float]
    panels: Callable[[], Any]
    tables: Callable[[], Mapping[str, Any]]


def origin(config: Mapping[str, Any], checkpoint: Path, **how: Any) -> dict[str, Any]:
    """Return the origin of the figures for metrics.json: the checkpoint, the data, and `how`."""
    data = {"dataset": config["dataset"]["name"], "split": config["eval"]["split"]}
    how["input_size"] = config["task"]["input_size"]
    return {"checkpoint": str(checkpoint), **data, "dataset_keys": dict(config["dataset"]), **how}


def keep_config(config: Mapping[str, Any], out: Path, run: Path | None) -> None:
    """Write config.yaml into a report outside of its run's folder, for `mnv3 compare`."""
    if run is None or config["eval"]["out"]:
        write_text(out / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(dict(config))))


def report_folder(config: Mapping[str, Any], checkpoint: Path, run: Path | None) -> Path:
    """Return the report's folder: eval.out, or eval/<data set>-<split> in the run folder, or in runs/eval/."""
    out, name = config["eval"]["out"], f"{config['dataset']['name']}-{config['eval']['split']}"
    if out:
        return Path(out).expanduser()
    if run:
        refuse_links(run / "eval")
    return run / "eval" / name if run else Path("runs/eval") / f"{checkpoint.stem}-{name}"


def track(
    config: Mapping[str, Any], out: Path, checkpoint: str, reported: Reported, row_cost: "Callable[[], RowCost]"
) -> None:
    """Log the same figures, pictures and tables to W&B, as a separate run with job type "eval".

    Tables named as by a validation, `val/...`, get the split's name instead. `row_cost` is called for a row of the
    paper's tables and returns the cost by its counting rule.
    """
    split = config["eval"]["split"]
    tags = [config["task"]["name"], config["backbone"]["name"], config["dataset"]["name"], split]
    run = start_run(config["wandb"], out, job_type="eval", config={**config, "checkpoint": checkpoint}, tags=tags)
    if run is None:
        return
    with finishing(run):
        run.log({f"{split}/{name}": value for name, value in reported.stats.items()})
        renamed = {f"{split}/{name.removeprefix('val/')}": table for name, table in reported.tables().items()}
        run.log({f"{split}/samples": reported.panels(), **renamed})
        if row := config.get("row"):
            run.summary.update(cost_figures(row, row_cost()))
            run.summary.update(score_figures(row, config["dataset"]["name"], split, reported.stats))
