"""Embed the pictures block by block: what a run that was stopped has embedded stays."""

import numpy as np

BLOCK = 512


def save_array(path, array):
    """Write a file that appears whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, array)
    part.replace(path)


def embed(pictures, models, folder, name, advance):
    """Return the embeddings of the pictures by some models, kept in a folder.

    Parameters
    ----------
    pictures : Pictures
    models : list of str
        Several are concatenated.
    folder : Path
    name : str
        "train" or "test".
    advance : callable
        Is told how many more are embedded.

    Returns
    -------
    ndarray of shape (n, n_features), float32
    """
    from sklearn_zcore import FoundationEmbedder

    embedder = FoundationEmbedder(models[0] if len(models) == 1 else list(models))
    folder.mkdir(parents=True, exist_ok=True)
    blocks = []
    for start in range(0, len(pictures), BLOCK):
        rows = range(start, min(start + BLOCK, len(pictures)))
        path = folder / f"{name}-{start:08d}.npy"
        if not path.exists():
            block = embedder.transform([pictures.open(row) for row in rows])
            save_array(path, np.asarray(block, np.float32))
        blocks.append(np.load(path))
        advance(len(rows))
    return np.concatenate(blocks)
