"""Reads what sslkit has written, and writes what it should read.

check.py FOLDER: reads set.parquet, set.csv and set.npy and prints what is in
them as JSON, one object a reader; then writes files of the same content by
other libraries, in all types that they like to use.
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(sys.argv[1])


def show(name, files, labels, classes, features):
    features = np.asarray(features, dtype=np.float32)
    print(json.dumps({
        "name": name,
        "files": list(files),
        "labels": [int(label) for label in labels],
        "classes": list(classes),
        "bits": features.reshape(-1).view(np.uint32).tolist(),
        "shape": list(features.shape),
    }))


parquet = folder / "set.parquet"

table = pq.read_table(parquet)
assert table.schema.field("file").type == pa.string(), table.schema
assert table.schema.field("label").type == pa.int32(), table.schema
assert table.schema.field("class").type == pa.string(), table.schema
assert table.schema.field("feature").type.value_type == pa.float32(), table.schema
assert json.loads(table.schema.metadata[b"sslkit.classes"]) == ["cat", "dog", "emu"]
origin = json.loads(table.schema.metadata[b"sslkit.origin"])
assert origin["network"] == "network" and origin["size"] == 96 and len(origin["mean"]) == len(origin["std"]) == 3, origin
columns = table.to_pydict()
show("pyarrow", columns["file"], columns["label"], columns["class"], columns["feature"])

frame = pd.read_parquet(parquet)
show("pandas", frame["file"], frame["label"], frame["class"], np.stack(frame["feature"]))

lazy = pl.read_parquet(parquet)
assert lazy.schema["feature"] == pl.List(pl.Float32), lazy.schema
show("polars", lazy["file"], lazy["label"], lazy["class"], np.stack(lazy["feature"].to_numpy()))

sheet = pd.read_csv(folder / "set.csv", float_precision="round_trip", keep_default_na=False)
show("csv", sheet["file"], sheet["label"], sheet["class"], sheet.iloc[:, 3:].to_numpy(np.float32))

assert json.loads((folder / "set.csv.json").read_text()) == {"origin": origin}
array = np.load(folder / "set.npy")
mapped = np.load(folder / "set.npy", mmap_mode="r")
assert array.dtype == np.float32 and np.array_equal(array, mapped)
beside = json.loads((folder / "set.npy.json").read_text())
assert beside["origin"] == origin
show("numpy", beside["files"], beside["labels"], [beside["classes"][i] for i in beside["labels"]], array)

unknown = pd.read_parquet(folder / "unknown.parquet")
assert unknown[["file", "label", "class"]].isna().all().all() and unknown["feature"].notna().all()

frame.to_parquet(folder / "pandas.parquet")
wide = frame.astype({"label": "int64", "class": "category"})
wide["feature"] = [list(map(float, row)) for row in frame["feature"]]
wide.to_parquet(folder / "pandas64.parquet", compression="gzip")
lazy.write_parquet(folder / "polars.parquet")
fixed = pa.array(list(array), type=pa.list_(pa.float32(), array.shape[1]))
pq.write_table(table.set_column(3, "feature", fixed), folder / "pyarrow.parquet", compression="snappy", data_page_version="2.0")
frame.assign(feature=[None] * len(frame)).to_parquet(folder / "null.parquet")
sheet.to_csv(folder / "pandas.csv", index=False)
np.save(folder / "float64.npy", array.astype(np.float64))
np.save(folder / "columns.npy", np.asfortranarray(array))
