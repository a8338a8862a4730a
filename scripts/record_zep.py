"""Records what Zep's own clients send for the calls that the memory-sink makes.

    python3 scripts/record_zep.py

Each version of `zep-cloud` is installed into a folder of its own that is gone at the end, and
driven against a socket of ours; nothing is sent to Zep. What it sent becomes one file per call in
services/memory-sink/tests/zep/<version>, with which the adapter's tests compare what it sends.
"""

import json
import subprocess
import sys
import tempfile
import threading
import venv
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

VERSIONS = ["3.13.0", "3.30.0", "4.0.1"]
FIXTURES = Path(__file__).resolve().parent.parent / "services/memory-sink/tests/zep"
# The headers that a server may care for; the others name the client.
HEADERS = ["authorization", "accept", "content-type"]

KEY = "z_not-a-key"
GRAPH_ID = "mirofish_0123456789abcdef"
CHINESE_GRAPH_ID = "市场/一 2"
GRAPH_UUID = "6f1c8d1e-0d7b-4d58-9a3c-2f1b7a5e9c01"
DESCRIPTION = "What the agents of a simulation did"
CURSOR = "eyJhZnRlciI6MTAwfQ"
CREATE_KEY = "5f3a1c9e-shoal-create"

ENGLISH = {
    "text": 'Mara: published a post: "The pier is open again."\nTomas: followed the user "Mara"',
    "graph_id": GRAPH_ID,
    "batch": "market-1.twitter.1-2",
    "metadata": {
        "agents": [1, 2],
        "batch": "market-1.twitter.1-2",
        "first_round": 0,
        "first_seq": 1,
        "last_round": 0,
        "last_seq": 2,
        "platform": "twitter",
        "run_id": "market-1",
        "simulated_time": "2026-01-01T00:00:00.000Z",
    },
}
CHINESE = {
    "text": "张三: 发布了一条帖子：「码头重新开放了。」\n李四: 关注了用户「张三」",
    "graph_id": CHINESE_GRAPH_ID,
    "batch": "market-1.twitter.1-2",
    "metadata": ENGLISH["metadata"],
}
SAMPLES = {"english": ENGLISH, "chinese": CHINESE}
SOURCE = "Shoal batch market-1.twitter.1-2, rounds 0 to 0"
AT = "2026-01-01T00:00:00.000Z"


def main():
    for version in VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = Path(folder) / "bin" / "python"
            install = [python, "-m", "pip", "install", "--quiet", f"zep-cloud=={version}"]
            subprocess.run(install, check=True)
            subprocess.run([python, __file__, version], check=True)


class Recorder(BaseHTTPRequestHandler):
    """Notes each request, and answers with what makes the client content."""

    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name: self.headers[name] for name in HEADERS if self.headers[name]}
        Recorder.seen.append({
            "method": self.command,
            "target": self.path,
            "headers": headers,
            "has_idempotency_key": self.headers["idempotency-key"] is not None,
            "body": body,
        })
        answer = json.dumps(self.answer()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def answer(self):
        if self.command == "POST" and "/episodes/graph/" in self.path:
            return []
        episode = {"uuid": GRAPH_UUID, "content": "x", "created_at": AT}
        return {**episode, "episode": episode, "episodes": [], "items": []}

    def log_message(self, *_):
        """Says nothing."""


def record(version):
    from zep_cloud.client import Zep

    server = HTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    dialect = "v4" if version.startswith("4.") else "v2"
    client = Zep(api_key=KEY, base_url=f"http://127.0.0.1:{server.server_port}/api/{dialect}")
    folder = FIXTURES / version
    folder.mkdir(parents=True, exist_ok=True)
    calls = calls_of_v4(client) if dialect == "v4" else calls_of_v2(client, version)
    for name, call in calls.items():
        Recorder.seen.clear()
        call()
        (request,) = Recorder.seen
        fixture = {"client": f"zep-cloud {version}", **request}
        text = json.dumps(fixture, indent=1, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    server.shutdown()


def calls_of_v2(client, version):
    episodes = client.graph.episode
    is_old = version.startswith("3.13.")

    def add(sample):
        metadata = {} if is_old else {"metadata": sample["metadata"]}
        client.graph.add(
            graph_id=sample["graph_id"], type="text", data=sample["text"], created_at=AT,
            source_description=SOURCE, **metadata,
        )

    calls = {
        "create": lambda: client.graph.create(
            graph_id=GRAPH_ID, name=GRAPH_ID, description=DESCRIPTION
        ),
        "get": lambda: client.graph.get(GRAPH_ID),
        "newest": lambda: episodes.get_by_graph_id(GRAPH_ID, lastn=100),
        "newest-thousand": lambda: episodes.get_by_graph_id(GRAPH_ID, lastn=1000),
    }
    calls.update({f"add-{name}": lambda it=it: add(it) for name, it in SAMPLES.items()})
    if not is_old:
        order = {"limit": 100, "order_by": "created_at", "direction": "desc"}
        calls["list"] = lambda: episodes.list_by_graph_id(GRAPH_ID, **order)
        calls["list-on"] = lambda: episodes.list_by_graph_id(GRAPH_ID, cursor=CURSOR, **order)
    return calls


def calls_of_v4(client):
    order = {"page_size": 100, "order_by": "created_at", "order": "desc"}

    def add(sample):
        client.graph.episode.add(
            GRAPH_UUID, data=sample["text"], type="text", reference_time=AT,
            source_description=SOURCE, metadata=sample["metadata"],
            idempotency_key=sample["batch"],
        )

    calls = {
        "lookup": lambda: client.graph.lookup(graph_id=GRAPH_ID),
        "graphs": lambda: client.graph.list(page_size=100, search=GRAPH_ID),
        "graphs-on": lambda: client.graph.list(page_size=100, cursor=CURSOR, search=GRAPH_ID),
        "create": lambda: client.graph.create(
            name=GRAPH_ID, description=DESCRIPTION, idempotency_key=CREATE_KEY
        ),
        "list": lambda: client.graph.episode.list(GRAPH_UUID, **order),
        "list-on": lambda: client.graph.episode.list(GRAPH_UUID, cursor=CURSOR, **order),
    }
    calls.update({f"add-{name}": lambda it=it: add(it) for name, it in SAMPLES.items()})
    return calls


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        record(sys.argv[1])
