"""Networks trained from scratch on coresets of images: the protocol of the paper.

    python benchmarks/images.py DATA --model M [--model M2] --out RESULTS
    python benchmarks/images.py DATA.npz --model M --small --out RESULTS     # two cores, no GPU
    python benchmarks/images.py --smoke                                      # made-up data, seconds

DATA is an .npz (uint8 x_train and x_test, y_train, y_test), a folder of images (train and test,
each with a folder for every class; or these alone, and a fifth is held out), or a directory or an
id of Hugging Face's `datasets`. M is what FoundationEmbedder takes; several are concatenated.

The training pictures are embedded, every selector chooses among them without labels, and on each
coreset a network is trained from scratch, in the same number of steps whatever the budget, and
tested. --finetune adds what stands on the foundation model: a linear probe, and all of it trained
on. What is finished is kept in RESULTS, every block of embeddings, selection and training for
itself: a run that was stopped, at whatever moment, goes on where it was. RESULTS gets scores.csv
(one line for each training), summary.md and accuracy.png.

A selector is named as in `zcore select --method`; zcore:0.8 is ZCore with 0.8 draws a row.

A GPU is used where there is one, in bfloat16 where it can; the same code runs on a CPU. --small
took 37 minutes on two cores that were not idle, killed twice, with MobileNetV2 and six selectors.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from _images.embeddings import embed  # noqa: E402
from _images.learners import FIT, LEARNERS  # noqa: E402
from _images.networks import NETWORKS, SMALL, Schedule, best_device, make_batches  # noqa: E402
from _images.pictures import corrupt, load_pictures, long_tail, mislabel, some  # noqa: E402
from _images.results import write_results  # noqa: E402
from _images.selections import ALL_ROWS, known, label, select  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: E402

from sklearn_zcore.selection import SELECTORS  # noqa: E402

PRUNE_RATES = (90, 80, 70, 50, 30)
BAR = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@dataclass(frozen=True)
class Setting:
    """What the results in a folder have in common.

    The learning schedules are resolved: the pictures' size and number decide on the default ones.
    """

    data: str
    models: list
    seed: int
    max_rows: int | None
    max_test: int | None
    long_tail: float | None
    label_noise: float
    corrupt: float
    augment: bool
    network: str
    schedule: Schedule
    finetuning: Schedule


@dataclass
class Work:
    """Pictures, embeddings and batches that the trainings share."""

    setting: Setting
    train: object
    test: object
    size: int
    n_channels: int
    embedded_train: np.ndarray
    embedded_test: np.ndarray
    _batches: dict = field(default_factory=dict)

    @property
    def train_batches(self):
        """Make batches of training pictures."""
        return self._made("train")

    @property
    def test_batches(self):
        """Make batches of test pictures."""
        return self._made("test")

    def _made(self, name):
        if name not in self._batches:
            pictures = getattr(self, name)
            self._batches[name] = make_batches(
                pictures, self.size, self.n_channels, self.setting.augment
            )
        return self._batches[name]


@contextmanager
def told_in_a_line(where):
    """Leave with a line, and no traceback, where data or a model cannot be read."""
    try:
        yield
    except (OSError, ValueError, ImportError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise SystemExit(reason if str(where) in reason else f"{where}: {reason}") from error


def load(arguments):
    """Return training and test pictures, with whatever was asked to be done to the former."""
    with told_in_a_line(arguments.data):
        train, test = load_pictures(arguments.data, arguments.seed)
    if arguments.long_tail is not None:
        train = long_tail(train, arguments.long_tail, arguments.seed)
    train = some(train, arguments.max_rows, arguments.seed)
    test = some(test, arguments.max_test, arguments.seed)
    if arguments.label_noise:
        train = mislabel(train, arguments.label_noise, arguments.seed)
    if arguments.corrupt:
        train = corrupt(train, arguments.corrupt, arguments.seed)
    return train, test


def shape_of(pictures, size):
    """Return (size, channels) of what networks see: small pictures as they are, others at 224."""
    first = pictures.open(0)
    longest = max(first.size)
    return size or (longest if longest <= SMALL else 224), 1 if first.mode == "L" else 3


def resolve(arguments, n_rows, size):
    """Return the setting: what was not asked for is as published for pictures of this size."""
    passes = arguments.epochs or (200 if size <= SMALL else 60)
    steps = arguments.steps or -(-passes * n_rows // arguments.batch_size)
    small = size <= SMALL
    schedule = Schedule(
        steps,
        arguments.batch_size,
        learning_rate=arguments.learning_rate,
        weight_decay=2e-4 if small else 1e-4,
    )
    finetuning = Schedule(
        arguments.finetune_steps, min(64, arguments.batch_size), 5e-3, 0.0, 1e-4, 0.1
    )
    network = arguments.network or ("cnn" if size <= 32 else "resnet18")
    return Setting(
        str(arguments.data),
        arguments.model,
        arguments.seed,
        arguments.max_rows,
        arguments.max_test,
        arguments.long_tail,
        arguments.label_noise,
        arguments.corrupt,
        arguments.augment is not False,
        network,
        schedule,
        finetuning,
    )


def check_setting(folder, setting):
    """Refuse to go on with results of another setting."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "units").mkdir(exist_ok=True)
    path = folder / "setting.json"
    wanted = json.loads(json.dumps(asdict(setting)))
    if path.exists():
        found = json.loads(path.read_text())
        other = [key for key in wanted if found.get(key) != wanted[key]]
        if other:
            raise SystemExit(
                f"{folder} holds results of another setting: "
                + ", ".join(f"{key}={found.get(key)!r}" for key in other)
                + ". Choose another --out, or delete it."
            )
        return
    part = path.with_suffix(".part")
    part.write_text(json.dumps(wanted))
    part.replace(path)


