"""What the training scripts of torchvision and of PyTorch's ImageNet example print, by their own classes for it.

The scripts are in no package; the printing below follows references/classification/{train,utils}.py of pytorch/vision and
imagenet/main.py of pytorch/examples, line by line.
"""
# needs: numpy

from _curve import curve, folder, truth

logged = curve()
percent = lambda row, split: 100 * row[split]["accuracy"]  # noqa: E731

lines = ["Not using distributed mode", "Start training"]
for epoch, row in enumerate(logged):
    loss, acc = row["train"]["loss"], percent(row, "train")
    for batch in (0, 10, 14):
        lines.append(
            f"Epoch: [{epoch}]  [{batch:2d}/15]  eta: 0:00:01  lr: {row['lr']:.4f}  img/s: 231.4  loss: {loss + 0.1:.4f} ({loss:.4f})  "
            f"acc1: {acc:.4f} ({acc:.4f})  acc5: 100.0000 (100.0000)  time: 0.0018  data: 0.0000"
        )
    lines.append(f"Epoch: [{epoch}] Total time: 0:00:02")
    for name in ("Test: ", "Test: EMA "):
        lines.append(
            f"{name}  [0/8]  eta: 0:00:00  loss: 9.0000 (9.0000)  acc1: 1.0000 (1.0000)  acc5: 5.0000 (5.0000)  time: 0.0004"
        )
        lines.append(f"{name} Total time: 0:00:00")
        lines.append(f"{name} Acc@1 {percent(row, 'val') - 5 * ('EMA' in name):.3f} Acc@5 99.000")
place = folder("torchvision_stdout")
(place / "train.log").write_text("\n".join(lines) + "\n")
truth(place, logged, decimals=4)

lines = ["=> creating model 'resnet18'"]
for epoch, row in enumerate(logged):
    loss, acc = row["train"]["loss"], percent(row, "train")
    for batch in (1, 11, 15):
        lines.append(
            f"Epoch: [{epoch}][{batch:4d}/15]\tTime  0.101 ( 0.230)\tData  0.001 ( 0.012)\tLoss {loss + 0.1:.4e} ({loss:.4e})\t"
            f"Acc@1 {acc:6.2f} ({acc:6.2f})\tAcc@5 {100:6.2f} ({100:6.2f})"
        )
    lines.append(
        f"Test: [1/8]\tTime  0.101 ( 0.101)\tLoss {9:.4e} ({9:.4e})\tAcc@1 {1:6.2f} ({1:6.2f})\tAcc@5 {5:6.2f} ({5:6.2f})"
    )
    lines.append(f" *   Acc@1 {percent(row, 'val'):.3f} Acc@5 99.000")
place = folder("imagenet_example_stdout")
(place / "train.log").write_text("\n".join(lines) + "\n")
truth(place, logged, decimals=2)
