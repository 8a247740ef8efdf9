"""What FoundationEmbedder costs beside the bare model, and that it changes nothing.

    python benchmarks/embedding.py --model DIRECTORY --fashion-mnist FILE.npz
    python benchmarks/embedding.py --smoke          # a tiny random model, seconds

DIRECTORY holds an image model as save_pretrained writes it; FILE.npz has x_train, y_train, x_test
and y_test. Without --fashion-mnist the accuracy is left out, and without --model it is a tiny model
of random weights. Parts: --only overhead, cache, accuracy, search or kill, several times.

overhead   JPEG files of 224 x 224 through the embedder, and ready tensors through the bare model,
           in turns, so that a busy machine slows both
cache      a run over the same files, in a fresh process each, without and with what it had cached
accuracy   5-nearest-neighbour accuracy on Fashion-MNIST, 5,000 train and 2,000 test images, against
           the same network called by hand
search     how often an image is embedded by GridSearchCV over 5 budgets and 3 folds of a Pipeline
kill       a run that is killed (SIGKILL) at 20 random moments, against one that is left alone
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PARTS = ("overhead", "cache", "accuracy", "search", "kill")
BATCH = 32
KILLED_BATCH = 4


def tiny_model(folder):
    """Save a ResNet of random weights."""
    from transformers import ResNetConfig, ResNetModel
    from transformers.models.convnext import ConvNextImageProcessorPil

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    ResNetModel(config).save_pretrained(folder)
    ConvNextImageProcessorPil(size={"shortest_edge": 224}).save_pretrained(folder)
    return folder


def write_jpegs(folder, n_images):
    """Write images of smooth noise, all different."""
    from PIL import Image

    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    for number in range(n_images):
        coarse = Image.fromarray(rng.integers(0, 256, (14, 14, 3), dtype=np.uint8))
        coarse.resize((224, 224), Image.Resampling.BICUBIC).save(folder / f"{number:05d}.jpg")
    return sorted(map(str, folder.iterdir()))


def by_hand(model_dir):
    """Load a model and its processor as transformers' documentation does."""
    from transformers import AutoImageProcessor, AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return AutoModel.from_pretrained(model_dir).eval(), AutoImageProcessor.from_pretrained(
        model_dir
    )


def measure_overhead(model_dir, paths, num_workers):
    """Print the seconds of the bare model and of the embedder, in turns of 8 batches."""
    import torch

    from sklearn_zcore import FoundationEmbedder

    model, _ = by_hand(model_dir)
    embedder = FoundationEmbedder(
        model_dir, device="cpu", batch_size=BATCH, num_workers=num_workers
    )
    tensors = torch.randn(BATCH, 3, 224, 224)
    embedder.transform(paths[:BATCH])
    with torch.inference_mode():
        model(pixel_values=tensors)
    bare = ours = 0.0
    step = 8 * BATCH
    for start in range(0, len(paths), step):
        part = paths[start : start + step]
        begin = time.perf_counter()
        with torch.inference_mode():
            for first in range(0, len(part), BATCH):
                model(pixel_values=tensors[: len(part[first : first + BATCH])])
        middle = time.perf_counter()
        embedder.transform(part)
        bare += middle - begin
        ours += time.perf_counter() - middle
    n_images = len(paths)
    print(
        f"overhead, {n_images:,} JPEG files, num_workers={num_workers}: bare model {bare:.1f} s "
        f"({1000 * bare / n_images:.1f} ms an image), embedder {ours:.1f} s, "
        f"ratio {ours / bare:.3f}",
        flush=True,
    )


RUN = """
import sys, time
import numpy as np
model, folder, cache, out, batch_size = sys.argv[1:]
begin = time.perf_counter()
from sklearn_zcore import FoundationEmbedder, load_image_folder
def logged(hidden, mask):
    with open(out + ".log", "a") as log:
        log.write(f"{len(hidden)}\\n")
    time.sleep(0.05)  # computed and not stored: the moment in which a kill costs a batch
    return hidden.mean(dim=1)
logged.cache_key = "mean"
paths = load_image_folder(folder).paths
embedder = FoundationEmbedder(
    model, device="cpu", cache_dir=cache or None, batch_size=int(batch_size),
    pooling=logged if out else "auto",
)
imported = time.perf_counter()
embeddings = embedder.transform(paths)
print(time.perf_counter() - imported, time.perf_counter() - begin)
if out:
    np.save(out, embeddings)
"""


