"""What scoring needs whatever the task: the data set, weights from a file, the report's folder, W&B."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_text
from mnv3.tools.paper.cost import RowCost
from mnv3.tools.paper.summary import cost_figures, score_figures
from mnv3.tools.runs.find import Source, disagreements
from mnv3.tools.runs.folder import refuse_links
from mnv3.tools.runs.wandb_run import finishing, start_run

log = logging.getLogger("mnv3")


def check_asked(source: Source, config: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raises UserError unless the `config` of a checkpoint is what the user asked for."""
    if others := disagreements(config, asked):
        raise UserError(f"{source.checkpoint} is not what was asked for: it has {', '.join(others)}.")


def open_scored(open_dataset: Callable[..., Any], config: Mapping[str, Any]) -> Any:
    """The data set and split that `config` names, by the task's `open_dataset`. Raises UserError: it is empty."""
    split = config["eval"]["split"]
    data = open_dataset(OmegaConf.create(config["dataset"]), OmegaConf.create(config["data"]), split, log.info)
    if not len(data):
        raise UserError(f"Data set {config['dataset']['name']}, {split}, has no images: there is nothing to score.")
    return data


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


def backbone_title(config: Mapping[str, Any]) -> str:
    """The backbone in one word."""
    return config["backbone"]["name"] + ("-rf2" if config["backbone"]["rf2"] else "")


def track(
    config: Mapping[str, Any],
    out: Path,
    checkpoint: str,
    stats: Mapping[str, float],
    panels: Callable[[], Any],
    tables: Callable[[], Mapping[str, Any]],
    row_cost: Callable[[], RowCost],
) -> None:
    """The same figures, pictures and tables in W&B, as a run of its own with job type "eval".

    `tables` may name them as a validation does, `val/...`: they get the split's name instead. `row_cost` is
    called for a row of the paper's tables, to tell the cost by its counting rule.
    """
    split = config["eval"]["split"]
    tags = [config["task"]["name"], config["backbone"]["name"], config["dataset"]["name"], split]
    run = start_run(
        config["wandb"], out, job_type="eval", config={**config, "checkpoint": checkpoint}, tags=tags, summary={}
    )
    if run is None:
        return
    with finishing(run):
        run.log({f"{split}/{name}": value for name, value in stats.items()})
        renamed = {f"{split}/{name.removeprefix('val/')}": table for name, table in tables().items()}
        run.log({f"{split}/samples": panels(), **renamed})
        if row := config.get("row"):
            run.summary.update(cost_figures(row, row_cost()))
            run.summary.update(score_figures(row, config["dataset"]["name"], split, stats))
