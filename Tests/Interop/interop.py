"""Compares files of interop-check with what NumPy, safetensors, Pillow and TensorBoard hold."""

import os
import subprocess
import sys

import numpy as np
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

check, place = sys.argv[1:3]
written, made, copied = (os.path.join(place, name) for name in ("written", "made", "copied"))
for folder in (written, made, copied):
    os.mkdir(folder)

types = ["float32", "float64", "float16", "int32", "int64", "uint8", "bool"]
shapes = [(), (0, 3), (5,), (3, 4), (2, 3, 4, 5)]


def same(one, other, what):
    assert one.dtype == other.dtype, f"{what}: {one.dtype} and {other.dtype}"
    assert one.shape == other.shape, f"{what}: {one.shape} and {other.shape}"
    assert one.tobytes() == other.tobytes(), f"{what}: other elements"


def counting(name, shape):
    dtype = np.dtype(name)
    count = int(np.prod(shape)) * dtype.itemsize
    bytes_ = [i % 2 if name == "bool" else i * 7 % 251 for i in range(count)]
    return np.frombuffer(bytes(bytes_), dtype).reshape(shape)


# What is written here, opened there.
subprocess.run([check, "write", written], check=True)
expected = {f"{name}.{'x'.join(map(str, shape))}": counting(name, shape)
            for name in types for shape in shapes}
for name, array in expected.items():
    same(np.load(f"{written}/{name}.npy"), array, name)
for archive in ("stored.npz", "deflated.npz"):
    with np.load(f"{written}/{archive}") as file:
        assert set(file.files) == set(expected)
        for name, array in expected.items():
            same(file[name], array, f"{archive} {name}")
tensors = load_file(f"{written}/all.safetensors")
assert set(tensors) == set(expected)
for name, array in expected.items():
    same(tensors[name], array, f"safetensors {name}")
with safe_open(f"{written}/all.safetensors", "np") as file:
    assert file.metadata() == {"made": "here"}
print(f"written here: {len(expected)} npy files, 2 npz archives and 1 safetensors file are the same "
      f"in NumPy {np.__version__} and safetensors")

