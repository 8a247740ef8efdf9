"""FoundationEmbedder as scikit-learn knows estimators."""

import os
import pickle
import time
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator

from sklearn_zcore import FoundationEmbedder, RandomSelector, ZCoreSelector
from tests.embedding import tiny

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 20, 30, 3), dtype=np.uint8)

# Of scikit-learn's checks, those that need no table of numbers as X.
CHECKS = [
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_set_params",
    "check_parameters_default_constructible",
    "check_mixin_order",
]


@pytest.mark.parametrize("name", CHECKS)
def test_checks_that_need_no_numbers(name):
    getattr(estimator_checks, name)("FoundationEmbedder", FoundationEmbedder())


def test_check_estimator_takes_it_for_what_it_is():
    """All other checks make tables of numbers, which are no images: they are left out by tag."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = check_estimator(FoundationEmbedder(), on_fail=None, on_skip=None)
    assert [r for r in results if r["status"] == "failed"] == []
    assert any("requires input" in str(w.message) for w in caught)


def test_stateless(embedder):
    fitted = embedder().fit(PIXELS)
    assert fitted is fitted.fit(PIXELS)
    assert not [name for name in vars(fitted) if name.endswith("_")]
    np.testing.assert_array_equal(embedder().transform(PIXELS), fitted.transform(PIXELS))
    np.testing.assert_array_equal(embedder().fit_transform(PIXELS), fitted.transform(PIXELS))


def test_clone(embedder):
    original = embedder("vit", pooling="mean", batch_size=4).set_output(transform="pandas")
    twin = clone(original)
    assert twin.get_params() == original.get_params()
    assert list(twin.transform(PIXELS).columns) == list(twin.get_feature_names_out())


def test_clones_share_a_loaded_model():
    model, processor, _ = tiny.build("vit")
    original = FoundationEmbedder((model, processor))
    assert clone(original).model[0] is model
    pipeline = clone(Pipeline([("embed", original)]))
    assert pipeline["embed"].model[0] is model
    listed = FoundationEmbedder([(model, processor), (model, processor)])
    assert clone(listed).model[1][0] is model


def test_clones_find_the_weights_loaded(embedder, monkeypatch):
    expected = embedder("vit").transform(PIXELS)
    monkeypatch.setattr("sklearn_zcore.embedding._backbone._load_from", None)
    np.testing.assert_array_equal(clone(embedder("vit")).transform(PIXELS), expected)


def test_models_that_are_kept(saved, monkeypatch):
    from sklearn_zcore.embedding import _backbone, release_models

    release_models()
    for family in ("vit", "resnet", "dinov2", "convnext", "clip"):
        FoundationEmbedder(saved(family)).transform(PIXELS[:1])
    assert len(_backbone._loaded) == 4
    release_models()
    assert len(_backbone._loaded) == 0


def test_pickle(embedder):
    used = embedder("vit", pooling="mean")
    expected = used.transform(PIXELS)
    data = pickle.dumps(used)
    assert len(data) < 10_000
    np.testing.assert_array_equal(pickle.loads(data).transform(PIXELS), expected)


def test_pickle_of_a_loaded_model():
    model, processor, _ = tiny.build("vit")
    used = FoundationEmbedder((model.eval(), processor))
    expected = used.transform(PIXELS)
    data = pickle.dumps(used)
    assert len(data) < 10_000
    back = pickle.loads(data)
    with pytest.raises(ValueError, match="was pickled, and the weights .* stay out of pickles"):
        back.transform(PIXELS)
    back.set_params(model=(model, processor))
    np.testing.assert_array_equal(back.transform(PIXELS), expected)


def test_joblib_tells_loaded_models_apart():
    import joblib
    import torch

    model, processor, _ = tiny.build("vit")
    embedder = FoundationEmbedder((model, processor))
    before = joblib.hash(embedder)
    assert joblib.hash(clone(embedder)) == before
    with torch.no_grad():
        model.layernorm.bias.add_(1)
    assert joblib.hash(embedder) != before


def test_feature_names_and_output(embedder, saved):
    import pandas as pd

    names = [f"foundationembedder{i}" for i in range(16)]
    assert embedder().get_feature_names_out().tolist() == names  # before anything was embedded
    assert embedder("bert").get_feature_names_out().size == 16
    both = FoundationEmbedder([saved("clip"), saved("vit")])
    assert both.get_feature_names_out().size == 28
    assert both.set_params(model=saved("clip")).get_feature_names_out().size == 12
    frame = pd.DataFrame({"text": ["a cat", "the dog"]}, index=[5, 7])
    output = embedder("bert").set_output(transform="pandas").fit_transform(frame)
    assert output.columns.tolist() == names and output.index.tolist() == [5, 7]
    output = embedder().set_output(transform="polars").fit_transform(PIXELS)
    assert output.columns == names and output.shape == (12, 16)


def shows(embedder):
    """Do all that people do to look at an estimator, and to hand it on."""
    from sklearn.compose import ColumnTransformer

    dir(embedder)
    table = ColumnTransformer([("embed", embedder, ["path"]), ("rest", "passthrough", ["age"])])
    steps = Pipeline([("embed", embedder), ("select", RandomSelector(1))])
    for shown in (embedder, steps, table, Pipeline([("table", table)])):
        repr(shown), shown._repr_html_(), shown._repr_mimebundle_(), shown.get_params()
        clone(shown), pickle.loads(pickle.dumps(shown))


@pytest.mark.parametrize("family", ["vit", None])
def test_a_look_reads_no_disk_and_no_network(family, saved, monkeypatch):
    from sklearn_zcore.embedding import _embedder, _hub, _models

    def read(*args, **kwargs):
        raise AssertionError("it was read")

    model = "no/such" if family is None else saved(family)
    monkeypatch.setattr(_models, "_resolve", read)
    monkeypatch.setattr(_hub, "download", read)
    monkeypatch.setattr(_embedder, "Backbone", read)
    shows(FoundationEmbedder(model).fit(PIXELS))
    shows(FoundationEmbedder([model, model], cache_dir="/no/such").set_output(transform="pandas"))


def test_a_look_after_transform_shows_the_features(embedder):
    used = embedder("vit")
    assert "foundationembedder15" not in used._repr_html_()
    used.transform(PIXELS)
    assert "foundationembedder15" in used._repr_html_()
    shows(used)


def test_a_look_at_a_loaded_model_runs_nothing(counted):
    model, processor, _ = tiny.build("vit")
    shows(FoundationEmbedder((model.eval(), processor)))
    assert counted.items == 0


def test_pipeline(embedder):
    pipeline = Pipeline(
        [("embed", embedder()), ("select", ZCoreSelector(4, n_iter=500, tol=0, random_state=0))]
    )
    coreset = pipeline.fit_transform(PIXELS)
    rows = pipeline["select"].indices_
    np.testing.assert_array_equal(coreset, embedder().transform(PIXELS)[rows])


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_search_embeds_every_image_once(n_jobs, embedder, files, tmp_path, counted):
    from joblib import parallel_config

    pipeline = Pipeline(
        [
            ("embed", embedder(cache_dir=tmp_path / "cache")),
            ("select", RandomSelector(random_state=0)),
        ]
    )
    search = GridSearchCV(
        pipeline, {"select__budget": [0.2, 0.4, 0.6, 0.8, 1.0]}, cv=3, n_jobs=n_jobs
    )
    with parallel_config("threading"):
        search.fit(files)
    assert search.best_params_ == {"select__budget": 1.0}
    assert counted.items == 12


def test_progress_bar(embedder, files, tmp_path, capsys):
    cached = embedder(cache_dir=tmp_path / "cache", verbose=1)
    cached.transform(files)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Embedding" in shown.err and "12/12 images" in shown.err and "images/s" in shown.err
    cached.transform(files)
    assert "12 known" in capsys.readouterr().err
    embedder().transform(files)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("num_workers", [1, 3])
def test_workers_change_nothing(num_workers, embedder, files):
    expected = embedder(batch_size=5).transform(files * 20)
    embeddings = embedder(batch_size=5, num_workers=num_workers).transform(files * 20)
    np.testing.assert_array_equal(embeddings, expected)


def test_workers_decode_while_the_model_computes(embedder, pictures, monkeypatch):
    """While the first batch is computed, all of the second has been decoded."""
    import threading

    from sklearn_zcore.embedding import _engine
    from sklearn_zcore.embedding._backbone import Backbone

    decoded, threads, at_batch = [], set(), []
    original = _engine._prepare

    def prepare(image, backbone):
        threads.add(threading.current_thread().name)
        decoded.append(image)
        return original(image, backbone)

    original_embed = Backbone.embed

    def embed(self, batch):
        at_batch.append(len(decoded))
        return original_embed(self, batch)

    monkeypatch.setattr(_engine, "_prepare", prepare)
    monkeypatch.setattr(Backbone, "embed", embed)
    many = [pixels + np.uint8(i) for i in range(8) for pixels in pictures]
    embedder(num_workers=2, batch_size=24).transform(many)
    assert all(name.startswith("zcore-decode") for name in threads)
    assert at_batch[0] >= 48


@pytest.mark.parametrize("num_workers", [0, 2])
def test_few_large_files_are_held_at_once(num_workers, embedder, tmp_path, monkeypatch):
    """Whatever their number: two windows of bytes, and not of files."""
    import gc

    from PIL import Image

    from sklearn_zcore.embedding import _engine, _images, _reading

    rng = np.random.default_rng(0)
    paths = []
    for number in range(40):
        path = tmp_path / f"{number:02d}.bmp"
        Image.fromarray(rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)).save(path)
        paths.append(str(path))
    expected = embedder(batch_size=8).transform(paths)

    def held():
        return sum(type(thing) is _images.LoadedImage for thing in gc.get_objects())

    read, most = _images.read_regular, []

    def watched(path):
        most.append(held())
        return read(path)

    original = _engine._prepare

    def slow(*args):
        time.sleep(0.02 if num_workers else 0)  # files are read faster than they are decoded
        return original(*args)

    monkeypatch.setattr(_engine, "_prepare", slow)
    monkeypatch.setattr(_images, "read_regular", watched)
    monkeypatch.setattr(_reading, "_WINDOW_BYTES", 4 * 30_054)
    gc.collect()
    gc.freeze()  # what other tests have left behind is not looked through, file by file
    try:
        embeddings = embedder(batch_size=8, num_workers=num_workers).transform(paths)
    finally:
        gc.unfreeze()
    np.testing.assert_array_equal(embeddings, expected)
    assert len(most) == 40 and max(most) <= 3 * 4 + 1 + num_workers
    assert _reading._WINDOW_BYTES * 2 < sum(map(os.path.getsize, paths))


def test_interrupt_leaves_the_cache_whole(embedder, files, tmp_path, monkeypatch):
    import threading

    from sklearn_zcore.embedding._backbone import Backbone

    original, calls = Backbone.embed, []

    def embed(self, batch):
        calls.append(batch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, batch)

    cached = embedder(cache_dir=tmp_path / "cache", batch_size=4, num_workers=2)
    with monkeypatch.context() as patch:
        patch.setattr(Backbone, "embed", embed)
        with pytest.raises(KeyboardInterrupt):
            cached.transform(files)
    assert not [t for t in threading.enumerate() if t.name.startswith("zcore-decode")]
    expected = embedder(batch_size=4).transform(files)
    np.testing.assert_array_equal(cached.transform(files), expected)
