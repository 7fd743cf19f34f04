"""timm's summary.csv, by its own update_summary, with the header again after a resume as its older versions wrote it."""
# needs: timm torch==2.13.0 torchvision==0.28.0

from collections import OrderedDict

from _curve import curve, folder, truth
from timm.utils.summary import update_summary

EVERY = curve(9)


def record(name, parts):
    place, counted = folder(name), {}
    for part in parts:
        for k, epoch in enumerate(part):
            e = EVERY[epoch]
            val = OrderedDict(loss=e["val"]["loss"], top1=100 * e["val"]["accuracy"], top5=100.0)
            update_summary(
                epoch, OrderedDict(loss=e["train"]["loss"]), val, place / "summary.csv", lr=e["lr"], write_header=k == 0
            )
            counted[epoch] = {"train": {"loss": e["train"]["loss"]}, "val": e["val"]}
    (place / "args.yaml").write_text("model: resnet18\nbatch_size: 16\nepochs: 9\nlr: 0.8\nmixup: 0.0\n")
    truth(place, [counted[k] for k in sorted(counted)])


record("timm_csv", [range(9)])
record("timm_csv_resumed", [range(6), range(4, 9)])
