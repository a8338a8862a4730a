"""Pauses a run by a command that soon expires, and loses the reply, with nats-py: what a worker
leaves that dies between the journal and the reply.

Usage: lost_reply.py NATS_URL RUN SECONDS
"""

import asyncio
import datetime
import json
import sys

import nats


async def reply_to(stream, subject):
    while True:
        try:
            return json.loads((await stream.get_last_msg("SIM_REPLIES", subject)).data)
        except nats.js.errors.NotFoundError:
            await asyncio.sleep(0.05)


def written(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


async def main(url, run, seconds):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    now = datetime.datetime.now(datetime.timezone.utc)
    expires_at = now + datetime.timedelta(seconds=float(seconds))
    command = {"v": 1, "command_id": "late", "verb": "pause", "args": {}}
    command |= {"issued_at": written(now), "expires_at": written(expires_at)}
    await stream.publish(f"sim.commands.{run}.pause.script.late", json.dumps(command).encode())
    subject = f"sim.replies.script.{run}.late"
    reply = await reply_to(stream, subject)
    await stream.purge_stream("SIM_REPLIES", subject=subject)
    while datetime.datetime.now(datetime.timezone.utc) <= expires_at:
        await asyncio.sleep(0.05)
    print(json.dumps(reply), flush=True)
    # Whoever is asked to, now ends the worker; its successor finds the command without a reply.
    sys.stdin.readline()
    print(json.dumps(await reply_to(stream, subject)))
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
