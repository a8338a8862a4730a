"""One world after its last round, put together again from the lines of the program `realism`."""

import dataclasses
import json
import subprocess
from typing import NamedTuple, Optional

import realism_inputs

# Parts of entity types, in the order in which they decide.
VOICES = (
    ("person", ("person", "student", "professor", "official", "employee", "journalist", "expert")),
    ("press", ("media", "news", "press", "radio")),
    ("organisation", ("organi", "compan", "government", "agency", "ngo", "university", "union")),
)
# What the counters of a post and of a comment live on.
COUNTED = {
    "LIKE_POST": ("likes", 1),
    "UNLIKE_POST": ("likes", -1),
    "DISLIKE_POST": ("dislikes", 1),
    "UNDO_DISLIKE_POST": ("dislikes", -1),
    "REPORT_POST": ("reports", 1),
    "LIKE_COMMENT": ("likes", 1),
    "UNLIKE_COMMENT": ("likes", -1),
    "DISLIKE_COMMENT": ("dislikes", 1),
    "UNDO_DISLIKE_COMMENT": ("dislikes", -1),
}


class Failed(Exception):
    """An input that could not be played, in words."""


class Agent(NamedTuple):
    """Who somebody is, as the configuration has it."""

    number: int
    name: str
    kind: str
    stance: str

    @property
    def voice(self):
        """As the policy tells them apart: person, press, organisation."""
        kind = self.kind.lower()
        for voice, parts in VOICES:
            if any(part in kind for part in parts):
                return voice
        return "person"


@dataclasses.dataclass
class Said:
    """A post, a quote or a comment, with what others made of it by the end."""

    number: int
    author: str
    text: str
    # None: from before the first round.
    round: Optional[int] = None
    time: str = ""
    agent: Optional[int] = None
    planned: bool = False
    quotes: Optional[int] = None
    post: Optional[int] = None
    parent: Optional[int] = None
    likes: int = 0
    dislikes: int = 0
    shares: int = 0
    reports: int = 0
    comments: list = dataclasses.field(default_factory=list)

    @property
    def reactions(self):
        return self.likes + self.dislikes + self.shares + len(self.comments)


class World:
    """All that happened on one platform."""

    def __init__(self, source, platform, rows):
        config = realism_inputs.read_config(source.folder)
        self.name = source.name
        self.platform = platform
        self.minutes = config["time_config"].get("minutes_per_round", 60)
        self.agents = sorted(
            Agent(
                one["agent_id"], one["entity_name"], one.get("entity_type", "Unknown"),
                one.get("stance", "neutral"),
            )
            for one in config["agent_configs"]
        )
        self.themes = realism_inputs.read_themes(source.folder)
        self.actions = [row for row in rows if "action_type" in row]
        self.answers = [row for row in rows if "question" in row]
        self.rounds = self.answers[0]["round"]
        self.posts, self.comments = {}, {}
        events = config["event_config"]
        plans = (events.get("initial_posts") or []) + (events.get("scheduled_events") or [])
        self.plans = {(plan["poster_agent_id"], plan["content"]) for plan in plans}
        for row in self.actions:
            if row["success"]:
                self.add(row, row["action_type"], row["action_args"])

    @property
    def texts(self):
        """What agents wrote, in the order of writing."""
        written = [post for post in self.posts.values() if post.round is not None]
        written += self.comments.values()
        return sorted(written, key=lambda said: (said.round, said.post is not None, said.number))

    @property
    def own_texts(self):
        """Without those that the configuration put into their mouths."""
        return [said for said in self.texts if not said.planned]

    def add(self, row, kind, args):
        """Takes in an action that had its effect."""
        when = {"agent": row["agent_id"], "round": row["round"], "time": row["simulated_time"]}
        if kind == "CREATE_POST":
            number, text = args["post_id"], args["content"]
            planned = (row["agent_id"], text) in self.plans
            self.posts[number] = Said(number, row["agent_name"], text, planned=planned, **when)
        elif kind in ("REPOST", "QUOTE_POST"):
            original = args["reposted_id" if kind == "REPOST" else "quoted_id"]
            self.post(original, args["original_author_name"], args["original_content"]).shares += 1
            if kind == "QUOTE_POST":
                number, text = args["new_post_id"], args["quote_content"]
                self.posts[number] = Said(
                    number, row["agent_name"], text, quotes=original, **when
                )
        elif kind == "CREATE_COMMENT":
            comment = Said(
                args["comment_id"], row["agent_name"], args["content"],
                post=args["post_id"], parent=args.get("parent_comment_id"), **when,
            )
            self.comments[comment.number] = comment
            post = self.post(args["post_id"], args["post_author_name"], args["post_content"])
            post.comments.append(comment)
        elif kind in COUNTED:
            counter, by = COUNTED[kind]
            if kind.endswith("COMMENT"):
                said = self.comments[args["comment_id"]]
            else:
                said = self.post(args["post_id"], args["post_author_name"], args["post_content"])
            setattr(said, counter, getattr(said, counter) + by)

    def post(self, number, author, text):
        """The post of this number; those from before the first round are met by reactions."""
        if number not in self.posts:
            self.posts[number] = Said(number, author, text)
        return self.posts[number]


def play(program, source, seed):
    """Plays an input, asks some of its agents; gives its worlds."""
    # Says all that is wrong with the folder before anything is read from it here.
    run(program, source, "--rounds", "1")
    asked = [part for question in questions(source) for part in ("--ask", *question)]
    rows = run(program, source, "--seed", str(seed), *asked)
    worlds = []
    for platform in ("twitter", "reddit"):
        own = [row for row in rows if row["platform"] == platform]
        if own:
            worlds.append(World(source, platform, own))
    for world in worlds:
        if not world.own_texts:
            raise Failed(f"{source.name}: nobody wrote anything on {world.platform}")
    return worlds


def run(program, source, *options):
    """What the program prints, line by line."""
    command = [str(program), str(source.folder), *options]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError as problem:
        raise Failed(f"{program} is not there; `make realism` builds it") from problem
    if done.returncode != 0:
        reason = done.stderr.strip() or f"{program} ended with {done.returncode}"
        raise Failed(f"{source.name} was not played\n{reason}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def questions(source):
    """Whom to ask what: the liveliest agent what the sample wants to know, the next one what it
    did. None of the questions asks who somebody is: profiles of real users are not ours to print.
    """
    config = realism_inputs.read_config(source.folder)
    lively = sorted(
        (-agent.get("activity_level", 0.5), agent["agent_id"]) for agent in config["agent_configs"]
    )
    first = lively[0][1]
    topics = config["event_config"].get("hot_topics") or ["All of this"]
    question = f"{topics[0]}: what do you think, and what would change your mind?"
    demo = source.folder / "demo.json"
    if demo.exists():
        wanted = json.loads(demo.read_text(encoding="utf-8"))
        first, question = wanted["agent_id"], wanted["question"]
    others = [number for _, number in lively if number != first]
    asked = [(str(first), question)]
    asked += [(str(number), "What did you do in these two days, and why?") for number in others[:1]]
    return asked
