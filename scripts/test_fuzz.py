"""What fuzz.py makes of libFuzzer's words, and what the targets begin with."""

import json
import tempfile
import unittest
from pathlib import Path

import fuzz
import fuzz_seeds

PASSED = """INFO: Seed: 1
#2\tINITED cov: 120 ft: 130 corp: 1/1b exec/s: 0 rss: 30Mb
#90\tNEW    cov: 340 ft: 500 corp: 12/3Kb lim: 4096 exec/s: 45 rss: 40Mb L: 5/9 MS: 1 CopyPart-
#1999\tDONE   cov: 345 ft: 520 corp: 14/3Kb lim: 4096 exec/s: 999 rss: 41Mb
stat::number_of_executed_units: 1999
stat::average_exec_per_sec:     999
"""

FAILED = """#2\tINITED cov: 120 ft: 130 corp: 1/1b exec/s: 0 rss: 30Mb
thread '<unnamed>' (7) panicked at crates/contract/src/frame.rs:167:60:
attempt to add with overflow
==7== ERROR: libFuzzer: deadly signal
artifact_prefix='{0}'; Test unit written to {0}/crash-1
"""


class ReadLog(unittest.TestCase):
    def test_a_run_that_found_nothing_has_its_figures(self):
        result = fuzz.read_log("some_parser", PASSED, 0)
        self.assertEqual((result.executions, result.per_second), (1999, 999))
        self.assertEqual((result.coverage_of_seeds, result.coverage), (120, 345))
        self.assertEqual((result.corpus, result.problem, result.artifact), (14, "", None))
        self.assertIn("1,999         999  120 -> 345      14  passed", fuzz.table([result]))

    def test_a_panic_is_shown_with_its_place_and_its_input(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "crash-1").write_bytes(b"\x00{}")
            result = fuzz.read_log("some_parser", FAILED.format(folder), 77)
            report = fuzz.report(result, Path("programs"))
            self.assertIn("frame.rs:167:60: attempt to add with overflow", report)
            self.assertIn("hex:    007b7d\n", report)
            self.assertIn(f"again:  programs/some_parser {folder}/crash-1", report)
        self.assertIn("FAILED", fuzz.table([result]))

    def test_a_program_that_ends_without_a_word_has_failed(self):
        self.assertIn("exit -9", fuzz.read_log("some_parser", "", -9).problem)

    def test_code_without_counters_is_no_success(self):
        log = "#2\tINITED cov: 0 ft: 0 corp: 1/1b\nstat::number_of_executed_units: 5\n"
        self.assertIn("no coverage", fuzz.read_log("some_parser", log, 0).problem)
        self.assertIn("no coverage", fuzz.read_log("some_parser", "", 0).problem)


class RequireCompiler(unittest.TestCase):
    def test_without_a_compiler_it_is_said_what_to_install(self):
        for environment in ({"PATH": "/nowhere"}, {"PATH": "/nowhere", "CXX": "clang++ -O1"}):
            with self.assertRaises(fuzz.CannotRun) as caught:
                fuzz.require_compiler(environment)
            self.assertIn("apt-get install g++", str(caught.exception))


class Seeds(unittest.TestCase):
    def test_every_target_has_seeds_and_every_seed_a_target(self):
        targets = fuzz.all_targets()
        self.assertEqual(targets, sorted(fuzz_seeds.SEEDS))
        fuzz.require_seeds(targets)
        with self.assertRaises(fuzz.CannotRun) as caught:
            fuzz.require_seeds(["another"])
        self.assertIn("SEEDS of scripts/fuzz_seeds.py", str(caught.exception))

    def test_every_target_is_a_program_of_the_crate(self):
        manifest = (fuzz_seeds.PROJECT / "fuzz/Cargo.toml").read_text(encoding="utf-8")
        for target in fuzz.all_targets():
            self.assertIn(f'name = "{target}"\npath = "fuzz_targets/{target}.rs"\n', manifest)

    def test_all_but_the_snapshots_begin_with_files_of_ours(self):
        for target, seeds in fuzz_seeds.SEEDS.items():
            count = len(seeds())
            self.assertEqual(count > 0, target != "world_snapshot", f"{target}: {count} seeds")

    def test_commands_stand_below_the_subject_that_they_come_on(self):
        stop = next(seed for seed in fuzz_seeds.commands() if b'"verb":"stop"' in seed)
        subject, body = stop.split(b"\n")
        command = json.loads(body)
        expected = f"sim.commands.night-market-1.stop.cli.{command['command_id']}"
        self.assertEqual(subject.decode(), expected)

    def test_one_number_at_a_time_is_put_at_its_edge(self):
        value = {"a": [1, "x"], "b": True}
        expected = [{"a": [edge, "x"], "b": True} for edge in (2**32 - 1, 2**64 - 1)]
        self.assertEqual(list(fuzz_seeds.at_edges(value)), expected)

    def test_seeds_and_words_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            seeds = Path(folder) / "seeds/contract_command"
            dictionary = fuzz_seeds.write("contract_command", seeds)
            self.assertEqual(len(list(seeds.iterdir())), len(fuzz_seeds.commands()))
            words = dictionary.read_text(encoding="ascii").splitlines()
        self.assertIn('"\\x22close_env\\x22"', words)
        self.assertIn('"night-market-1"', words)
        self.assertTrue(all(len(word) <= 4 * fuzz_seeds.LONGEST_WORD + 10 for word in words))


if __name__ == "__main__":
    unittest.main()