pictures = [name for name in os.listdir(written) if name.endswith(".png")]
for name in pictures:
    width, height, channels = map(int, name.split(".")[1].split("x"))
    image = Image.open(f"{written}/{name}")
    assert image.mode == ["L", "LA", "RGB", "RGBA"][channels - 1], f"{name}: {image.mode}"
    count = width * height * channels
    samples = np.array([i * i // 3 % 256 for i in range(count)], np.uint8)
    assert np.array(image).tobytes() == samples.tobytes(), name
print(f"written here: {len(pictures)} PNG files are the same in Pillow")

events = EventAccumulator(written, size_guidance={"scalars": 0, "histograms": 0})
events.Reload()
scalars = events.Scalars("loss")
assert [(e.step, e.wall_time) for e in scalars] == [(i * 10, 1000.0 + i) for i in range(100)]
assert all(e.value == np.float32(1 / (i + 1)) for i, e in enumerate(scalars))
histogram = events.Histograms("weights")[0]
value = histogram.histogram_value
assert (histogram.step, value.num, value.min) == (7, 1000, 0), histogram
assert sum(value.bucket) == 1000 and len(value.bucket) == len(value.bucket_limit) == 30
print("written here: TensorBoard reads 100 scalars and a histogram")

# What is made there, read and written again here, opened there.
random = np.random.default_rng(1)
arrays = {}
for name in types:
    for shape in shapes:
        array = np.asarray(random.integers(0, 100, shape)).astype(name)
        arrays[f"{name}.{len(shape)}"] = array
for name, array in arrays.items():
    np.save(f"{made}/{name}.npy", array)
    np.save(f"{made}/fortran.{name}.npy", array.copy(order="F"))
    np.save(f"{made}/swapped.{name}.npy", array.astype(array.dtype.newbyteorder(">")))
# Integers that come back wider.
wider = {"int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}
integers = {}
for name in wider:
    low, high = np.iinfo(name).min, min(np.iinfo(name).max, np.iinfo("int64").max)
    array = random.integers(low, high, (3, 4, 5), endpoint=True, dtype=name)
    array.flat[:2] = low, high
    integers[name] = array
    np.save(f"{made}/wide.{name}.npy", array)
    np.save(f"{made}/wide.fortran.{name}.npy", array.copy(order="F"))
    np.save(f"{made}/wide.swapped.{name}.npy", array.astype(array.dtype.newbyteorder(">")))
np.savez(f"{made}/stored.npz", **arrays)
np.savez_compressed(f"{made}/deflated.npz", **arrays)
save_file(arrays, f"{made}/all.safetensors", metadata={"a": "b é"})
images = {}
for width, height in ((1, 1), (37, 23), (256, 100)):
    for mode, channels in (("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)):
        shape = (height, width, channels) if channels > 1 else (height, width)
        image = Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8), mode)
        smooth = image.resize((2, 2)).resize((width, height), Image.Resampling.BICUBIC)
        for kind, image in (("noise", image), ("smooth", smooth)):
            name = f"{kind}.{width}x{height}.{mode}"
            image.save(f"{made}/{name}.png")
            images[f"{name}.png"] = image
            if mode in ("L", "RGB"):
                for progressive in (False, True):
                    for quality in (30, 95):
                        file = f"{name}.{progressive}.{quality}.jpg"
                        image.save(f"{made}/{file}", progressive=progressive, quality=quality)
                        images[file] = Image.open(f"{made}/{file}")
            if mode == "RGB":
                palette = image.quantize(50)
                palette.save(f"{made}/{name}.palette.png")
                images[f"{name}.palette.png"] = palette.convert("RGB")
                for colours in (2, 4, 16):
                    palette = image.quantize(colours)
                    palette.save(f"{made}/{name}.{colours}.png")
                    images[f"{name}.{colours}.png"] = palette.convert("RGB")
            if mode == "L":
                bits = image.convert("1")
                bits.save(f"{made}/{name}.bits.png")
                images[f"{name}.bits.png"] = bits.convert("L")
    deep = random.integers(0, 65536, (height, width), dtype=np.uint16)
    Image.fromarray(deep).save(f"{made}/deep.{width}x{height}.png")
    images[f"deep.{width}x{height}.png"] = deep

subprocess.run([check, "copy", made, copied], check=True)
for name, array in arrays.items():
    for kind in ("", "fortran.", "swapped."):
        same(np.load(f"{copied}/{kind}{name}.npy"), array, f"{kind}{name}")
for name, array in integers.items():
    for kind in ("", "fortran.", "swapped."):
        same(np.load(f"{copied}/wide.{kind}{name}.npy"), array.astype(wider[name]), f"{kind}{name}")
for archive in ("stored.npz", "deflated.npz"):
    with np.load(f"{copied}/{archive}") as file:
        for name, array in arrays.items():
            same(file[name], array, f"{archive} {name}")
tensors = load_file(f"{copied}/all.safetensors")
for name, array in arrays.items():
    same(tensors[name], array, f"safetensors {name}")
with safe_open(f"{copied}/all.safetensors", "np") as file:
    assert file.metadata() == {"a": "b é"}
print(f"made there: {3 * len(arrays) + 3 * len(integers)} npy files, 2 npz archives and 1 safetensors file come back "
      "the same")
counts = {"png": 0, "jpg": 0}
for name, image in images.items():
    own = np.load(f"{copied}/{name}.npy")
    assert own.tobytes() == np.array(image).tobytes(), f"{name}: other samples than Pillow's"
    counts[name[-3:]] += 1
print(f"made there: {counts['png']} PNG and {counts['jpg']} JPEG files have Pillow's samples")
