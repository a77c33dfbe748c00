"""The verbs of the command line, as a table."""

from typing import NamedTuple

from mnv3.cli.call import comparing


class Verb(NamedTuple):
    """What a verb is for; `words` are the keys that bare words fill, `rest` is the list of all others; `configured`
    verbs take groups and keys, the others may have `options`, which help shows with their meaning."""

    summary: str
    examples: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    rest: str = ""
    configured: bool = True
    options: tuple[tuple[str, str], ...] = ()


VERBS = {
    "train": Verb(
        "Train a network; scores it at the end.",
        (
            ("mnv3 train task=ssdlite backbone=small", "detection on the built-in data set, scored at the end"),
            ("mnv3 train task=lraspp backbone=small", "segmentation of the same street scenes"),
            ("mnv3 train experiment=table6/v3_large_rf2 data.root=DIR", "a row of the paper's Table 6, on COCO"),
            ("mnv3 train experiment=table7/v2_raspp dataset=streets recipe=quick", "a row of Table 7, tried out"),
            ("mnv3 train backbone=small,large seed=0,1 -m", "every combination, one run after the other"),
            ("mnv3 train trainer.devices=2 trainer.accelerator=cpu", "two processes that share each batch"),
            ("mnv3 train -m 'experiment=glob(table6/*)' trainer=slurm", "a Slurm job for every row of Table 6"),
            ("mnv3 train resume=runs/ssdlite/RUN", "go on with a run that was stopped"),
            ("mnv3 train init=runs/ssdlite/RUN/checkpoints/best.ckpt recipe=finetune", "a new run from these weights"),
            ("mnv3 train recipe=modern dry=true", "build everything, do one batch, leave nothing"),
        ),
    ),
    "eval": Verb(
        "Score a trained network with the official evaluator.",
        (
            ("mnv3 eval task=ssdlite", "the newest run"),
            ("mnv3 eval experiment=table6/v3_large_rf2", "the newest run of that row"),
            ("mnv3 eval run=runs/ssdlite/RUN", "this run"),
            ("mnv3 eval dataset=coco ckpt=FILE data.root=DIR", "this checkpoint, on COCO"),
            ("mnv3 eval dataset=coco weights=ssd_mobilenet_v3_small_coco_2020_01_14", "the authors' release, unpacked"),
            ("mnv3 eval task=lraspp dataset=cityscapes eval.official=true", "Cityscapes, by cityscapesscripts too"),
        ),
    ),
    "predict": Verb(
        "Use a trained network: boxes or label maps of images, folders, videos, a webcam.",
        (
            ("mnv3 predict photo.jpg", "by the newest run, of either task"),
            ("mnv3 predict images/ run=runs/ssdlite/RUN predict.threshold=0.5", "all images of a folder, by this run"),
            ("mnv3 predict 'images/*.jpg' ckpt=FILE 'predict.classes=[person,car]'", "a pattern, two classes only"),
            ("mnv3 predict clip.mp4 model=FILE.onnx", "a video, by an exported file; the drawing is a video too"),
            ("mnv3 predict webcam task=lraspp", "until Ctrl-C, by the newest segmentation run"),
            ("mnv3 predict a.jpg b.jpg weights=torchvision predict.out=found", "by somebody else's weights"),
        ),
        rest="source",
    ),
    "export": Verb(
        "Write a trained network as a file that runs without PyTorch.",
        (
            ("mnv3 export run=runs/ssdlite/RUN", "ONNX, from the bytes of an image to its boxes"),
            ("mnv3 export run=runs/lraspp/RUN int8=true", "in 8 bits; mnv3 eval model=FILE says what that costs"),
            ("mnv3 export weights=torchvision raw=true out=raw.onnx", "the network alone, without resizing and NMS"),
        ),
    ),
    "data": Verb(
        "List, check, get or decode data sets.",
        (
            ("mnv3 data list", "what there is, and where it is expected"),
            ("mnv3 data check dataset=coco data.root=DIR", "missing files, bad boxes, classes, a mosaic"),
            ("mnv3 data check task=lraspp", "the same of the built-in segmentation data set, with label maps"),
            ("mnv3 data get coco", "download, verify, unpack"),
            ("mnv3 data cache dataset=cityscapes", "decode frames once, so that training reads its crops alone"),
        ),
        words=("action", "target"),
    ),
    "table": Verb(
        "Show the paper's Table 6, 7 or 8 beside ours.",
        (
            ("mnv3 table 6", "parameters and MAdds computed now, scores of the newest runs of each row"),
            ("mnv3 table 7 latency=true threads=2", "times on this machine too"),
            ("mnv3 table ablations", "what squeeze-and-excitation, h-swish, the skip, ... cost"),
            ("mnv3 table 8 format=markdown out=table8.md", "also csv, latex, wandb, and png: a picture"),
        ),
        words=("which",),
    ),
    "bench": Verb(
        "Time a network and count its parameters and multiply-adds.",
        (
            ("mnv3 bench task=ssdlite", "parameters, MAdds, a training step, one image end to end, beside torchvision"),
            ("mnv3 bench task=lraspp", "the same of segmentation"),
            ("mnv3 bench task=ssdlite bench.what=training", "loader alone, step alone, both, from JPEG files"),
            ("mnv3 bench bench.what=engines", "a JPEG file to its boxes: PyTorch, compiled, ONNX Runtime, OpenVINO"),
        ),
    ),
    "compare": Verb(
        "Lay runs side by side: figures, what differs, curves, samples.",
        (
            ("mnv3 compare runs/ssdlite/A runs/ssdlite/B", "these two; A B and 'runs/ssdlite/small-*' will do too"),
            ("mnv3 compare task=ssdlite tag=table6", "all runs here that have these"),
            ("mnv3 compare backbone=large,small seed=0 --html page.html", "and one page of it, to send"),
            ("mnv3 compare wandb=ENTITY/PROJECT tag=table6", "runs of a W&B project"),
        ),
        rest="RUN",
        configured=False,
        options=tuple((f"{name}=", meaning) for name, meaning in {**comparing.OPTIONS, **comparing.FILTERS}.items()),
    ),
    "env": Verb("Print versions and hardware, to paste into a report.", (("mnv3 env", ""),), configured=False),
    "completion": Verb(
        "Print a script that completes verbs, groups and keys.",
        (
            ('eval "$(mnv3 completion bash)"', "in ~/.bashrc"),
            ('eval "$(mnv3 completion zsh)"', "in ~/.zshrc, after compinit"),
        ),
        configured=False,
    ),
    "help": Verb("Print help, of a verb if one is named.", (("mnv3 help train", ""),), configured=False),
}
