"""Data sets with a name, as they lie on a disk once they have been fetched."""

import gzip
import hashlib
import json
from pathlib import Path


def write_openml(home, name, data_id, columns, *, target, version=1):
    """Write the files that `sklearn.datasets.fetch_openml` keeps of a data set.

    ``columns`` is a dict of lists: numbers, with None for missing ones, or text for categories.
    """
    lines = [f"@RELATION {name}"]
    features = []
    for index, (column, values) in enumerate(columns.items()):
        kinds = sorted({v for v in values if isinstance(v, str)})
        kind = "{" + ",".join(kinds) + "}" if kinds else "REAL"
        lines.append(f"@ATTRIBUTE {column} {kind}")
        features.append(
            {
                "index": str(index),
                "name": column,
                "data_type": "nominal" if kinds else "numeric",
                "is_target": str(column == target).lower(),
                "is_ignore": "false",
                "is_row_identifier": "false",
                "number_of_missing_values": str(sum(v is None for v in values)),
                **({"nominal_value": kinds} if kinds else {}),
            }
        )
    lines.append("@DATA")
    rows = zip(*columns.values(), strict=True)
    lines += [",".join("?" if value is None else str(value) for value in row) for row in rows]
    data = ("\n".join(lines) + "\n").encode()
    n_rows = len(next(iter(columns.values())))
    api = "api/v1/json/data"
    found = {"did": data_id, "name": name, "version": version, "status": "active"}
    description = {
        **found,
        "id": str(data_id),
        "description": "Made up.",
        "format": "ARFF",
        "url": f"https://api.openml.org/data/v1/download/{data_id}/{name}.arff",
        "md5_checksum": hashlib.md5(data).hexdigest(),
        "default_target_attribute": target,
    }
    quality = [{"name": "NumberOfInstances", "value": str(n_rows)}]
    kept = {
        f"{api}/list/data_name/{name}/limit/2/status/active/": {"data": {"dataset": [found]}},
        f"{api}/list/data_name/{name}/limit/2/data_version/{version}": {
            "data": {"dataset": [found]}
        },
        f"{api}/{data_id}": {"data_set_description": description},
        f"{api}/features/{data_id}": {"data_features": {"feature": features}},
        f"{api}/qualities/{data_id}": {"data_qualities": {"quality": quality}},
        f"data/v1/download/{data_id}/{name}.arff": data,
    }
    for address, content in kept.items():
        path = Path(home, "openml", "openml.org", f"{address}.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(gzip.compress(raw))
