"""Models of sentence-transformers give what sentence-transformers gives."""

import json
import shutil

import numpy as np
import pytest
import torch

from sklearn_zcore import FoundationEmbedder
from tests.embedding import tiny

# Of one batch, some longer than max_seq_length, some empty, some with capitals.
TEXTS = ["a photo of a cat", "the dog runs", "a", "", "A Cat SITS on the mat", "very " * 30]
MODES = ["cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]


def load(folder):
    library = pytest.importorskip(
        "sentence_transformers", reason="needs the package sentence-transformers"
    )
    return library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def save(folder, *modules, pooling="cls", **settings):
    """Save a tiny BERT as sentence-transformers does, with modules after its pooling."""
    tiny.save("bert", folder)
    kinds = ["Transformer", "Pooling", *(kind for kind, _, _ in modules)]
    entries = [
        {
            "idx": i,
            "name": str(i),
            "path": f"{i}_{kind}" if i else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for i, kind in enumerate(kinds)
    ]
    write(folder / "modules.json", entries)
    write(folder / "sentence_bert_config.json", settings)
    modes = (pooling,) if isinstance(pooling, str) else pooling
    keys = {"cls": "cls_token", "lasttoken": "lasttoken"}
    keys["mean_sqrt_len_tokens"] = "mean_sqrt_len_tokens"
    old = {f"pooling_mode_{keys.get(mode, f'{mode}_tokens')}": mode in modes for mode in MODES}
    write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, **old})
    for i, (kind, config, weights) in enumerate(modules, start=2):
        write(folder / f"{i}_{kind}" / "config.json", config)
        if weights:
            from safetensors.torch import save_file

            save_file(weights, folder / f"{i}_{kind}" / "model.safetensors")
    return folder


def dense(width, activation="torch.nn.modules.activation.Tanh", **config):
    torch.manual_seed(1)
    weights = {"linear.weight": torch.randn(width, 16), "linear.bias": torch.randn(width)}
    sizes = {"in_features": 16, "out_features": width}
    return "Dense", {**sizes, "bias": True, "activation_function": activation, **config}, weights


NORMALIZE = ("Normalize", {}, None)
NORM = (
    "LayerNorm",
    {"dimension": 16},
    {"norm.weight": torch.rand(16) + 1, "norm.bias": torch.rand(16)},
)


def assert_same(folder, atol=1e-5):
    expected = load(folder).encode(TEXTS)
    embeddings = FoundationEmbedder(folder).transform(TEXTS)
    np.testing.assert_allclose(embeddings, expected, atol=atol)
    assert np.ptp(expected, axis=0).max() > 1e-3
    return embeddings


@pytest.mark.parametrize("pooling", [*MODES, ("cls", "mean"), ("max", "mean", "lasttoken")])
def test_poolings(pooling, tmp_path):
    embeddings = assert_same(save(tmp_path, pooling=pooling))
    n_poolings = 1 if isinstance(pooling, str) else len(pooling)
    assert embeddings.shape == (6, 16 * n_poolings)


@pytest.mark.parametrize("pooling", MODES)
def test_poolings_with_padding_to_the_left(pooling, tmp_path):
    folder = save(tmp_path, pooling=pooling)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "padding_side": "left"}))
    assert_same(folder)


@pytest.mark.parametrize(
    "modules",
    [
        [NORMALIZE],
        [dense(8)],
        [dense(16, use_residual=True), NORMALIZE],
        [dense(24, "torch.nn.modules.linear.Identity", bias=True), NORMALIZE],
        [NORM],
        [("Dropout", {"dropout": 0.5}, None), NORMALIZE],
    ],
    ids=lambda modules: "-".join(kind for kind, _, _ in modules),
)
def test_modules_after_the_pooling(modules, tmp_path):
    assert_same(save(tmp_path, *modules, pooling="mean"))


