"""What agents said and did, as Markdown: chosen by rules, never by hand."""

import re
from collections import Counter

import realism_figures as figures

LINE = 70
TEXT = 400
STRETCH = 14
THREAD = 12
DIARY = 10
SAMPLES = 3

# What somebody does, in words; an action lacks what is not known after a failure.
DEEDS = {
    "CREATE_POST": "writes: {content}",
    "REPOST": "shares {original_author_name}: “{original_content}”",
    "QUOTE_POST": "quotes {original_author_name} (“{original_content}”): {quote_content}",
    "LIKE_POST": "likes {post_author_name}: “{post_content}”",
    "UNLIKE_POST": "takes back a like of {post_author_name}: “{post_content}”",
    "DISLIKE_POST": "dislikes {post_author_name}: “{post_content}”",
    "UNDO_DISLIKE_POST": "takes back a dislike of {post_author_name}: “{post_content}”",
    "REPORT_POST": "reports {post_author_name} ({report_reason}): “{post_content}”",
    "CREATE_COMMENT": "comments on {post_author_name} (“{post_content}”): {content}",
    "LIKE_COMMENT": "likes the comment of {comment_author_name}: “{comment_content}”",
    "UNLIKE_COMMENT": "takes back a like of the comment of {comment_author_name}: "
    "“{comment_content}”",
    "DISLIKE_COMMENT": "dislikes the comment of {comment_author_name}: “{comment_content}”",
    "UNDO_DISLIKE_COMMENT": "takes back a dislike of the comment of {comment_author_name}: "
    "“{comment_content}”",
    "FOLLOW": "follows {target_user_name}",
    "UNFOLLOW": "no longer follows {target_user_name}",
    "MUTE": "mutes {target_user_name}",
    "UNMUTE": "no longer mutes {target_user_name}",
    "SEARCH_POSTS": "searches for posts with “{query}”",
    "SEARCH_USER": "searches for users with “{query}”",
    "TREND": "looks at the trends",
    "REFRESH": "looks at the feed again",
    "DO_NOTHING": "does nothing",
}
ANSWER = "answers {parent_author_name} under {post_author_name} (“{post_content}”): {content}"
# Somebody's own words are shown in full, those of others in brief.
OWN = ("content", "quote_content", "report_reason", "query")


class Known(dict):
    """Arguments of an action, with a mark where one is missing."""

    def __missing__(self, key):
        return "?"


def plain(text, most=TEXT):
    """A text in one line, cut, and with nothing in it that Markdown takes for its own."""
    text = " ".join(text.split())
    if len(text) > most:
        text = text[: most - 1].rstrip() + "…"
    text = re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", text)
    return re.sub(r"^([#+-]|\d+[.)])", r"\\\1", text)


def deed(row):
    """An action in words, without who did it."""
    args = row["action_args"]
    form = DEEDS[row["action_type"]]
    if args.get("parent_comment_id"):
        form = ANSWER
    said = form.format_map(Known({
        key: plain(value, TEXT if key in OWN else LINE)
        for key, value in args.items() if isinstance(value, str)
    }))
    return said if row["success"] else f"fails ({row['result']}): {said}"


def signed(said, world):
    """Who said it, and on which side that agent is."""
    if said.agent is None:
        return f"**{plain(said.author)}** (before the first round)"
    agent = world.agents[said.agent]
    return f"**{plain(agent.name)}** ({agent.kind}, {agent.stance}), {clock(said)}"


def clock(said):
    """When it was said."""
    return f"round {said.round}, {said.time[11:16]}"


def standing(said):
    """What others made of it, if anything."""
    counts = (
        (said.likes, "like"), (said.dislikes, "dislike"), (len(said.comments), "comment"),
        (said.shares, "share"), (said.reports, "report"),
    )
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n)


def excerpts(world):
    """All excerpts of a world, as lines of Markdown."""
    parts = (stretch, thread, voices, diary, quote, dislikes, searches, interviews)
    return [line for part in parts for line in part(world)]


def discussed(world):
    """The post under which most was said."""
    return max(
        world.posts.values(),
        key=lambda post: (len(post.comments), post.reactions, -post.number),
        default=None,
    )


def stretch(world):
    """The round in which most was said about the most discussed post."""
    post = discussed(world)
    if post is None or not post.comments:
        return []
    rounds = Counter(comment.round for comment in post.comments)
    busiest = min(rounds, key=lambda number: (-rounds[number], number))
    rows = [row for row in world.actions if row["round"] == busiest]
    lines = ["", "**Around the most discussed post.** It is this one:", ""]
    lines += [f"> {plain(post.text)}", ">", f"> {signed(post, world)}; {standing(post)}", ""]
    time = rows[0]["simulated_time"][11:16]
    lines += [f"Most was said under it in round {busiest}, at {time}. All that happened then:", ""]
    shown, last = 0, None
    for row in rows:
        if shown >= STRETCH and row["agent_name"] != last:
            break
        if row["agent_name"] != last:
            lines.append(f"- **{plain(row['agent_name'])}**")
            last = row["agent_name"]
        lines.append(f"  - {deed(row)}")
        shown += 1
    if shown < len(rows):
        lines.append(f"- and {len(rows) - shown} actions more")
    return lines


