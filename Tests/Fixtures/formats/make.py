"""Writes the small files of this folder with NumPy, safetensors, Pillow and TensorBoard."""

import gzip
import os
import struct

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.event_file_writer import EventFileWriter

here = os.path.dirname(os.path.abspath(__file__))


def place(name):
    return os.path.join(here, name)


# What every array file holds: the numbers 0, 1, 2, … in its type, as [2, 3].
types = ["float16", "float32", "float64", "int32", "int64", "uint8", "bool"]
counting = {name: np.arange(6).reshape(2, 3).astype(name) for name in types}
for name, array in counting.items():
    np.save(place(f"{name}.npy"), array)
np.save(place("scalar.npy"), np.float32(1.5))
np.save(place("empty.npy"), np.zeros((0, 3), np.float32))
np.save(place("fortran.npy"), np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)))
np.save(place("big.npy"), np.arange(6).reshape(2, 3).astype(">f4"))
np.save(place("structured.npy"), np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save(place("object.npy"), np.array([None, 1], dtype=object))
with open(place("version3.npy"), "wb") as file:
    np.lib.format.write_array(file, counting["float32"], version=(3, 0))
np.savez(place("stored.npz"), **counting)
np.savez_compressed(place("deflated.npz"), zeros=np.zeros((40, 50), np.float32), **counting)
np.savez_compressed(place("zeros.npz"), a=np.zeros(8 << 20, np.uint8))
save_file(counting, place("numpy.safetensors"), metadata={"made": "by safetensors"})

with gzip.GzipFile(place("bytes.idx.gz"), "wb", mtime=0) as file:
    file.write(struct.pack(">BBBBII", 0, 0, 8, 2, 2, 3) + bytes(range(6)))

# Pictures of 5 × 3 whose samples are all different, and what Pillow reads from them.
rows, columns = 3, 5
random = np.random.default_rng(1)


def picture(mode, channels):
    shape = (rows, columns, channels) if channels > 1 else (rows, columns)
    return Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8), mode)


read = {}
for name, mode, channels in [("grey", "L", 1), ("greyAlpha", "LA", 2), ("rgb", "RGB", 3),
                             ("rgba", "RGBA", 4)]:
    image = picture(mode, channels)
    image.save(place(f"{name}.png"))
    read[f"{name}.png"] = np.array(image).reshape(rows, columns, channels)
image = picture("RGB", 3).quantize(7)
image.save(place("palette.png"))
read["palette.png"] = np.array(image.convert("RGB"))
image = picture("L", 1).point(lambda x: 255 if x > 99 else 0).convert("1")
image.save(place("bits.png"))
read["bits.png"] = np.array(image.convert("L")).reshape(rows, columns, 1)
sixteen = random.integers(0, 65536, (rows, columns), dtype=np.uint16)
Image.fromarray(sixteen).save(place("sixteen.png"))
for name, mode, channels in [("grey", "L", 1), ("rgb", "RGB", 3)]:
    path = place(f"{name}.jpg")
    Image.fromarray(
        np.add.outer(np.arange(17) * 9, np.arange(23) * 4)[..., None].repeat(channels, 2)
        .squeeze().astype(np.uint8) * np.array([1, 1, 1][:channels], np.uint8).squeeze(),
        mode).save(path, quality=85)
    read[f"{name}.jpg"] = np.array(Image.open(path)).reshape(17, 23, channels)
picture("RGB", 3).save(place("progressive.jpg"), progressive=True)
read["progressive.jpg"] = np.array(Image.open(place("progressive.jpg")))
np.savez_compressed(place("pictures.npz"), **read)
image = Image.open(place("rgb.jpg"))
np.savez_compressed(place("resized.npz"), **{
    f"{width}x{height}": np.array(image.resize((width, height), Image.Resampling.BILINEAR))
    for width, height in [(8, 6), (23, 9), (30, 40), (1, 1)]})
np.save(place("sixteen.samples.npy"), sixteen.astype(np.int32))

writer = EventFileWriter(here, filename_suffix=".fixture")
event = Event(wall_time=2, step=300)
event.summary.value.add(tag="loss", simple_value=0.5)
writer.add_event(event)
event = Event(wall_time=2, step=1)
event.summary.value.add(tag="rate", simple_value=0.125)
writer.add_event(event)
writer.close()
for name in os.listdir(here):
    if name.endswith(".fixture"):
        os.rename(place(name), place("tensorboard.tfevents"))
