"""What is played for docs/realism.md: simulation folders, and OASIS's profiles made into some."""

import contextlib
import csv
import json
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

OASIS_REDDIT = "reddit_user_data_36.json"
OASIS_TWITTER = "twitter_False_Business_0.csv"
STANCES = ("supportive", "opposing", "neutral", "observer")
SENTIMENTS = (-0.4, -0.2, 0.0, 0.2, 0.4)


class Input(NamedTuple):
    """A simulation folder, under the name that the page calls it by."""

    name: str
    folder: Path


@contextlib.contextmanager
def inputs(folders):
    """All simulations in `folders`, in order; those that had to be made last no longer."""
    with tempfile.TemporaryDirectory(prefix="shoal-realism-") as temporary:
        found = []
        for folder in folders:
            if (folder / OASIS_REDDIT).exists() or (folder / OASIS_TWITTER).exists():
                found += oasis(folder, Path(temporary))
            else:
                found.append(Input(folder.resolve().name, folder))
        yield found


def read_config(folder):
    """The configuration of a folder that `realism` has found nothing wrong with."""
    config = json.loads((folder / "simulation_config.json").read_text(encoding="utf-8"))
    for section in ("time_config", "event_config"):
        config[section] = config.get(section) or {}
    return config


def read_themes(folder):
    """All that the folder names as something to talk about, the longest first."""
    found = set(read_config(folder)["event_config"].get("hot_topics", []))
    if (folder / "reddit_profiles.json").exists():
        text = (folder / "reddit_profiles.json").read_text(encoding="utf-8")
        for profile in json.loads(text):
            found.update(profile.get("interested_topics") or [])
            found.add(profile.get("profession") or "")
    return sorted(found - {""}, key=lambda theme: (-len(theme), theme))


def oasis(folder, temporary):
    """OASIS's bare profiles, each file as a simulation about something that fits it."""
    made = []
    if (folder / OASIS_REDDIT).exists():
        profiles = json.loads((folder / OASIS_REDDIT).read_text(encoding="utf-8"))
        names = [profile.get("realname") or profile["username"] for profile in profiles]
        target = make(temporary, "oasis-reddit", names, WORKING_WEEK)
        shutil.copy(folder / OASIS_REDDIT, target / "reddit_profiles.json")
        made.append(Input(target.name, target))
    if (folder / OASIS_TWITTER).exists():
        with open(folder / OASIS_TWITTER, encoding="utf-8", newline="") as file:
            names = [profile["name"] for profile in csv.DictReader(file)]
        target = make(temporary, "oasis-twitter", names, RUMOUR)
        shutil.copy(folder / OASIS_TWITTER, target / "twitter_profiles.csv")
        made.append(Input(target.name, target))
    return made


def make(temporary, name, names, question):
    """A folder with a configuration for agents of these names; the profiles are still missing."""
    target = temporary / name
    target.mkdir()
    config = {
        "simulation_id": name,
        "simulation_requirement": question["about"],
        "time_config": {
            "total_simulation_hours": 48,
            "minutes_per_round": 60,
            "agents_per_hour_min": len(names) // 5,
            "agents_per_hour_max": len(names) // 2,
            "start_hour": 8,
        },
        "agent_configs": [agent(number, name) for number, name in enumerate(names)],
        "event_config": {
            "initial_posts": [
                {"poster_agent_id": poster, "content": content}
                for poster, content in question["seed_posts"]
            ],
            "hot_topics": question["hot_topics"],
            "narrative_direction": question["narrative"],
        },
    }
    text = json.dumps(config, ensure_ascii=False)
    (target / "simulation_config.json").write_text(text, encoding="utf-8")
    return target


def agent(number, name):
    """Profiles say nothing of these, so stance and mood are dealt in turn."""
    return {
        "agent_id": number,
        "entity_name": name,
        "entity_type": "Person",
        "activity_level": 0.5,
        "active_hours": list(range(7, 24)),
        "posts_per_hour": 0.3,
        "comments_per_hour": 0.8,
        "response_delay_min": 0,
        "response_delay_max": 120,
        "sentiment_bias": SENTIMENTS[number % len(SENTIMENTS)],
        "stance": STANCES[number % len(STANCES)],
    }


# The 36 work in all kinds of trades, and nearly all care about business, economics, society.
WORKING_WEEK = {
    "about": "Who can have a four-day week, and who pays for the fifth day?",
    "seed_posts": [
        (
            20,
            "Six months of the four-day week at our firm, at the same pay: output per head up by "
            "3 per cent, sick days down by a third. I was the one who voted against it. Ask me "
            "anything.",
        ),
        (
            5,
            "Nobody delivers in four days what takes a lorry five. For depots, wards and farms "
            "the four-day week means overtime, or fewer people served. Who pays for the fifth day?",
        ),
        (
            30,
            "Is there one pilot study of the four-day week that lasted longer than a year, in a "
            "workplace with shifts? Links are welcome, opinions less so.",
        ),
    ],
    "hot_topics": ["four-day week", "pilot study", "overtime", "fifth day", "sick days"],
    "narrative": "From whether people get as much done in four days, the question moves to who "
    "can have the fifth day off at all: offices can, hospitals, farms and depots cannot.",
}

# The one previous post in the file that others can have read: the rumour that it is about.
RUMOUR = {
    "about": "Will Amazon open its first physical store in New York, as one report has it?",
    "seed_posts": [
        (
            46,
            "One report, one unnamed source, one street in Manhattan. Before anybody rewrites a "
            "retail strategy around the Amazon store: has anyone seen a lease?",
        ),
        (
            61,
            "So the company that emptied the high street now rents a window on it. If the "
            "physical store in New York is real, it is a billboard with a till.",
        ),
        (
            40,
            "Of course there will be an Amazon store: pickup before the holidays, returns across "
            "a counter. I would queue for it, source or no source.",
        ),
    ],
    "hot_topics": ["Amazon store", "physical store", "New York", "lease", "unnamed source"],
    "narrative": "Excitement about the store gives way to the question where the report comes "
    "from; those in retail argue whether a shop would pay, and some ask for the lease.",
}