def thread(world):
    """The post with most answers to comments, or at least most comments."""
    def depth(post):
        return sum(1 for comment in post.comments if comment.parent)

    post = max(
        world.posts.values(),
        key=lambda post: (depth(post), len(post.comments), -post.number),
        default=None,
    )
    if post is None or not post.comments:
        return []
    title = "A thread with answers" if depth(post) else "A thread; nobody answers a comment"
    lines = ["", f"**{title}.** Under:", "", f"> {plain(post.text)}", ">"]
    lines += [f"> {signed(post, world)}; {standing(post)}", ""]
    tree = list(branches(post.comments, None, 0))
    for level, comment in tree[:THREAD]:
        liked = f" ({standing(comment)})" if standing(comment) else ""
        lines.append(f"{'  ' * level}- {signed(comment, world)}: {plain(comment.text)}{liked}")
    if len(tree) > THREAD:
        lines.append(f"- and {len(tree) - THREAD} comments more")
    return lines


def branches(comments, parent, level):
    """Comments below the comments that they answer, in the order of writing."""
    for comment in comments:
        if comment.parent == parent:
            yield level, comment
            yield from branches(comments, comment.number, level + 1)


def voices(world):
    """A few posts of each voice, of different agents, spread over the run."""
    lines = ["", "**Voices.**"]
    own = [said for said in world.own_texts if said.post is None]
    for voice in ("press", "organisation", "person", "Chinese"):
        posts = [post for post in own if voice == voice_of(world, post)]
        if posts:
            lines += ["", f"*{voice[0].upper() + voice[1:]}*", ""]
            lines += [f"- {signed(post, world)}: {plain(post.text)}" for post in spread(posts)]
    return lines


def voice_of(world, said):
    if figures.is_chinese(world, said.text):
        return "Chinese"
    return world.agents[said.agent].voice


def diary(world):
    """What one agent wrote from beginning to end: where repetition shows first."""
    if not world.answers:
        return []
    name = world.answers[0]["agent_name"]
    own = [said for said in world.own_texts if said.author == name]
    count = min(DIARY, len(own))
    shown = [own[len(own) * place // count] for place in range(count)]
    lines = ["", f"**One agent's words**: {plain(name)} ({count} of {len(own)} texts).", ""]
    for said in shown:
        kind = "comments" if said.post else "posts"
        lines.append(f"- {clock(said)}, {kind}: {plain(said.text)}")
    return lines


def spread(posts):
    """Some of the posts from all over the run, each of another author where there are enough."""
    chosen = []
    for place in range(SAMPLES):
        start = len(posts) * (2 * place + 1) // (2 * SAMPLES)
        authors = {post.author for post in chosen}
        rest = posts[start:] + posts[:start]
        found = next((post for post in rest if post.author not in authors), None)
        if found:
            chosen.append(found)
    return sorted(chosen, key=lambda post: post.number)


def quote(world):
    """The quote that others made most of."""
    quotes = [post for post in world.posts.values() if post.quotes]
    if not quotes:
        return []
    best = max(quotes, key=lambda post: (post.reactions, -post.number))
    original = world.posts[best.quotes]
    after = f"; {standing(best)}" if standing(best) else ""
    return [
        "", f"**A quote** ({len(quotes)} in all).", "",
        f"> {plain(best.text)}", ">", f"> {signed(best, world)}{after}", "",
        f"It quotes {signed(original, world)}: {plain(original.text)}",
    ]


def dislikes(world):
    """A dislike and a report beside what they are about."""
    lines = []
    for title, kinds in (
        ("A dislike and its cause", ("DISLIKE_POST", "DISLIKE_COMMENT")),
        ("A report and its cause", ("REPORT_POST",)),
    ):
        rows = [row for row in world.actions if row["action_type"] in kinds and row["success"]]
        if rows:
            # Rather one whose author says why.
            row = next((row for row in rows if said_why(world, row)), rows[len(rows) // 2])
            lines += ["", f"**{title}** ({len(rows)} in all).", "", *cause(world, row)]
    return lines


def cause(world, row):
    said = target(world, row)
    actor = world.agents[row["agent_id"]]
    lines = [f"> {plain(said.text)}", ">", f"> {signed(said, world)}", ""]
    reason = row["action_args"].get("report_reason")
    verb = f"reports it: “{plain(reason)}”" if reason else "dislikes it"
    lines.append(
        f"{plain(actor.name)} ({actor.kind}, {actor.stance}) {verb}, round {row['round']}, "
        f"{row['simulated_time'][11:16]}."
    )
    why = said_why(world, row)
    if why:
        lines += ["", f"And says: {plain(why[0].text)}"]
    return lines


def target(world, row):
    args = row["action_args"]
    known = world.comments if "comment_id" in args else world.posts
    return known[args.get("comment_id") or args["post_id"]]


def said_why(world, row):
    """What the actor wrote about it in the same round."""
    number, post = row["action_args"].get("comment_id"), row["action_args"].get("post_id")
    return [
        comment for comment in world.comments.values()
        if comment.agent == row["agent_id"] and comment.round == row["round"]
        and (comment.parent == number if number else comment.post == post)
    ]


def searches(world):
    """What is searched for most."""
    rows = [row for row in world.actions if row["action_type"] in ("SEARCH_POSTS", "SEARCH_USER")]
    if not rows:
        return []
    queries = Counter(row["action_args"]["query"] for row in rows)
    ordered = sorted(queries.items(), key=lambda item: (-item[1], item[0]))[:8]
    told = ", ".join(f"“{plain(query)}” ({times})" for query, times in ordered)
    return ["", f"**Searches** ({len(rows)} in all): {told}."]


def interviews(world):
    """What agents answered after the last round."""
    lines = ["", "**Asked after the last round.**"]
    for row in world.answers:
        agent = world.agents[row["agent_id"]]
        lines += [
            "", f"{plain(agent.name)} ({agent.kind}, {agent.stance}): *{plain(row['question'])}*",
            "", f"> {plain(row['answer'], 1000)}",
        ]
    return lines
