"""Plain PyTorch: a loop of your own tells what it trained on, and the rest is done by one call an epoch.

recorder = TorchRecorder(run)
for images, labels in train_batches:
    ...
    recorder.train_batch(logits, labels)
recorder.epoch(model, val_batches, optimizer)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass, digest_of
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter

with needs("torch", "torch"):
    import torch


class TorchRecorder:
    """Logs a PyTorch loop to a run.

    run: the RunWriter, its classes named in the order of the network's outputs; options: samples, groups and outputs of
    Recorder. Batches are (images, labels): labels (n,) class indices.
    """

    def __init__(self, run: RunWriter, **options: Any) -> None:
        self._recorder = Recorder(run, **options)
        self._train = self._recorder.tally()

    def train_batch(self, outputs: torch.Tensor, labels: torch.Tensor) -> None:
        """What the network put out for a batch it was trained on; its gradient is left alone, and no transfer is waited for."""
        self._train.add(outputs, labels)

    def epoch(
        self,
        model: torch.nn.Module,
        val: Iterable[Any] | None = None,
        optimizer: torch.optim.Optimizer | None = None,
        **facts: Any,
    ) -> dict[str, float]:
        """Validate and log the epoch; returns the validation's loss and accuracy (empty without val).

        Call it before the scheduler's step, so that the learning rate is the one that was used. facts: further keywords of
        log_epoch, such as phase.
        """
        outcome = self.evaluate(model, val) if val is not None else None
        facts = {"lr": rates(optimizer), **facts}
        self._recorder.log_epoch(train=self._train.metrics(), val=outcome, weights=weights_of(model), **facts)
        self._train = self._recorder.tally()
        return outcome.metrics() if outcome else {}

    def test(self, model: torch.nn.Module, test: Iterable[Any]) -> dict[str, float]:
        """Evaluate and log the test set; which epoch's weights the model holds is found out. Returns loss and accuracy."""
        outcome = self.evaluate(model, test)
        self._recorder.log_test(outcome, weights_of(model))
        return outcome.metrics()

    def evaluate(self, model: torch.nn.Module, batches: Iterable[Any]) -> Pass:
        """One pass in evaluation mode, on the device of the model's parameters; the mode of every module is put back."""
        device = next((p.device for p in model.parameters()), torch.device("cpu"))
        modes = {module: module.training for module in model.modules()}
        outcome = self._recorder.new_pass()
        model.eval()
        try:
            with torch.inference_mode():
                for images, labels in batches:
                    outcome.add(model(images.to(device)), labels)
        finally:
            for module, mode in modes.items():
                module.training = mode
        return outcome


def rates(optimizer: Any) -> list[float] | None:
    """The learning rates of an optimizer: one, where all its groups have the same."""
    if optimizer is None:
        return None
    found = [float(group["lr"]) for group in optimizer.param_groups]
    return found[:1] if len(set(found)) == 1 else found


def weights_of(model: torch.nn.Module) -> str:
    """The digest of a network's parameters and buffers."""
    return digest_of((name, value) for name, value in model.state_dict().items() if isinstance(value, torch.Tensor))
