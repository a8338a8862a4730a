"""What can be counted of a world, and what one would expect to count among people."""

import re
import statistics
from collections import Counter, defaultdict
from typing import NamedTuple

HAN = re.compile("[\u3400-\u9fff]")
QUOTATION = re.compile("“[^”]*”")
SENTENCE_END = re.compile("(?<=[.!?])\\s+|(?<=[。！？])")
# What people put into posts and plain sentences lack.
ORNAMENT = re.compile("https?://|(?:^|\\s)#\\w|[\U0001f300-\U0001faff\u2600-\u27bf]")
WORD = re.compile("[A-Za-z][A-Za-z'’]*")
SHORT = 40
WORDS = 2000
NIGHT = range(0, 6)


class Measure(NamedTuple):
    """One figure of a world, beside what one would expect among people."""

    what: str
    here: str
    people: str


def share(part, whole):
    """As a percentage, or a dash where there is nothing to share."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def repeated(world):
    """The texts that one agent wrote more than once, with that agent: there must be none."""
    counted = Counter((said.author, said.text) for said in world.texts)
    return sorted(key for key, times in counted.items() if times > 1)


def distribution(world):
    """Rows of (action, count, share, failures), the most frequent first."""
    kinds = Counter(row["action_type"] for row in world.actions)
    failed = Counter(row["action_type"] for row in world.actions if not row["success"])
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    whole = len(world.actions)
    return [(kind, count, share(count, whole), failed[kind]) for kind, count in ordered]


def hours(world):
    """Actions by the hour of the simulated day, 0 to 23."""
    counted = Counter(int(row["simulated_time"][11:13]) for row in world.actions)
    return [counted[hour] for hour in range(24)]


def moulds(world):
    """Sentences with their names, topics and quotations taken out: (mould, times, authors), the
    most widespread first."""
    times, authors = Counter(), defaultdict(set)
    for said in world.own_texts:
        for mould in set(sentences(world, said.text)):
            times[mould] += 1
            authors[mould].add(said.author)
    found = [(mould, count, len(authors[mould])) for mould, count in times.items()]
    return sorted(found, key=lambda item: (-item[2], -item[1], item[0]))


def sentences(world, text):
    """The moulds of a text's sentences."""
    # Signs that nobody writes, so that nothing is found within what was put in.
    text = QUOTATION.sub("\x03", text)
    for name in names(world):
        text = replaced(re.escape(name), "\x01", text)
    for theme in world.themes:
        text = replaced(f"(?:the )?{re.escape(theme)}", "\x02", text)
    found = [sentence for sentence in SENTENCE_END.split(text.strip()) if sentence]
    for sign, word in (("\x01", "NAME"), ("\x02", "TOPIC"), ("\x03", "QUOTATION")):
        found = [sentence.replace(sign, word) for sentence in found]
    return found


def replaced(pattern, sign, text):
    """No part of an English word is taken out; Chinese has no spaces to go by."""
    return re.sub(f"(?<![A-Za-z]){pattern}(?![A-Za-z])", sign, text, flags=re.IGNORECASE)


def names(world):
    """All agents' names, the longest first."""
    return sorted((agent.name for agent in world.agents), key=lambda name: (-len(name), name))


def is_chinese(world, text):
    """Whether somebody's own words are Chinese, whatever they quote and whomever they name."""
    text = QUOTATION.sub("", text)
    for name in names(world):
        text = text.replace(name, "")
    return bool(HAN.search(text))


def concentration(values, part):
    """Which share of the sum the largest `part` of the values holds."""
    largest = sorted(values, reverse=True)[: max(1, round(len(values) * part))]
    return share(sum(largest), sum(values))


def measures(world):
    """All figures of a world."""
    return [*of_activity(world), *of_reactions(world), *of_threads(world), *of_texts(world)]


def of_activity(world):
    written = Counter(said.agent for said in world.texts)
    per_agent = [written[agent.number] for agent in world.agents]
    nights = sum(hours(world)[hour] for hour in NIGHT)
    return [
        Measure(
            "agents that wrote nothing",
            share(per_agent.count(0), len(per_agent)),
            "the great majority of the readers of a platform; in a folder that lists only those "
            "with something to say, few",
        ),
        Measure(
            "texts by the busiest tenth of the agents",
            concentration(per_agent, 0.1),
            "often half and more",
        ),
        Measure(
            "actions between midnight and six",
            share(nights, len(world.actions)),
            "a few per cent in one time zone; follows from the configured hours",
        ),
    ]


