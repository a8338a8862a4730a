"""What the demo asks of a sample, and what it misses when something went wrong."""

import json
import tempfile
import unittest
from pathlib import Path

import demo
import demo_checks
from supervisor import StackError, without_password


def world(platform, **differing):
    """One world of a run that is over and well."""
    as_usual = {
        "platform": platform, "ticks": 49, "round": 48, "rounds": 48,
        "succeeded": 30, "memorable": 20,
    }
    return {**as_usual, **differing}


def run(twitter=None, reddit=None, **differing):
    worlds = [world("twitter", **(twitter or {})), world("reddit", **(reddit or {}))]
    return {"status": "completed", "reason": None, "platforms": worlds, **differing}


class Missing(unittest.TestCase):
    def test_nothing_is_missing_from_a_run_that_went_well(self):
        self.assertEqual(demo_checks.missing(run(), 40, "aye"), [])

    def test_all_that_is_missing_is_named_at_once(self):
        failed = run(
            twitter={"ticks": 12, "round": 11},
            reddit={"ticks": 0, "round": 0, "succeeded": 0, "memorable": 0},
            status="failed",
            reason="worker ended",
        )
        self.assertEqual(
            demo_checks.missing(failed, 19, ""),
            [
                "the run is failed (worker ended), not completed",
                "twitter has 12 frames, not 49",
                "reddit has 0 frames, not 49",
                "nobody did anything on reddit",
                "the agent that was asked did not answer",
                "the memory holds 19 episodes, not 20",
            ],
        )

    def test_an_episode_too_many_is_a_fault_too(self):
        self.assertEqual(
            demo_checks.missing(run(), 41, "aye"),
            ["the memory holds 41 episodes, not 40"],
        )


class Middle(unittest.TestCase):
    def test_it_lies_between_the_first_half_and_the_end_of_every_world(self):
        for twitter, reddit, expected in (
            (23, 24, False),
            (24, 24, True),
            (47, 24, True),
            (48, 47, False),
        ):
            status = run({"round": twitter}, {"round": reddit})
            self.assertEqual(demo_checks.is_past_the_middle(status), expected, (twitter, reddit))


class ReadSample(unittest.TestCase):
    def folder(self, config):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name)
        (path / "simulation_config.json").write_text(config, encoding="utf-8")
        return path

    def test_the_bundled_sample_says_itself_whom_to_ask(self):
        sample = demo.read_sample(demo.BUNDLED_SAMPLE)
        self.assertEqual((sample.simulation_id, sample.rounds), ("lantern-pier", 48))
        config = json.loads((sample.folder / "simulation_config.json").read_text(encoding="utf-8"))
        self.assertIn(sample.agent_id, [agent["agent_id"] for agent in config["agent_configs"]])
        own = json.loads((sample.folder / "demo.json").read_text(encoding="utf-8"))
        self.assertEqual(sample.question, own["question"])

    def test_any_other_folder_gets_a_question_about_its_first_topic_for_its_liveliest_agent(self):
        config = {
            "simulation_id": "x",
            "time_config": {"total_simulation_hours": 3, "minutes_per_round": 30},
            "agent_configs": [
                {"agent_id": 0, "activity_level": 0.2},
                {"agent_id": 1, "activity_level": 0.9},
            ],
            "event_config": {"hot_topics": ["the well"]},
        }
        sample = demo.read_sample(self.folder(json.dumps(config)))
        self.assertEqual((sample.rounds, sample.agent_id, sample.memory_search), (6, 1, "the well"))
        self.assertIn("the well", sample.question)

    def test_a_folder_that_cannot_be_read_is_named_with_the_reason(self):
        for config in ("{", "{}", '{"time_config": 3}'):
            folder = self.folder(config)
            with self.assertRaises(StackError) as caught:
                demo.read_sample(folder)
            self.assertTrue(str(caught.exception).startswith(f"cannot read the sample {folder}: "))


class WithoutPassword(unittest.TestCase):
    def test_what_stands_before_the_host_is_not_shown(self):
        for url, shown in (
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://ann:secret@host:4222", "nats://***@host:4222"),
            ("nats://token@a:1,nats://b:c@d:2", "nats://***@a:1,nats://***@d:2"),
        ):
            self.assertEqual(without_password(url), shown)


if __name__ == "__main__":
    unittest.main()
