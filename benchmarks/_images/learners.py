"""What is trained on a coreset: a network from scratch, or what stands on a foundation model."""

from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _images.networks import make_network, predict, train
from sklearn_zcore.embedding import ALIASES

LEARNERS = {
    "scratch": "network trained from scratch",
    "probe": "linear probe",
    "knn": "nearest neighbours",
    "finetune": "full fine-tuning",
}


def from_scratch(work, rows, seed, checkpoint):
    """Train the network on the coreset and return what it says of the test pictures."""
    torch.manual_seed(seed)
    setting = work.setting
    network = make_network(setting.network, work.n_channels, work.train.n_classes, work.size)
    train(network, work.train_batches, rows, setting.schedule, seed, checkpoint)
    return predict(network, work.test_batches, len(work.test))


def linear_probe(work, rows, seed, checkpoint):
    """Fit a logistic regression on the coreset's embeddings; it converges in some 300 steps."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=5000))
    model.fit(work.embedded_train[rows], work.train.labels[rows])
    return model.predict(work.embedded_test)


def nearest_neighbours(work, rows, seed, checkpoint):
    """Let the five nearest rows of the coreset vote, by cosine."""
    model = KNeighborsClassifier(min(5, len(rows)), metric="cosine")
    model.fit(work.embedded_train[rows], work.train.labels[rows])
    return model.predict(work.embedded_test)


def full_finetuning(work, rows, seed, checkpoint):
    """Train the first foundation model on, with a new head, by SGD."""
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    torch.manual_seed(seed)
    model = id_of(work.setting.models[0])
    network = AutoModelForImageClassification.from_pretrained(
        model, num_labels=work.train.n_classes, ignore_mismatched_sizes=True
    )
    processor = AutoImageProcessor.from_pretrained(model)
    train(
        network,
        _Processed(work.train, processor),
        rows,
        work.setting.finetuning,
        seed,
        checkpoint,
    )
    return predict(network, _Processed(work.test, processor), len(work.test), batch_size=64)


def id_of(model):
    """Return what a model is called on the hub, if it is named by one of our aliases."""
    return model if Path(model).is_dir() else ALIASES.get(model, model)


class _Processed:
    """Batches as a foundation model's own processor makes them, mirrored at random."""

    def __init__(self, pictures, processor):
        self._pictures, self._processor = pictures, processor
        self._labels = torch.from_numpy(np.asarray(pictures.labels, np.int64))

    def __call__(self, rows, rng):
        images = [self._pictures.open(int(row)).convert("RGB") for row in rows]
        x = self._processor(images, return_tensors="pt")["pixel_values"]
        if rng is not None:
            mirrored = torch.from_numpy(rng.integers(0, 2, len(rows)).astype(bool))
            x[mirrored] = x[mirrored].flip(-1)
        return x, self._labels[rows]


FIT = {
    "scratch": from_scratch,
    "probe": linear_probe,
    "knn": nearest_neighbours,
    "finetune": full_finetuning,
}
