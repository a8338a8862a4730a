"""Reads every action of a run as any outside service would, with nats-py and nothing of ours.

Usage: read_actions.py NATS_URL RUN FOLDER. Follows `sim.actions.RUN.>` from the beginning
until every platform has ended, fails on a gap, writes the messages of each platform to
FOLDER/<platform>.jsonl and prints the ids of all actions, one a line.
"""

import asyncio
import json
import pathlib
import sys

import nats


async def main(url, run, folder):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    subscription = await stream.subscribe(f"sim.actions.{run}.>", ordered_consumer=True)
    files, next_seq, ended, expected = {}, {}, set(), None
    while expected is None or ended != expected:
        message = await subscription.next_msg(timeout=90)
        frame = json.loads(message.data)
        platform = frame["platform"]
        if platform not in files:
            files[platform] = open(pathlib.Path(folder, f"{platform}.jsonl"), "wb")
        files[platform].write(message.data + b"\n")
        if "options" in frame:
            expected = set(frame["options"]["platforms"])
        for action in frame["actions"]:
            due = next_seq.get(platform, 1)
            if action["seq"] != due:
                sys.exit(f"{platform}: seq {action['seq']} where {due} was due")
            next_seq[platform] = due + 1
            remembered = action["success"] and action["action_type"] not in ("DO_NOTHING", "REFRESH")
            print(f"{run}.{platform}.{action['seq']}", "memorable" if remembered else "-")
        if any(marker["type"] == "simulation_end" for marker in frame["markers"]):
            ended.add(platform)
    for file in files.values():
        file.close()
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
