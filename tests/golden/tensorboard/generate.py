"""Golden of src/core/run_files/tensorboard.rs: an event file as TensorBoard's own code writes it.

    python tests/golden/tensorboard/generate.py        (tensorboard 2.21; rewrites events)

A first event with the version of the format, then three rows of scalars. Wall times are fixed; step 0, a value that
no float holds exactly, infinity and a tag beyond ASCII are the cases in which an encoding may differ.
"""

from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

ROWS = [
    (0, [("augmentor/rep", 7.25), ("augmentor/d_loss", 0.1)]),
    (300, [("classifier/loss", float("inf"))]),
    (30_000_000_000, [("classifier/größe", -1e-30)]),
]

events = [Event(wall_time=1_700_000_000.0, file_version="brain.Event:2")]
for i, (step, row) in enumerate(ROWS):
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in row]
    events.append(Event(wall_time=1_700_000_000.5 + i, step=step, summary=Summary(value=values)))
with Path(__file__).with_name("events").open("wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString())
    writer.flush()