def plan(arguments):
    """Yield (selector, budget in per cent, learner, seed): all once before any twice."""
    draws = max(arguments.seeds, arguments.random_draws)
    for seed in range(arguments.seed, arguments.seed + draws):
        ordinary = seed < arguments.seed + arguments.seeds
        for budget in arguments.budgets:
            for name in arguments.selectors:
                if ordinary or (
                    name == "random" and seed < arguments.seed + arguments.random_draws
                ):
                    for learner in arguments.learners:
                        yield name, budget, learner, seed
        if ordinary:
            for learner in arguments.learners:
                yield ALL_ROWS, 100.0, learner, seed


def unit_path(folder, name, budget, learner, seed):
    """Return where the score of one training is kept."""
    return folder / "units" / f"{name.replace(':', '-')}--{budget:g}--{learner}--{seed}.json"


def run_unit(work, folder, largest, once, name, budget, learner, seed):
    """Select, train and test, and keep the score, whole or not at all."""
    selection_seed = work.setting.seed if name in once else seed
    n_rows = len(work.train)
    size = max(1, int(n_rows * budget / 100 + 1e-9))
    begin = time.process_time()
    rows = np.sort(
        select(work.embedded_train, name, size, largest, selection_seed, folder / "selections")
    )
    selected = time.process_time()
    path = unit_path(folder, name, budget, learner, seed)
    checkpoint = path.with_suffix(".checkpoint")
    found = FIT[learner](work, rows, seed, checkpoint)
    score = {
        "selector": name,
        "label": label(name),
        "budget": budget,
        "learner": learner,
        "seed": seed,
        "selection_seed": selection_seed,
        "n_selected": len(rows),
        "n_classes": int(np.unique(work.train.labels[rows]).size),
        "accuracy": float(np.mean(found == work.test.labels)),
        "select_seconds": selected - begin,
        "train_seconds": time.process_time() - selected,
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(score))
    part.replace(path)
    checkpoint.unlink(missing_ok=True)


def run(arguments):
    """Do what is not yet done, and write the results."""
    train, test = load(arguments)
    with told_in_a_line(arguments.data):
        size, n_channels = shape_of(train, arguments.image_size)
    setting = resolve(arguments, len(train), size)
    check_setting(arguments.out, setting)
    units = list(plan(arguments))
    left = [unit for unit in units if not unit_path(arguments.out, *unit).exists()]
    if arguments.report and len(left) == len(units):
        raise SystemExit(f"{arguments.out}: nothing has been finished yet.")
    left = [] if arguments.report else left
    with Progress(*BAR, console=Console(stderr=True)) as bar:
        task = bar.add_task("pictures embedded", total=len(train) + len(test))
        parts = [("test", test), ("train", train)]
        with told_in_a_line(", ".join(arguments.model)):
            embedded = {
                name: embed(
                    pictures,
                    arguments.model,
                    arguments.out / "embeddings",
                    name,
                    lambda n: bar.advance(task, n),
                )
                for name, pictures in parts
            }
        work = Work(setting, train, test, size, n_channels, embedded["train"], embedded["test"])
        largest = max(1, int(len(train) * max(arguments.budgets) / 100 + 1e-9))
        task = bar.add_task("trainings", total=len(units), completed=len(units) - len(left))
        for unit in left:
            run_unit(work, arguments.out, largest, arguments.select_once, *unit)
            bar.advance(task)
    schedule = setting.schedule
    described = (
        f"{len(train):,} training and {len(test):,} test pictures of {arguments.data}, embedded by "
        f"{', '.join(arguments.model)} ({embedded['train'].shape[1]:,} features). From scratch: "
        f"{setting.network} at {size} pixels, {schedule.steps:,} steps of {schedule.batch_size}, "
        f"SGD from {schedule.learning_rate} on {best_device()}, "
        f"{'' if setting.augment else 'not '}augmented. Long tail "
        f"{setting.long_tail}, label noise {setting.label_noise}, corrupted {setting.corrupt}."
    )
    print(write_results(arguments.out, arguments.selectors, described))


def make_smoke(folder):
    """Write pictures of two shades a class, and a tiny model of random weights."""
    from embedding import tiny_model

    rng = np.random.default_rng(0)
    labels = np.arange(160) % 4
    x = (60 * labels[:, None, None] + rng.integers(0, 40, (160, 28, 28))).astype(np.uint8)
    data = folder / "made_up.npz"
    np.savez(data, x_train=x[:120], y_train=labels[:120], x_test=x[120:], y_test=labels[120:])
    return data, str(tiny_model(folder / "tiny"))


