"""What docs/realism.md is made of, from the lines of a world in which everything happens once."""

import json
import tempfile
import unittest
from pathlib import Path

import realism
import realism_excerpts as excerpts
import realism_figures as figures
import realism_inputs
import realism_page
import realism_world

ADA, BEN, CYD = range(3)
NAMES = ("Ada", "Ben", "Port Authority")
KINDS = ("Student", "Person", "GovernmentAgency")
STANCES = ("opposing", "supportive", "neutral")
ABOUT = {"post_id": 1, "post_content": "Who closed the pier?", "post_author_name": "Ada"}
COMMENT = {
    "comment_id": 1, "post_id": 1, "comment_content": "Not me.", "comment_author_name": "Ben",
}
# (round, agent, action, arguments, why it failed)
PLAYED = (
    (0, ADA, "CREATE_POST", {"content": "Who closed the pier?", "post_id": 1}, None),
    (1, BEN, "LIKE_POST", {"like_id": 1, **ABOUT}, None),
    (1, BEN, "LIKE_POST", ABOUT, "like record already exists"),
    (1, BEN, "UNLIKE_POST", {"like_id": 1, **ABOUT}, None),
    (1, BEN, "DISLIKE_POST", {"dislike_id": 1, **ABOUT}, None),
    (1, BEN, "CREATE_COMMENT", {"content": "Not me.", "comment_id": 1, **ABOUT}, None),
    (2, CYD, "REPORT_POST", {"report_reason": "rumour", "report_id": 1, **ABOUT}, None),
    (2, ADA, "CREATE_COMMENT", {
        "content": "Who then?", "comment_id": 2, "parent_comment_id": 1,
        "parent_author_name": "Ben", **ABOUT,
    }, None),
    (2, ADA, "DISLIKE_COMMENT", {"comment_dislike_id": 1, **COMMENT}, None),
    (3, CYD, "QUOTE_POST", {
        "quoted_id": 1, "quote_content": "We did, *for now*.", "new_post_id": 2,
        "original_content": "Who closed the pier?", "original_author_name": "Ada",
    }, None),
    (3, BEN, "REPOST", {
        "reposted_id": 2, "new_post_id": 3, "original_content": "We did, *for now*.",
        "original_author_name": "Port Authority",
    }, None),
    (4, BEN, "CREATE_POST", {"content": "The pier is shut. Just saying.", "post_id": 4}, None),
    (4, ADA, "CREATE_POST", {"content": "码头关了。", "post_id": 5}, None),
    (5, ADA, "SEARCH_POSTS", {"query": "pier", "post_ids": [4, 1]}, None),
    (5, ADA, "FOLLOW", {"followee_id": 2, "follow_id": 1, "target_user_name": NAMES[2]}, None),
    (5, ADA, "DO_NOTHING", {}, None),
)


def line(round_, agent, kind, args, failure):
    return {
        "platform": "reddit", "round": round_, "simulated_time": f"2026-05-08T{round_:02}:00:00Z",
        "agent_id": agent, "agent_name": NAMES[agent], "action_type": kind, "action_args": args,
        "result": failure, "success": failure is None,
    }


def answer():
    return {
        "platform": "reddit", "round": 5, "simulated_time": "2026-05-08T05:00:00Z",
        "agent_id": ADA, "agent_name": "Ada", "question": "Why?", "answer": "Because I asked.",
    }


class Realism(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal test ")
        self.addCleanup(folder.cleanup)
        self.source = realism_inputs.Input("pier", Path(folder.name))
        config = {
            "agent_configs": [
                {"agent_id": number, "entity_name": name, "entity_type": kind, "stance": stance}
                for number, (name, kind, stance) in enumerate(zip(NAMES, KINDS, STANCES))
            ],
            "event_config": {
                "initial_posts": [{"poster_agent_id": ADA, "content": "Who closed the pier?"}],
                "hot_topics": ["pier"],
            },
        }
        path = self.source.folder / "simulation_config.json"
        path.write_text(json.dumps(config), encoding="utf-8")

    def world(self, *more):
        rows = [line(*played) for played in (*PLAYED, *more)]
        return realism_world.World(self.source, "reddit", [*rows, answer()])

    def test_counters_follow_what_was_done_and_undone(self):
        first = self.world().posts[1]
        self.assertEqual((first.likes, first.dislikes, first.shares, first.reports), (0, 1, 1, 1))
        self.assertEqual(excerpts.standing(first), "1 dislike, 2 comments, 1 share, 1 report")

    def test_answers_stand_below_what_they_answer(self):
        world = self.world()
        self.assertEqual(figures.longest_chain(world), 2)
        lines = excerpts.thread(world)
        self.assertIn("- **Ben** (Person, supportive), round 1, 01:00: Not me. (1 dislike)", lines)
        self.assertIn("  - **Ada** (Student, opposing), round 2, 02:00: Who then?", lines)

    def test_every_kind_of_action_has_its_place_on_the_page(self):
        page = realism_page.page([self.source], {"pier": [self.world()]}, "## Notes", 1)
        for part in (
            "| LIKE_POST | 2 | 12 % | 1 |",
            "Why actions failed: like record already exists (1).",
            "**A quote** (1 in all).",
            "> We did, \\*for now\\*.",
            "**A dislike and its cause** (2 in all).",
            "And says: Not me.",
            "Port Authority (GovernmentAgency, neutral) reports it: “rumour”, round 2, 02:00.",
            "**Searches** (1 in all): “pier” (1).",
            "*Organisation*",
            "*Chinese*",
            "> Because I asked.",
        ):
            self.assertIn(part, page)

    def test_moulds_lack_names_topics_and_quotations_but_keep_words_whole(self):
        said = "Ada: “Who closed the pier?”. The piers and the pier! Just saying."
        self.assertEqual(
            figures.sentences(self.world(), said),
            ["NAME: QUOTATION.", "The piers and TOPIC!", "Just saying."],
        )

    def test_an_agent_that_repeats_itself_is_found(self):
        self.assertEqual(realism.repetitions([self.world()]), [])
        again = (5, ADA, "CREATE_COMMENT", {
            "content": "Who then?", "comment_id": 3, **ABOUT,
        }, None)
        self.assertEqual(
            realism.repetitions([self.world(again)]),
            ["Ada wrote twice in pier on reddit: Who then?"],
        )

    def test_notes_quote_only_what_was_said(self):
        notes = "> *pier, Reddit, Ada:* Who then?\n\n> *elsewhere, Reddit, Ada:* Anything.\n"
        worlds = {"pier": [self.world()]}
        self.assertEqual(realism.unsaid(notes, worlds), [])
        self.assertEqual(
            realism.unsaid("> *pier, Reddit, Ben:* Who then?\n", worlds),
            ["docs/realism-notes.md quotes what Ben never said: Who then?"],
        )


if __name__ == "__main__":
    unittest.main()