def test_residual_of_another_width(tmp_path):
    kind, config, weights = dense(8, use_residual=True)
    weights["residual.weight"] = torch.randn(8, 16)
    assert_same(save(tmp_path, (kind, config, weights)))


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_what_the_library_itself_has_saved(pooling, tmp_path):
    """Its own names of today, for a model that it has put together."""
    library = pytest.importorskip(
        "sentence_transformers", reason="needs the package sentence-transformers"
    )
    from sentence_transformers.sentence_transformer import modules

    transformer = modules.Transformer(str(tiny.save("bert", tmp_path / "bert")))
    parts = [transformer, modules.Pooling(16, pooling), modules.Dense(16, 8), modules.Normalize()]
    library.SentenceTransformer(modules=parts, device="cpu").save(str(tmp_path / "saved"))
    assert assert_same(tmp_path / "saved").shape == (6, 8)


def test_settings_of_the_tokens(tmp_path):
    """Its limit, its letters and its prompt."""
    plain = assert_same(save(tmp_path / "plain", pooling="mean"))
    short = assert_same(save(tmp_path / "short", pooling="mean", max_seq_length=5))
    np.testing.assert_allclose(short[2], plain[2], atol=1e-5)
    assert np.abs(short[5] - plain[5]).max() > 1e-2
    lower = assert_same(save(tmp_path / "lower", pooling="mean", do_lower_case=True))
    assert np.abs(lower[4] - plain[4]).max() > 1e-2
    folder = save(tmp_path / "prompt", pooling="mean")
    prompts = {"prompts": {"photo": "a photo of "}, "default_prompt_name": "photo"}
    write(folder / "config_sentence_transformers.json", prompts)
    prompted = assert_same(folder)
    assert np.abs(prompted[1] - plain[1]).max() > 1e-2


def test_transformer_in_a_folder_of_its_own(tmp_path):
    """As releases before the second had it."""
    folder = save(tmp_path, NORMALIZE)
    inside = folder / "0_Transformer"
    inside.mkdir()
    for path in list(folder.iterdir()):
        if path.is_file() and path.name != "modules.json":
            path.rename(inside / path.name)
    entries = json.loads((folder / "modules.json").read_text())
    entries[0]["path"] = "0_Transformer"
    write(folder / "modules.json", entries)
    assert_same(folder)


@pytest.mark.parametrize("tail", [[], [NORMALIZE]])
def test_two_towers(tail, tmp_path, pictures):
    """Its projected vectors need no pooling, of images and of texts."""
    folder = tiny.save("clip", tmp_path / "clip")
    plain = FoundationEmbedder(folder)
    expected = [plain.transform(pictures), plain.transform(TEXTS)]
    entries = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.CLIPModel"}
    ]
    if tail:
        kind = "sentence_transformers.models.Normalize"
        entries.append({"idx": 1, "name": "1", "path": "1_Normalize", "type": kind})
        expected = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in expected]
    write(folder / "modules.json", entries)
    for X, wanted in zip((pictures, TEXTS), expected, strict=True):
        np.testing.assert_allclose(FoundationEmbedder(folder).transform(X), wanted, atol=1e-5)


def test_pooling_that_is_asked_for(tmp_path):
    """It is then the tokens' alone, as without those files."""
    folder = save(tmp_path / "saved", dense(8), NORMALIZE, pooling="cls")
    plain = FoundationEmbedder(tiny.save("bert", tmp_path / "plain"))
    for parameters in ({"pooling": "mean"}, {"pooling": "cls"}, {"pooling": "pooler"}):
        expected = plain.set_params(**parameters).transform(TEXTS)
        embeddings = FoundationEmbedder(folder, **parameters).transform(TEXTS)
        np.testing.assert_allclose(embeddings, expected, atol=1e-6)
    # Another layer than the one that the modules were trained on: pooled as declared, no more.
    expected = plain.set_params(pooling="cls", layer=1).transform(TEXTS)
    embeddings = FoundationEmbedder(folder, layer=1).transform(TEXTS)
    np.testing.assert_allclose(embeddings, expected, atol=1e-6)


def test_pooling_without_modules_json(tmp_path):
    folder = save(tmp_path / "saved", pooling="cls")
    (folder / "modules.json").unlink()
    expected = FoundationEmbedder(folder, pooling="cls").transform(TEXTS)
    np.testing.assert_array_equal(FoundationEmbedder(folder).transform(TEXTS), expected)


