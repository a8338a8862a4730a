"""docs/realism.md: figures and excerpts of all worlds, and what is to be said about them."""

import statistics

import realism_figures as figures
import realism_inputs
from realism_excerpts import clock, excerpts, plain, standing

BAR = 40
TOP = 5
MOULDS = 8
CUT = 110
PLATFORMS = {"twitter": "Twitter", "reddit": "Reddit"}

INTRO = """\
<!-- Written by `make realism`; edit scripts/realism*.py and docs/realism-notes.md instead. -->
# Realism

What agents of the `builtin` policy do and say when nobody helps them: no model, seed {seed}, all
rounds. Every figure and excerpt was made by `make realism` from the inputs below and is chosen
by rules, never by hand; the same commit writes the same page. How it falls short of people is
said at the end, in [Where a person would not be fooled](#where-a-person-would-not-be-fooled).
"""


def page(inputs, worlds, notes, seed):
    """The whole page. `worlds`: by the name of the input, in order."""
    lines = [INTRO.format(seed=seed), *overview(inputs, worlds)]
    for source in inputs:
        lines += ["", f"## {source.name}", "", about(source)]
        for world in worlds[source.name]:
            lines += section(world)
    played = [world for source in inputs for world in worlds[source.name]]
    lines += ["", "## Beside what one would expect", "", *expectations(played)]
    lines += ["", notes.strip()]
    return "\n".join(lines) + "\n"


def about(source):
    """What the simulation is to find out, as its folder says."""
    config = realism_inputs.read_config(source.folder)
    return plain(config.get("simulation_requirement") or "(The folder does not say.)")


def overview(inputs, worlds):
    rows = []
    for source in inputs:
        for world in worlds[source.name]:
            texts = [said.text for said in world.texts]
            rows.append((
                f"[{source.name}](#{source.name})", PLATFORMS[world.platform],
                len(world.agents), world.rounds, len(world.actions), len(texts),
                len(set(texts)), len(figures.repeated(world)),
            ))
    head = (
        "input", "platform", "agents", "rounds", "actions", "texts", "distinct texts",
        "repeated by one agent",
    )
    return table(head, rows)


def section(world):
    """Figures and excerpts of one world."""
    texts = [said.text for said in world.texts]
    failed = sum(1 for row in world.actions if not row["success"])
    lines = [
        "", f"### {PLATFORMS[world.platform]}: {world.name}", "",
        f"{len(world.agents)} agents, {world.rounds} rounds of {world.minutes} simulated minutes, "
        f"{len(world.actions)} actions, of which {failed} failed. {len(texts)} texts, "
        f"{len(set(texts))} of them distinct, "
        f"{statistics.median(map(len, texts)):.0f} characters long in the median; "
        f"{len(figures.repeated(world))} were written twice by one agent.", "",
    ]
    lines += table(("action", "count", "share", "failed"), figures.distribution(world))
    lines += reasons(world)
    lines += ["", "Actions by the hour of the simulated day, all days together:", ""]
    lines += bars(figures.hours(world))
    lines += ["", "The posts with most reactions:", "", *top_posts(world)]
    lines += ["", "The posts that the folder plans, and what became of them:", "", *planned(world)]
    lines += ["", "The sentences that most agents share:", "", *top_moulds(world)]
    return lines + excerpts(world)


def reasons(world):
    counted = {}
    for row in world.actions:
        if not row["success"]:
            counted[row["result"]] = counted.get(row["result"], 0) + 1
    if not counted:
        return []
    told = ", ".join(f"{reason} ({counted[reason]})" for reason in sorted(counted))
    return ["", f"Why actions failed: {told}."]


def bars(counts):
    most = max(counts)
    lines = [
        f"{hour:02} {('█' * round(BAR * count / (most or 1)) + f' {count}').strip()}"
        for hour, count in enumerate(counts)
    ]
    return ["```text", *lines, "```"]


def top_posts(world):
    posts = sorted(world.posts.values(), key=lambda post: (-post.reactions, post.number))
    rows = [
        (plain(post.author), plain(post.text, CUT), standing(post) or "none")
        for post in posts[:TOP]
    ]
    return table(("author", "post", "reactions"), rows)


def planned(world):
    posts = [post for post in world.posts.values() if post.planned]
    rows = [
        (clock(post), plain(post.author), plain(post.text, CUT), standing(post) or "none")
        for post in posts
    ]
    return table(("when", "author", "post", "reactions"), rows)


def top_moulds(world):
    rows = [
        (plain(mould), times, authors)
        for mould, times, authors in figures.moulds(world)[:MOULDS] if authors > 1
    ]
    return table(("sentence", "times", "agents"), rows)


def expectations(worlds):
    """One table: a row for each measure, a column for each world."""
    lines = [
        "The last column is no measurement: it is what a reader of such platforms would guess, "
        "and platforms differ.", "",
    ]
    rows = {}
    for world in worlds:
        for measure in figures.measures(world):
            row = rows.setdefault(measure.what, {"people": measure.people})
            row[id(world)] = measure.here
    head = [f"{world.name}, {PLATFORMS[world.platform]}" for world in worlds]
    return lines + table(
        ("measure", *head, "among people"),
        [
            (what, *(row.get(id(world), "-") for world in worlds), row["people"])
            for what, row in rows.items()
        ],
    )


def table(head, rows):
    """A table; texts are escaped by whoever brings them."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
