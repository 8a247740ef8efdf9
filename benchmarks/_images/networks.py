"""Networks, and how they are trained from scratch."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from _images.batches import PathBatches, TensorBatches

NETWORKS = ("cnn", "resnet18", "resnet34", "resnet50")
DEPTHS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3)}
SMALL = 96  # pixels: up to here pictures are kept in memory, and not shrunk at a network's entrance


@dataclass(frozen=True)
class Schedule:
    """How a network is trained: SGD with momentum, the learning rate along half a cosine.

    Attributes
    ----------
    steps, batch_size : int
        The same number of steps whatever the budget, as published.
    learning_rate, last_rate, weight_decay : float
    warm_up : float
        Share of the steps over which the rate rises from 0.
    checkpoint_seconds : float
        How often the state is kept of a training that takes long.
    """

    steps: int
    batch_size: int
    learning_rate: float = 0.1
    last_rate: float = 1e-4
    weight_decay: float = 2e-4
    warm_up: float = 0.0
    checkpoint_seconds: float = 300.0

    def rate(self, step):
        """Return the learning rate of a step."""
        rising = self.warm_up * self.steps
        if step < rising:
            return self.learning_rate * (step + 1) / (rising + 1)
        share = (step - rising) / max(1, self.steps - rising)
        return (
            self.last_rate + (self.learning_rate - self.last_rate) * (1 + np.cos(np.pi * share)) / 2
        )


def make_network(name, n_channels, n_classes, size):
    """Return an untrained network for pictures of this size, in pixels."""
    if name == "cnn":
        return small_cnn(n_channels, n_classes)
    from transformers import ResNetConfig, ResNetForImageClassification

    basic = name != "resnet50"
    config = ResNetConfig(
        num_channels=n_channels,
        depths=list(DEPTHS[name]),
        hidden_sizes=[64, 128, 256, 512] if basic else [256, 512, 1024, 2048],
        layer_type="basic" if basic else "bottleneck",
        num_labels=n_classes,
    )
    network = ResNetForImageClassification(config)
    if size <= SMALL:
        # As is usual for CIFAR: the entrance keeps the resolution.
        entrance = network.resnet.embedder
        entrance.embedder.convolution = nn.Conv2d(n_channels, 64, 3, padding=1, bias=False)
        entrance.pooler = nn.Identity()
    return network


def small_cnn(n_channels, n_classes):
    """Return a network of three convolutions, for 28 to 32 pixels and a CPU."""

    def block(n_in, n_out, side):
        return (
            nn.Conv2d(n_in, n_out, side, stride=2, padding=side // 2, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
        )

    return nn.Sequential(
        *block(n_channels, 16, 5),
        *block(16, 32, 3),
        *block(32, 64, 3),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(64 * 16, n_classes),
    )


def logits_of(output):
    """Return the logits of a network of torch, or of transformers."""
    return getattr(output, "logits", output)


def rows_of_step(step, rows, batch_size, seed):
    """Return the rows of a batch: pass after pass over ``rows``, each in an order of its own."""
    places = np.arange(step * batch_size, (step + 1) * batch_size)
    passes, places = np.divmod(places, len(rows))
    return np.concatenate(
        [rows[_order(len(rows), seed, p)[places[passes == p]]] for p in np.unique(passes)]
    )


@lru_cache(maxsize=4)
def _order(n, seed, number):
    return np.random.default_rng([seed, number]).permutation(n)


def best_device():
    """Return the accelerator, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def place(network, device):
    """Put a network on a device, in the layout that is fastest there and safe.

    On the CPU, torch 2.13 has crashed in the backward pass of narrow residual networks whose
    channels come last; the small one, a plain sequence, is twice as fast and does not.
    """
    last = device.type == "cuda" or isinstance(network, nn.Sequential)
    return network.to(
        device, memory_format=torch.channels_last if last else torch.contiguous_format
    )


def half_precision(device):
    """Return a context in which the network computes in bfloat16, where the device can."""
    able = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=able)


def train(network, batches, rows, schedule, seed, checkpoint=None):
    """Train a network on some rows, and go on where a run that was stopped has been.

    Parameters
    ----------
    network : Module
    batches : object
        ``batches(rows, rng)`` returns pictures, augmented by the random generator, and labels.
    rows : ndarray of int
    schedule : Schedule
    seed : int
    checkpoint : Path or None

    Returns
    -------
    Module
    """
    device = best_device()
    place(network, device).train()
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=schedule.learning_rate,
        momentum=0.9,
        weight_decay=schedule.weight_decay,
        nesterov=True,
    )
    first = _restore(checkpoint, network, optimiser)
    kept = time.monotonic()

    def batch_of(step):
        chosen = rows_of_step(step, rows, schedule.batch_size, seed)
        return batches(chosen, np.random.default_rng([seed, step]))

    for step, (x, y) in _one_ahead(batch_of, range(first, schedule.steps)):
        for group in optimiser.param_groups:
            group["lr"] = float(schedule.rate(step))
        torch.manual_seed((seed << 32) + step)  # a run that was stopped drops out the same units
        with half_precision(device):
            output = logits_of(network(x.to(device, non_blocking=True)))
            loss = nn.functional.cross_entropy(output.float(), y.to(device, non_blocking=True))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if checkpoint is not None and time.monotonic() - kept > schedule.checkpoint_seconds:
            _keep(checkpoint, network, optimiser, step + 1)
            kept = time.monotonic()
    return network


def _one_ahead(make, numbers):
    """Yield (number, what is made of it); the next is made by a thread in the meantime."""
    if not numbers:
        return
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(make, numbers[0])
        for number, following in zip(numbers, [*numbers[1:], None], strict=True):
            made = coming.result()
            if following is not None:
                coming = thread.submit(make, following)
            yield number, made


def _keep(path, network, optimiser, step):
    part = path.with_suffix(".part")
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(state, part)
    part.replace(path)


def _restore(path, network, optimiser):
    if path is None or not path.exists():
        return 0
    state = torch.load(path, map_location=best_device(), weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return state["step"]


@torch.inference_mode()
def predict(network, batches, n_rows, batch_size=500):
    """Return the class of every picture, as it is."""
    device = best_device()
    place(network, device).eval()
    found = []
    for start in range(0, n_rows, batch_size):
        x, _ = batches(np.arange(start, min(start + batch_size, n_rows)), None)
        with half_precision(device):
            output = logits_of(network(x.to(device, non_blocking=True)))
        found.append(output.argmax(dim=1).cpu().numpy())
    return np.concatenate(found)


def make_batches(pictures, size, n_channels, augment):
    """Return what makes batches of these pictures: from memory, or decoded as they are needed."""
    kind = TensorBatches if size <= SMALL else PathBatches
    return kind(pictures, size, n_channels, augment)
