"""Asks an agent of a run a question, and prints the one reply to it.

    ask.py RUN AGENT QUESTION

Exits with 1 if the reply is a failure.
"""

import asyncio
import datetime
import json
import os
import sys
import uuid

from connection import connect

PATIENCE = 60


async def main(run, agent, question):
    client = os.environ.get("SHOAL_CLIENT", "interviewer")
    command_id = uuid.uuid4().hex
    now = datetime.datetime.now(datetime.timezone.utc)
    command = {
        "v": 1,
        "command_id": command_id,
        "verb": "interview",
        "args": {"agent_id": int(agent), "prompt": question},
        "issued_at": instant(now),
        # Nobody waits for an answer after that.
        "expires_at": instant(now + datetime.timedelta(seconds=PATIENCE)),
    }
    connection = await connect()
    # First, so that the reply cannot come before somebody listens.
    replies = await connection.subscribe(f"sim.replies.{client}.{run}.{command_id}")
    subject = f"sim.questions.{run}.interview.{client}.{command_id}"
    await connection.jetstream().publish(subject, json.dumps(command).encode())
    reply = json.loads((await replies.next_msg(timeout=PATIENCE)).data)
    print(json.dumps(reply, ensure_ascii=False))
    await connection.close()
    return 0 if reply["outcome"]["status"] == "completed" else 1


def instant(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())
    sys.exit(asyncio.run(main(*sys.argv[1:])))
