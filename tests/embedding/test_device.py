"""Devices, dtypes and memory, by a torch that pretends to have them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sklearn_zcore.embedding import _device

GIB = 2**30


def fake_torch(
    cuda=0, mps=False, bf16=True, built="12.8", free=40 * GIB, fixed=GIB, per_item=50 * 2**20
):
    """Return a torch of a machine with that many GPUs, whose batches take that much memory."""
    state = SimpleNamespace(peak=0, allocated=3 * GIB, emptied=0, ran=[])

    def run(n_items):
        state.ran.append(n_items)
        state.peak = state.allocated + n_items * per_item

    def reset(device):
        state.peak = state.allocated

    def empty():
        state.emptied += 1

    return SimpleNamespace(
        __version__="2.99",
        device=torch.device,
        OutOfMemoryError=torch.OutOfMemoryError,
        version=SimpleNamespace(cuda=built, hip=None),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        cuda=SimpleNamespace(
            is_available=lambda: cuda > 0,
            device_count=lambda: cuda,
            is_bf16_supported=lambda: bf16,
            synchronize=lambda device: None,
            empty_cache=empty,
            memory_allocated=lambda device: state.allocated,
            reset_peak_memory_stats=reset,
            max_memory_allocated=lambda device: state.peak,
            mem_get_info=lambda device: (free, 80 * GIB),
        ),
        run=run,
        state=state,
    )


@pytest.mark.parametrize(
    ("machine", "asked", "got"),
    [
        ({}, "auto", "cpu"),
        ({"cuda": 2}, "auto", "cuda"),
        ({"cuda": 2}, "cuda:1", "cuda:1"),
        ({"cuda": 2}, "cpu", "cpu"),
        ({"mps": True}, "auto", "mps"),
        ({"mps": True, "cuda": 1}, "auto", "cuda"),
    ],
)
def test_device(machine, asked, got):
    assert _device.resolve_device(fake_torch(**machine), asked) == torch.device(got)


@pytest.mark.parametrize(
    ("machine", "asked", "message"),
    [
        ({}, "cuda", "device='cuda' was asked for, and torch finds no GPU or no driver"),
        ({"built": None}, "cuda:0", "torch 2.99 was built without CUDA.* Use device='auto'"),
        ({"cuda": 2}, "cuda:2", r"this machine has 2 CUDA device\(s\), numbered from 0"),
        ({}, "mps", "this machine has no MPS device"),
        ({}, "gpu", "device='gpu' is not known to torch"),
    ],
)
def test_devices_that_are_not_there(machine, asked, message):
    with pytest.raises(ValueError, match=message):
        _device.resolve_device(fake_torch(**machine), asked)


def test_cuda_asked_for_and_absent(embedder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device='cuda' was asked for, and torch"):
        embedder(device="cuda").transform([np.zeros((9, 9), np.uint8)])


@pytest.mark.parametrize(
    ("machine", "device", "asked", "got"),
    [
        ({"cuda": 1}, "cuda", "auto", "bfloat16"),
        ({"cuda": 1, "bf16": False}, "cuda", "auto", "float16"),
        ({"cuda": 1}, "cuda", "float32", "float32"),
        ({"cuda": 1}, "cpu", "auto", "float32"),
        ({"mps": True}, "mps", "auto", "float32"),
        ({}, "cpu", "bfloat16", "bfloat16"),
    ],
)
def test_dtype(machine, device, asked, got):
    assert _device.resolve_dtype(fake_torch(**machine), asked, torch.device(device)) == got


@pytest.mark.parametrize(
    ("free", "per_item", "expected"),
    [
        (40 * GIB, 50 * 2**20, 512),  # 655 fit into 80 %
        (2 * GIB, 50 * 2**20, 32),
        (80 * GIB, 2**20, 1024),  # as many as there are at most
        (GIB // 2, GIB, 1),
    ],
)
def test_batch_size_that_fits(free, per_item, expected):
    fake = fake_torch(cuda=1, free=free, per_item=per_item)
    assert _device.find_batch_size(fake, torch.device("cuda"), fake.run) == expected
    assert fake.state.ran == [1, 8]


def test_batch_size_where_not_even_the_small_batch_fits():
    fake = fake_torch(cuda=1)

    def run(n_items):
        if n_items > 1:
            raise OUT_OF_MEMORY[0]

    assert _device.find_batch_size(fake, torch.device("cuda"), run) == 4


def test_batch_size_on_the_cpu_is_fixed():
    fake = fake_torch()
    assert _device.find_batch_size(fake, torch.device("cpu"), fake.run) == 32
    assert fake.state.ran == []


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    MemoryError("no"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: str(error)[:12])
def test_batch_that_does_not_fit_is_halved(error):
    fake = fake_torch(cuda=1)
    tried = []

    def run(start, stop):
        tried.append((start, stop))
        if stop - start > 3:
            raise error
        return np.arange(start, stop, dtype=np.float32)[:, None]

    vectors = _device.run_within_memory(fake, run, 10)
    np.testing.assert_array_equal(vectors[:, 0], np.arange(10))
    assert tried == [(0, 10), (0, 5), (0, 3), (3, 6), (6, 9), (9, 10)]
    assert fake.state.emptied == 2


def test_item_that_does_not_fit():
    def run(start, stop):
        raise OUT_OF_MEMORY[0]

    with pytest.raises(MemoryError, match="A single item does not fit in memory: CUDA out of"):
        _device.run_within_memory(fake_torch(cuda=1), run, 4)


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def run(start, stop):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        _device.run_within_memory(fake_torch(), run, 4)


def test_embedder_halves_its_batches(embedder, pictures, monkeypatch):
    from sklearn_zcore.embedding._backbone import Backbone

    expected = embedder().transform(pictures)
    original, sizes = Backbone._forward, []

    def forward(self, inputs):
        sizes.append(len(inputs["pixel_values"]))
        if sizes[-1] > 4:
            raise torch.OutOfMemoryError("out of memory")
        return original(self, inputs)

    monkeypatch.setattr(Backbone, "_forward", forward)
    np.testing.assert_allclose(embedder().transform(pictures), expected, atol=1e-5)
    assert sizes == [12, 6, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("device", "present", "expected"),
    [
        ("cpu", True, True),
        ("cuda", False, False),
        ("auto", False, True),
        ("auto", True, False),
    ],
)
def test_the_cpu_is_known_without_torch(device, present, expected, monkeypatch):
    monkeypatch.setattr(_device.sys, "platform", "linux")
    monkeypatch.setattr(_device.os.path, "exists", lambda path: present)
    assert _device.surely_cpu(device) is expected
    monkeypatch.setattr(_device.sys, "platform", "darwin")
    assert _device.surely_cpu(device) is (device == "cpu")


def test_loaded_model_stays_where_it_is(pictures):
    from sklearn_zcore import FoundationEmbedder
    from tests.embedding import tiny

    model, processor, _ = tiny.build("vit")
    pair = model.bfloat16().eval(), processor
    assert FoundationEmbedder(pair, device="cpu").transform(pictures).shape == (12, 16)
    with pytest.raises(ValueError, match="dtype='float32', and the loaded model is torch.bfloat16"):
        FoundationEmbedder(pair, dtype="float32").transform(pictures)
    meta = model.to("meta"), processor
    with pytest.raises(ValueError, match="device='cpu', and the loaded model is on meta"):
        FoundationEmbedder(meta, device="cpu").transform(pictures)


def threads_in_forward(embedder, pictures):
    """Return the threads that torch may use while the model runs."""
    seen = []

    def pooling(hidden, mask):
        seen.append(torch.get_num_threads())
        return hidden.mean(dim=1)

    before = torch.get_num_threads()
    embedder.set_params(pooling=pooling).transform(pictures)
    assert torch.get_num_threads() == before
    return seen[0]


@pytest.mark.slow
def test_threads_that_joblib_gives(embedder, pictures):
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", inner_max_num_threads=1):
        workers = Parallel(n_jobs=2)(
            delayed(threads_in_forward)(embedder(), pictures[:2]) for _ in range(2)
        )
    assert workers == [1, 1]


def test_threads_that_threadpoolctl_gives(embedder, pictures, monkeypatch):
    from sklearn.utils import _openmp_helpers

    monkeypatch.setattr(_openmp_helpers, "_openmp_effective_n_threads", lambda: 1)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert threads_in_forward(embedder(), pictures[:2]) == 1
    finally:
        torch.set_num_threads(before)