def of_reactions(world):
    posts = [post for post in world.posts.values() if post.round is not None]
    reactions = [post.reactions for post in posts]
    likes = sum(post.likes for post in world.posts.values())
    dislikes = sum(post.dislikes for post in world.posts.values())
    return [
        Measure(
            "posts without any reaction",
            share(reactions.count(0), len(posts)),
            "more than half, where most have few followers",
        ),
        Measure(
            "reactions that the best tenth of the posts collects",
            concentration(reactions, 0.1),
            "well over half",
        ),
        Measure(
            "likes of posts for each comment",
            f"{likes / len(world.comments):.1f}" if world.comments else "-",
            "several; on Twitter rather ten than two",
        ),
        Measure(
            "dislikes among likes and dislikes of posts",
            share(dislikes, likes + dislikes),
            "on Reddit something like a tenth or a fifth, more in a quarrel; Twitter has none "
            "to be seen",
        ),
        Measure(
            "likes that cross from one side to the other",
            crossing(world),
            "fewer than within a side, yet some: neighbours, jokes, good questions",
        ),
        Measure(
            "reactions to a planned post and to any other (means)",
            f"{mean([post.reactions for post in posts if post.planned])} and "
            f"{mean([post.reactions for post in posts if not post.planned])}",
            "news draws many times what remarks about it draw",
        ),
    ]


def crossing(world):
    """Likes between supporters and opponents, among those between agents that take a side."""
    stances = {agent.name: agent.stance for agent in world.agents}
    sides = ("supportive", "opposing")
    pairs = [
        (stances[row["agent_name"]], stances.get(row["action_args"].get("post_author_name")))
        for row in world.actions if row["action_type"] == "LIKE_POST" and row["success"]
    ]
    sided = [pair for pair in pairs if pair[0] in sides and pair[1] in sides]
    return share(sum(1 for liker, liked in sided if liker != liked), len(sided))


def mean(values):
    return f"{statistics.mean(values):.1f}" if values else "-"


def of_threads(world):
    comments = world.comments.values()
    answered = [post for post in world.posts.values() if post.round is not None and post.comments]
    delays = [
        (min(comment.round for comment in post.comments) - post.round) * world.minutes
        for post in answered
    ]
    own = sum(1 for comment in comments if comment.author == world.posts[comment.post].author)
    return [
        Measure(
            "comments that answer a comment",
            share(sum(1 for comment in comments if comment.parent), len(comments)),
            "on Reddit about half",
        ),
        Measure("longest chain of answers", str(longest_chain(world)), "now and then ten and more"),
        Measure(
            "comments by the post's own author",
            share(own, len(comments)),
            "common: who is asked answers",
        ),
        Measure(
            "minutes until a post's first comment (median)",
            f"{statistics.median(delays):.0f}" if delays else "-",
            f"minutes; here a reaction takes a round of {world.minutes} at least",
        ),
    ]


def longest_chain(world):
    """How many comments follow one from another, at most."""
    depths = {}
    # An answer has a higher number than what it answers.
    for number in sorted(world.comments):
        depths[number] = depths.get(world.comments[number].parent, 0) + 1
    return max(depths.values(), default=0)


def of_texts(world):
    texts = [said.text for said in world.own_texts]
    lengths = sorted(len(text) for text in texts)
    middle = f"{lengths[len(lengths) // 4]} to {lengths[3 * len(lengths) // 4]}" if lengths else "-"
    return [
        Measure(
            f"texts of at most {SHORT} characters",
            share(sum(1 for length in lengths if length <= SHORT), len(texts)),
            "a good part: “this”, “source?”, “so what”",
        ),
        Measure(
            "length of the middle half of the texts, in characters", middle, "a wide spread",
        ),
        Measure(
            "texts with a link, a hashtag or an emoji",
            share(sum(1 for text in texts if ORNAMENT.search(text)), len(texts)),
            "perhaps a third on Twitter, fewer on Reddit",
        ),
        Measure(
            "texts that put others' words into quotation marks",
            share(sum(1 for text in texts if QUOTATION.search(text)), len(texts)),
            "few: the platform shows what is answered",
        ),
        *of_words(world),
        *of_languages(world),
    ]


def of_words(world):
    found = moulds(world)
    used = sum(times for _, times, _ in found)
    shared = sum(times for _, times, authors in found if authors >= 3)
    own = [" ".join(sentences(world, said.text)) for said in world.own_texts]
    words = [word.lower() for text in own for word in WORD.findall(text) if not word.isupper()]
    variety = str(len(set(words[:WORDS]))) if len(words) >= WORDS else "-"
    return [
        Measure(
            "texts with a figure in them, but for names and topics",
            share(sum(1 for text in own if any(sign.isdigit() for sign in text)), len(own)),
            "one in five or so: times, prices, counts",
        ),
        Measure(
            "sentences whose mould three agents or more use",
            share(shared, used),
            "hardly any beyond greetings",
        ),
        Measure(
            f"different words among the first {WORDS} of English",
            variety,
            "some 600 to 800",
        ),
    ]


def of_languages(world):
    comments = world.comments.values()
    chinese = [comment for comment in comments if is_chinese(world, comment.text)]
    if not chinese:
        return []
    across = [
        comment for comment in chinese if not is_chinese(world, world.posts[comment.post].text)
    ]
    return [
        Measure(
            "comments in Chinese under posts in another language",
            share(len(across), len(chinese)),
            "rare: people write in the language of the thread",
        )
    ]