def start_run(model_dir, folder, cache, out="", batch_size=BATCH):
    arguments = [str(model_dir), str(folder), str(cache), str(out), str(batch_size)]
    command = [sys.executable, "-c", RUN, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measure_cache(model_dir, folder, scratch):
    """Print the seconds of a first and a second run, each in a process of its own."""
    seconds = []
    for _ in range(2):
        process = start_run(model_dir, folder, scratch / "cache")
        seconds.append([float(value) for value in process.communicate()[0].split()])
        assert process.returncode == 0
    (first, first_all), (second, second_all) = seconds
    print(
        f"cache: transform took {first:.2f} s at first and {second:.3f} s from the cache, "
        f"{first / second:.0f}x; with the imports {first_all:.2f} s and {second_all:.2f} s, "
        f"{first_all / second_all:.0f}x",
        flush=True,
    )


def measure_accuracy(model_dir, file, n_train, n_test):
    """Print the accuracy of 5 nearest neighbours, embedded by us and by hand."""
    import torch
    from PIL import Image
    from sklearn.neighbors import KNeighborsClassifier

    from sklearn_zcore import FoundationEmbedder

    with np.load(file) as data:
        images = np.concatenate([data["x_train"][:n_train], data["x_test"][:n_test]])
        labels = np.concatenate([data["y_train"][:n_train], data["y_test"][:n_test]])
    ours = FoundationEmbedder(model_dir, device="cpu").fit_transform(images)
    model, processor = by_hand(model_dir)
    hand = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = [Image.fromarray(pixels) for pixels in images[start : start + BATCH]]
            hand.append(model(**processor(batch, return_tensors="pt")).pooler_output.flatten(1))
    scores = []
    for X in (ours, torch.cat(hand).numpy()):
        neighbours = KNeighborsClassifier(5).fit(X[:n_train], labels[:n_train])
        scores.append(neighbours.score(X[n_train:], labels[n_train:]))
    difference = np.abs(ours - torch.cat(hand).numpy()).max()
    print(
        f"accuracy, {n_train:,} train and {n_test:,} test images: {scores[0]:.4f}, by hand "
        f"{scores[1]:.4f}; largest difference of an embedding {difference:.1e}",
        flush=True,
    )


def measure_search(model_dir, paths, scratch):
    """Print how many images the model sees during a grid search."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    from sklearn_zcore import FoundationEmbedder, RandomSelector

    seen = []

    def counted(hidden, mask):
        seen.append(len(hidden))
        return hidden.mean(dim=1)

    counted.cache_key = "mean"
    embedder = FoundationEmbedder(
        model_dir, device="cpu", cache_dir=scratch / "search", pooling=counted
    )
    pipeline = Pipeline([("embed", embedder), ("select", RandomSelector(random_state=0))])
    budgets = [0.05, 0.1, 0.2, 0.4, 0.8]
    GridSearchCV(pipeline, {"select__budget": budgets}, cv=3).fit(paths)
    print(f"search: {len(paths):,} images, {sum(seen):,} of them embedded", flush=True)


def measure_kills(model_dir, folder, scratch, n_kills):
    """Print what a run that is killed again and again gives, and computes twice."""
    reference = scratch / "reference.npy"
    start_run(model_dir, folder, "", reference, KILLED_BATCH).communicate()
    n_batches = len(Path(f"{reference}.log").read_text().split())
    out = scratch / "killed.npy"
    log = Path(f"{out}.log")
    rng = np.random.default_rng(0)
    done = 0
    for _ in range(n_kills):
        process = start_run(model_dir, folder, scratch / "killed", out, KILLED_BATCH)
        # To a random moment after some progress, or the end would be reached by luck only.
        wanted = len(log.read_text().split()) + 1 if log.exists() else 1
        while process.poll() is None and (
            not log.exists() or len(log.read_text().split()) < wanted
        ):
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.2))
        done += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    start_run(model_dir, folder, scratch / "killed", out, KILLED_BATCH).communicate()
    same = np.array_equal(np.load(out), np.load(reference))
    twice = len(log.read_text().split()) - n_batches
    print(
        f"kill: {done} kills of a run of {n_batches} batches; the embeddings are "
        f"{'the same bits' if same else 'NOT THE SAME'}, and {twice} batches were computed twice, "
        f"{twice / max(done, 1):.2f} a kill",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--fashion-mnist", type=Path)
    parser.add_argument("--n-images", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--smoke", action="store_true", help="all parts, in small")
    options = parser.parse_args()
    n_images, kills, n_train, n_test = options.n_images, options.kills, 5000, 2000
    if options.smoke:
        n_images, kills, n_train, n_test = 64, 2, 100, 50
    parts = options.only or PARTS
    import torch

    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch "
        f"{torch.__version__}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        model = options.model or tiny_model(scratch / "tiny")
        print(f"model: {json.loads((model / 'config.json').read_text())['model_type']}")
        if parts != ["accuracy"]:
            paths = write_jpegs(scratch / "jpegs", n_images)
        if "overhead" in parts:
            for num_workers in (0, 2):
                measure_overhead(model, paths, num_workers)
        if "cache" in parts:
            measure_cache(model, scratch / "jpegs", scratch)
        if "accuracy" in parts and options.fashion_mnist:
            measure_accuracy(model, options.fashion_mnist, n_train, n_test)
        if "search" in parts:
            measure_search(model, paths[:150], scratch)
        if "kill" in parts:
            write_jpegs(scratch / "few", 16 if options.smoke else 400)
            measure_kills(model, scratch / "few", scratch, kills)


if __name__ == "__main__":
    main()
