"""Weights & Biases runs: offline unless a key is configured or a mode requested; never prompts."""

import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mnv3.tools.files.write import write_text
from mnv3.tools.machine import stops
from mnv3.tools.runs.folder import display_path
from mnv3.tools.runs.wandb_summary import row_tags

log = logging.getLogger("mnv3")

STEP = "trainer/global_step"
"""Lightning's name of the optimiser step."""

RUN_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
"""A W&B run id, which becomes part of folder names."""


def wandb_mode(asked: str | None) -> str:
    """Return the mode: WANDB_MODE if set, then `asked`, then "online" with a configured key, else "offline"."""
    from_environment = os.environ.get("WANDB_MODE")
    if from_environment:
        return {"dryrun": "offline", "run": "online"}.get(from_environment, from_environment)
    if asked:
        return asked
    import wandb

    # Only looks for a key: verify=True would call the server, and wandb.init would prompt at a terminal.
    return "online" if wandb.login(prompt=False, verify=False) else "offline"


def start_run(
    settings: Mapping[str, Any],
    folder: Path,
    *,
    job_type: str,
    config: Mapping[str, Any],
    tags: Sequence[str],
) -> Any:
    """Begin the W&B run of a run folder, or resume it if the folder has one; None if the mode is "disabled".

    `settings` is the config section `wandb` (mode, project, group, tags, name). Metrics are drawn over `epoch`, those
    named step/... over steps. Runs of a row of the paper's tables (`config["row"]`) get its tags. The group is that of
    `settings`, else the row, else network, data set and recipe, so that runs that differ in seed or keys are together.
    Call this in the main process only, and use `finishing`, or the next run of this process would write into the same
    run.
    """
    mode = wandb_mode(settings["mode"])
    if mode == "disabled":
        return None
    import wandb

    row = config.get("row")
    run = wandb.init(
        dir=folder,
        mode=mode,  # pyright: ignore[reportArgumentType]
        id=_run_id(folder, job_type),
        resume="allow",
        project=settings["project"],
        group=settings["group"] or row or _plain_group(config),
        name=settings["name"] or folder.name,
        job_type=job_type,
        tags=[*dict.fromkeys([*tags, *(row_tags(row) if row else []), *settings["tags"]])],
        config=dict(config),
        settings=wandb.Settings(silent=True, console="off"),
    )
    run.define_metric("epoch", hidden=True)
    run.define_metric("*", step_metric="epoch")
    run.define_metric(STEP, hidden=True)
    run.define_metric("step/*", step_metric=STEP)
    if mode == "offline":
        log.info("W&B: offline, in %s; upload it with `wandb login` and `wandb sync`.", display_path(folder / "wandb"))
    else:
        log.info("W&B: %s", run.url)
    return run


def _plain_group(config: Mapping[str, Any]) -> str:
    """Return the group of runs of one network on one data set by one recipe."""
    parts = (config.get(section, {}).get("name") for section in ("task", "backbone", "dataset", "recipe"))
    return "-".join(str(part) for part in parts if part)


@contextmanager
def finishing(run: Any) -> Iterator[None]:
    """Finish `run`, which may be None, at the end of the block: as failed if that fails or is stopped."""
    try:
        yield
    except BaseException:
        if run is not None:
            run.finish(exit_code=stops.exit_code() if stops.asked() else 1)
        raise
    if run is not None:
        run.finish()


def _run_id(folder: Path, job_type: str) -> str:
    """Return the id shared by the runs of a folder, one per job type: a resumed training resumes the same run.
    In a sweep, the agent has already given the trial an id."""
    path = folder / "wandb" / f"{job_type}_run_id.txt"
    found = path.read_text(errors="replace")[:100] if path.is_file() else ""
    if not RUN_ID.fullmatch(found):
        found = (os.environ.get("WANDB_RUN_ID") if _is_trial() else None) or secrets.token_hex(4)
        write_text(path, found)
    return found


def _is_trial() -> bool:
    """Return whether a sweep's agent started this process."""
    return bool(os.environ.get("WANDB_SWEEP_ID"))


def boxed_image(
    image: Any,
    boxes: Sequence[Sequence[float]],
    names: Sequence[str],
    scores: Sequence[float],
    class_names: Sequence[str],
    truth: tuple[Sequence[Sequence[float]], Sequence[str]] | None = None,
    caption: str = "",
) -> Any:
    """Return a wandb.Image with predicted and true boxes: `image` [H, W, 3] uint8, boxes xyxy in its pixels."""
    import wandb

    number = {name: index for index, name in enumerate(class_names)}
    labels = dict(enumerate(class_names))

    def box(xyxy: Sequence[float], name: str, score: float | None) -> dict[str, Any]:
        position = dict(zip(("minX", "minY", "maxX", "maxY"), (float(edge) for edge in xyxy), strict=True))
        data = {"position": position, "domain": "pixel", "class_id": number[name], "box_caption": name}
        if score is not None:
            data |= {"scores": {"score": float(score)}, "box_caption": f"{name} {score:.2f}"}
        return data

    layers = {"predictions": [box(*row) for row in zip(boxes, names, scores, strict=True)]}
    if truth is not None:
        layers["truth"] = [box(xyxy, name, None) for xyxy, name in zip(*truth, strict=True)]
    content = {layer: {"box_data": data, "class_labels": labels} for layer, data in layers.items()}
    return wandb.Image(image, boxes=content, caption=caption)


def masked_image(image: Any, masks: Mapping[str, Any], class_names: Sequence[str], caption: str = "") -> Any:
    """Return a wandb.Image with toggleable label maps: `image` [H, W, 3] uint8, `masks` layer -> [H, W] uint8 class
    indices; other values have no name."""
    import wandb

    labels = dict(enumerate(class_names))
    content = {layer: {"mask_data": mask, "class_labels": labels} for layer, mask in masks.items()}
    return wandb.Image(image, masks=content, caption=caption)


def upload_checkpoint(run: Any, path: Path, metadata: Mapping[str, Any], aliases: Sequence[str] = ("best",)) -> None:
    """Upload a checkpoint as an artifact of type "model"; does nothing for an offline run."""
    if run is None or run.offline or not path.exists():
        return
    import wandb

    artifact = wandb.Artifact(f"model-{run.id}", type="model", metadata=dict(metadata))
    artifact.add_file(str(path))
    run.log_artifact(artifact, aliases=list(aliases))
