"""Prints every action of a run, once and in order, as JSON lines, until all of its worlds are over.

    read_actions.py RUN [STATE]

With STATE, a file, it goes on where an earlier call has ended, or was killed.
"""

import asyncio
import json
import os
import sys
import uuid

from connection import connect
from nats.js import api


async def main(run, state=None):
    place = load(state)
    connection = await connect()
    stream = connection.jetstream()
    # A consumer of our own, which the server forgets when nobody asks it for half a minute.
    name = f"reader_{uuid.uuid4().hex}"
    consumer = api.ConsumerConfig(
        name=name,
        filter_subject=f"sim.actions.{run}.>",
        ack_policy=api.AckPolicy.NONE,
        inactive_threshold=30.0,
    )
    await stream.add_consumer("SIM_ACTIONS", consumer)
    messages = await stream.pull_subscribe_bind(consumer=name, stream="SIM_ACTIONS")
    while not is_over(place):
        try:
            batch = await messages.fetch(64, timeout=5)
        except asyncio.TimeoutError:
            # Nothing new; the run goes on, or is paused.
            continue
        for message in batch:
            take(json.loads(message.data), place)
        save(state, place)
    await connection.close()


def take(frame, place):
    """Prints what is new in a frame, or a part of one."""
    world = f"{frame['run_id']}.{frame['platform']}"
    last = place["last"].get(world, 0)
    for action in frame["actions"]:
        if action["seq"] <= last:
            continue
        if action["seq"] != last + 1:
            sys.exit(f"{world}: action {action['seq']} came after {last}")
        last = action["seq"]
        row = {"id": f"{world}.{last}", "round": frame["round"], **action}
        print(json.dumps(row, ensure_ascii=False), flush=True)
    place["last"][world] = last
    if "options" in frame:
        place["platforms"] = frame["options"]["platforms"]
    if any(marker["type"] == "simulation_end" for marker in frame["markers"]):
        place["over"] = sorted({*place["over"], frame["platform"]})


def is_over(place):
    return place["platforms"] is not None and set(place["over"]) >= set(place["platforms"])


def load(state):
    if state and os.path.exists(state):
        with open(state, encoding="utf-8") as file:
            return json.load(file)
    return {"last": {}, "platforms": None, "over": []}


def save(state, place):
    """What is printed is known before the place is; after a crash the last frames are told again."""
    if not state:
        return
    with open(f"{state}.new", "w", encoding="utf-8") as file:
        json.dump(place, file)
    os.replace(f"{state}.new", state)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    asyncio.run(main(*sys.argv[1:]))
