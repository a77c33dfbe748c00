"""Example calls in help: of the program, and of each verb."""

OVERVIEW = (
    ("mnv3 train task=ssdlite backbone=small", "train a detector on the built-in data set, then score it"),
    ("mnv3 train task=lraspp backbone=small", "segment the same scenes"),
    ("mnv3 eval task=ssdlite", "score the newest run again"),
    ("mnv3 train recipe=paper backbone=large dataset=coco", "another recipe, network and data set"),
    ("mnv3 train backbone=small,large -m", "two runs in sequence"),
    ("mnv3 compare task=ssdlite --html page.html", "compare runs: scores, differing keys, curves, samples"),
    ("mnv3 data check dataset=coco data.root=DIR", "check a data set before training on it"),
    ("mnv3 train recipe.epochs=20 recipe.lr=0.1 dry=true", "set keys, and test everything on one batch"),
)

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "train": (
        ("mnv3 train task=ssdlite backbone=small", "detection on the built-in data set, scored at the end"),
        ("mnv3 train task=lraspp backbone=small", "segmentation of the same street scenes"),
        ("mnv3 train experiment=table6/v3_large_rf2 data.root=DIR", "a row of the paper's Table 6, on COCO"),
        ("mnv3 train experiment=table7/v2_raspp dataset=streets recipe=quick", "a quick trial of a row of Table 7"),
        ("mnv3 train backbone=small,large seed=0,1 -m", "every combination, in sequence"),
        ("mnv3 train trainer.devices=2 trainer.accelerator=cpu", "two processes that share each batch"),
        ("mnv3 train -m 'experiment=glob(table6/*)' trainer=slurm", "a Slurm job for every row of Table 6"),
        ("mnv3 train resume=runs/ssdlite/RUN", "resume a stopped run"),
        ("mnv3 train init=runs/ssdlite/RUN/checkpoints/best.ckpt recipe=finetune", "a new run from these weights"),
        ("mnv3 train recipe=modern dry=true", "build everything, run one batch, write nothing"),
    ),
    "eval": (
        ("mnv3 eval task=ssdlite", "the newest run"),
        ("mnv3 eval experiment=table6/v3_large_rf2", "the newest run of that row"),
        ("mnv3 eval run=runs/ssdlite/RUN", "this run"),
        ("mnv3 eval dataset=coco ckpt=FILE data.root=DIR", "this checkpoint, on COCO"),
        ("mnv3 eval dataset=coco weights=ssd_mobilenet_v3_small_coco_2020_01_14", "the authors' release, unpacked"),
        ("mnv3 eval task=lraspp dataset=cityscapes eval.official=true", "Cityscapes, also by cityscapesscripts"),
        ("mnv3 eval task=lraspp dataset=coco weights=torchvision", "COCO with VOC's classes, torchvision's weights"),
    ),
    "predict": (
        ("mnv3 predict photo.jpg", "with the newest run of any task"),
        ("mnv3 predict images/ run=runs/ssdlite/RUN predict.threshold=0.5", "all images of a folder, with this run"),
        ("mnv3 predict 'images/*.jpg' ckpt=FILE 'predict.classes=[person,car]'", "a pattern, only two classes"),
        ("mnv3 predict clip.mp4 model=FILE.onnx", "a video, with an exported file; writes a video"),
        ("mnv3 predict webcam task=lraspp", "until Ctrl-C, with the newest segmentation run"),
        ("mnv3 predict a.jpg b.jpg weights=torchvision predict.out=found", "with torchvision's weights"),
    ),
    "export": (
        ("mnv3 export run=runs/ssdlite/RUN", "ONNX, from image bytes to boxes"),
        ("mnv3 export run=runs/lraspp/RUN int8=true", "in 8 bits; mnv3 eval model=FILE measures the loss"),
        ("mnv3 export weights=torchvision raw=true out=raw.onnx", "only the network, without resizing and NMS"),
    ),
    "data": (
        ("mnv3 data list", "available data sets and their expected folders"),
        ("mnv3 data check dataset=coco data.root=DIR", "missing files, bad boxes, classes, a mosaic"),
        ("mnv3 data check dataset=boxes dataset.path=DIR run=RUN", "also labels that this run's network contradicts"),
        ("mnv3 data check task=lraspp", "the same for the built-in segmentation data set"),
        (
            "mnv3 data convert dataset=boxes dataset.path=DIR out=NEW",
            "any usual format to COCO JSON; masks to PNGs of ids",
        ),
        ("mnv3 data get coco", "download, verify, unpack; also `mnv3 data get voc`"),
        ("mnv3 data cache dataset=cityscapes", "decode frames once, so that training reads only crops"),
    ),
    "table": (
        ("mnv3 table 6", "computed parameters and MAdds, scores of each row's newest run"),
        ("mnv3 table 3", "classifiers: costs, and the top-1 that others publish; also 4, 5, figure7"),
        ("mnv3 table 7 latency=true threads=2", "also latency on this machine"),
        ("mnv3 table ablations", "cost of squeeze-and-excitation, h-swish, the skip, ..."),
        ("mnv3 table 8 format=markdown out=table8.md", "also csv, latex, png, wandb"),
    ),
    "bench": (
        ("mnv3 bench task=ssdlite", "parameters, MAdds, training step, one image end to end; also of torchvision"),
        ("mnv3 bench task=lraspp", "the same for segmentation"),
        ("mnv3 bench task=ssdlite bench.what=training", "loader, training step and both, from JPEG files"),
        ("mnv3 bench bench.what=engines", "JPEG file to boxes: PyTorch, compiled, ONNX Runtime, OpenVINO"),
    ),
    "compare": (
        (
            "mnv3 compare runs/ssdlite/A runs/ssdlite/B",
            "two runs; names (A B) and patterns ('runs/ssdlite/small-*') also work",
        ),
        ("mnv3 compare task=ssdlite tag=table6", "all matching runs"),
        ("mnv3 compare backbone=large,small seed=0 --html page.html", "also as an HTML page"),
        ("mnv3 compare wandb=ENTITY/PROJECT tag=table6", "runs of a W&B project"),
    ),
    "env": (("mnv3 env", ""),),
    "completion": (
        ('eval "$(mnv3 completion bash)"', "in ~/.bashrc"),
        ('eval "$(mnv3 completion zsh)"', "in ~/.zshrc, after compinit"),
    ),
    "help": (("mnv3 help train", ""),),
}
"""Verb -> calls and their purposes."""