def test_files_of_the_modules_are_part_of_the_key(tmp_path, counted):
    folder = save(tmp_path / "model", dense(8), pooling="cls")
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    first = embedder.transform(TEXTS)
    n_texts = counted.items
    save(folder, dense(8), pooling="mean")
    second = embedder.transform(TEXTS)
    save(folder, dense(8, "torch.nn.modules.linear.Identity"), pooling="mean")
    third = embedder.transform(TEXTS)
    assert counted.items == 3 * n_texts
    assert np.abs(second - first).max() > 1e-2 and np.abs(third - second).max() > 1e-2


def test_downloaded_with_its_modules():
    """Of a repository, the modules' folders, and none in which other programs' formats are."""
    from fnmatch import fnmatch

    from sklearn_zcore.embedding import _hub

    def is_wanted(path):
        return any(fnmatch(path, pattern) for pattern in _hub.MODEL_FILES) and not any(
            fnmatch(path, pattern) for pattern in _hub._UNWANTED
        )

    for path in ("modules.json", "1_Pooling/config.json", "2_Dense/model.safetensors"):
        assert is_wanted(path)
    for path in ("onnx/config.json", "2_Dense/pytorch_model.bin", "2_Dense/onnx/config.json"):
        assert not is_wanted(path)


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ([("CNN", {}, None)], "the module CNN, which is not known"),
        ([("WeightedLayerPooling", {}, None)], "the module WeightedLayerPooling"),
        ([dense(8, "os.system")], "the activation 'os.system'"),
        ([dense(8, "torch.nn.init.ones_")], "the activation 'torch.nn.init.ones_'"),
        ([dense(8, module_input_name="token_embeddings")], "Dense on 'token_embeddings'"),
        (
            [(*dense(8)[:2], None)],
            "no weights for its module Dense: there is no 2_Dense/model.safe",
        ),
        ([(*dense(8)[:2], {"linear.weight": torch.zeros(2, 2)})], "in 2_Dense do not fit"),
        ([("Dense", {}, None)], "in 2_Dense do not fit its config.json: 'in_features'"),
    ],
)
def test_modules_that_are_refused(modules, message, tmp_path):
    folder = save(tmp_path, *modules)
    with pytest.raises(ValueError, match=message):
        FoundationEmbedder(folder).transform(TEXTS)
    # What was asked for has no need of them.
    assert FoundationEmbedder(folder, pooling="mean").transform(TEXTS).shape == (6, 16)


def spoil(folder, file, content):
    (folder / file).write_text(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: spoil(f, "modules.json", "{"), "broken modules.json"),
        (lambda f: spoil(f, "modules.json", '[{"path": "/etc", "type": "a"}]'), "broken modules"),
        (lambda f: spoil(f, "modules.json", '[{"path": "../a", "type": "a"}]'), "broken modules"),
        (lambda f: spoil(f, "modules.json", '{"a": 1}'), "broken modules.json"),
        (lambda f: spoil(f, "modules.json", '[{"path": "", "type": "mine.Own"}]'), "mine.Own"),
        (
            lambda f: spoil(
                f,
                "modules.json",
                '[{"path": "", "type": "sentence_transformers.models.Transformer"}]',
            ),
            "nothing where the pooling",
        ),
        (lambda f: shutil.rmtree(f / "1_Pooling"), "has no 1_Pooling/config.json"),
        (lambda f: spoil(f, "1_Pooling/config.json", '{"pooling_mode": "sum"}'), "pooling 'sum'"),
        (lambda f: spoil(f, "sentence_bert_config.json", '{"max_seq_length": "x"}'), "max_seq_len"),
        (lambda f: spoil(f, "sentence_bert_config.json", "[1]"), "broken sentence_bert_config"),
    ],
)
def test_spoilt_files(change, message, tmp_path):
    folder = save(tmp_path)
    change(folder)
    with pytest.raises(ValueError, match=message):
        FoundationEmbedder(folder).transform(TEXTS)