def whole(text):
    """Return a whole number above 0; raise ValueError if it is none."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def share(text):
    """Return a number from 0 to 1; raise ValueError if it is none."""
    if not 0 <= float(text) <= 1:
        raise ValueError(text)
    return float(text)


def parse(arguments):
    """Return the arguments, those of --small and --smoke filled in."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "data", nargs="?", help="an .npz, a folder, or a data set's directory or id"
    )
    parser.add_argument("--model", action="append", help="of FoundationEmbedder; may be repeated")
    parser.add_argument("--out", type=Path, help="folder of the results")
    parser.add_argument("--selectors", nargs="+", type=known, help="default: all, and zcore:1")
    parser.add_argument(
        "--select-once",
        nargs="+",
        type=known,
        help="selectors that take long: all trainings on one selection",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--budgets", nargs="+", type=float, help="per cent of the rows")
    chosen.add_argument("--prune-rates", nargs="+", type=float, help="default: 90 80 70 50 30")
    parser.add_argument("--learners", nargs="+", choices=LEARNERS, default=["scratch"])
    parser.add_argument("--finetune", action="store_true", help="also: linear probe, and all of it")
    parser.add_argument("--seeds", type=whole, help="trainings of each, default: 3")
    parser.add_argument("--random-draws", type=int, default=5, help="of random rows, default: 5")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--max-rows", type=whole, help="training pictures, drawn by class")
    parser.add_argument("--max-test", type=whole, help="test pictures, drawn by class")
    parser.add_argument("--long-tail", type=share, help="rows of the last class over the first's")
    parser.add_argument("--label-noise", type=share, default=0.0, help="share of wrong labels")
    parser.add_argument("--corrupt", type=share, default=0.0, help="share of spoiled pictures")
    parser.add_argument("--network", choices=NETWORKS, help="default: cnn to 32 pixels, resnet18")
    parser.add_argument("--image-size", type=whole, help="pixels; default: as is to 96, else 224")
    parser.add_argument("--epochs", type=whole, help="passes over all rows; default: 200, large 60")
    parser.add_argument("--steps", type=whole, help="instead of --epochs")
    parser.add_argument("--batch-size", type=whole, help="default: 256")
    parser.add_argument("--learning-rate", type=float, help="default: 0.1")
    parser.add_argument("--augment", action=argparse.BooleanOptionalAction, help="default: do")
    parser.add_argument("--finetune-steps", type=whole, default=2000)
    parser.add_argument("--report", action="store_true", help="only of what has been finished")
    parser.add_argument("--threads", type=whole, help="of torch")
    parser.add_argument("--small", action="store_true", help="6,000 pictures, short trainings")
    parser.add_argument("--smoke", action="store_true", help="made-up data, to see that it runs")
    found = parser.parse_args(arguments)
    if not found.smoke and not (found.data and found.model and found.out):
        parser.error("give DATA, --model and --out, or --smoke")
    if not found.budgets:
        found.budgets = [100 - rate for rate in found.prune_rates or PRUNE_RATES]
    if not all(0 < budget <= 100 for budget in found.budgets):
        parser.error("budgets are above 0 and at most 100 per cent")
    found.selectors = found.selectors or [*SELECTORS, "zcore:1"]
    if found.finetune:
        found.learners = list(dict.fromkeys([*found.learners, "probe", "finetune"]))
    if found.small:
        small(found)
    found.seeds = found.seeds or 3
    found.select_once = found.select_once or []
    found.batch_size = found.batch_size or 256
    found.learning_rate = found.learning_rate or 0.1
    return found


def small(arguments):
    """Set what two cores can do in less than an hour, where nothing else was asked for."""
    arguments.max_rows = arguments.max_rows or 6000
    arguments.max_test = arguments.max_test or 2000
    arguments.seeds = arguments.seeds or 2
    arguments.select_once = arguments.select_once or ["herding", "k-means", "subzerocore"]
    arguments.steps = arguments.steps or 600
    arguments.batch_size = arguments.batch_size or 64
    arguments.learning_rate = arguments.learning_rate or 0.05
    # In so few steps, a network gains nothing from pictures that are never twice the same.
    arguments.augment = bool(arguments.augment)
    if arguments.learners == ["scratch"]:
        arguments.learners = ["scratch", "probe", "knn"]


def main(arguments=None):
    arguments = parse(arguments)
    logging.getLogger("transformers").setLevel(logging.ERROR)  # new heads are new: we know
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if not arguments.smoke:
        return run(arguments)
    with tempfile.TemporaryDirectory() as name:
        arguments.data, model = make_smoke(Path(name))
        arguments.model, arguments.out = [model, model], Path(name) / "results"
        arguments.budgets, arguments.seeds, arguments.random_draws = [10.0, 50.0], 1, 2
        arguments.steps, arguments.finetune_steps, arguments.batch_size = 8, 2, 16
        arguments.learners, arguments.corrupt = list(LEARNERS), 0.3
        run(arguments)


if __name__ == "__main__":
    main()
