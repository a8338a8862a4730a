#!/usr/bin/env python3
"""Feeds every parser with what a hostile world might send, guided by coverage.

    fuzz.py [--seconds 60] [--jobs CORES] [TARGET...]

Builds the targets in fuzz/ on the stable toolchain, each parser with counters in its code, and
runs each for so many seconds, as many at a time as there are cores. What is found is kept under
target/fuzz: crashes, logs, and the corpus, from which the next run goes on.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import fuzz_seeds
from fuzz_seeds import PROJECT

# What cargo-fuzz passes as well, less its sanitizer, which is not in the stable toolchain.
INSTRUMENTATION = [
    "--cfg", "fuzzing", "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
]
MEMORY_MB = 1024
SECONDS_PER_INPUT = 10
# Of an input that is shown, in bytes; the file has all of it.
SHOWN = 2048


class CannotRun(Exception):
    """Something is missing or does not build; the text says what to do."""


@dataclass
class Result:
    """How a target went. Coverage is counted in edges of the code."""

    target: str
    executions: int = 0
    per_second: int = 0
    coverage_of_seeds: int = 0
    coverage: int = 0
    corpus: int = 0
    problem: str = ""
    artifact: Path = None


def main():
    arguments = parse_arguments()
    try:
        targets = arguments.targets or all_targets()
        require_seeds(targets)
        require_compiler()
        home = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")).absolute() / "fuzz"
        programs = build(home)
        folders = {target: prepare(target, home) for target in targets}

        def run_one(target):
            return run(target, programs, home, folders[target], arguments.seconds)

        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            results = list(pool.map(run_one, targets))
    except (CannotRun, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(table(results))
    failed = [result for result in results if result.problem]
    for result in failed:
        print(report(result, programs), file=sys.stderr)
    return 1 if failed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=positive, default=60, help="for each target")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), help="at a time")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all, if none is named")
    return parser.parse_args()


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def all_targets():
    return sorted(path.stem for path in (PROJECT / "fuzz/fuzz_targets").glob("*.rs"))


def require_seeds(targets):
    unknown = [target for target in targets if target not in fuzz_seeds.SEEDS]
    if unknown:
        raise CannotRun(
            f"no seeds for {', '.join(unknown)}: there are {', '.join(sorted(fuzz_seeds.SEEDS))};"
            " a new target gets a line in SEEDS of scripts/fuzz_seeds.py"
        )


def require_compiler(environment=os.environ):
    """libFuzzer is C++, and compiled from source."""
    named = environment.get("CXX")
    names = [named.split()[0]] if named else ["c++", "g++", "clang++"]
    if not any(shutil.which(name, path=environment.get("PATH", "")) for name in names):
        raise CannotRun(
            f"no C++ compiler ({', '.join(names)}), which libFuzzer is compiled with: install one"
            " (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; macOS:"
            " xcode-select --install), or set CXX"
        )


def build(home):
    """Builds all targets; gives the folder of the programs."""
    said = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"^host: (.+)$", said, re.MULTILINE).group(1)
    # With --target, what runs while building (build scripts, macros) is not instrumented.
    command = [
        os.environ.get("CARGO", "cargo"), "build", "--release", "--locked",
        "--manifest-path", str(PROJECT / "fuzz/Cargo.toml"),
        "--target", host, "--target-dir", str(home),
    ]
    environment = {**os.environ, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(INSTRUMENTATION)}
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise CannotRun("the targets do not build, see above")
    return home / host / "release"


def prepare(target, home):
    """Writes seeds and dictionary; gives the arguments that name them, corpus first."""
    seeds, corpus = home / "seeds" / target, home / "corpus" / target
    shutil.rmtree(seeds, ignore_errors=True)
    for folder in (corpus, home / "crashes" / target, home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    dictionary = fuzz_seeds.write(target, seeds)
    named = [f"-dict={dictionary}"] if dictionary else []
    return [corpus, seeds, *named]


def run(target, programs, home, folders, seconds):
    """Runs a target, with what it says in a log."""
    log = home / "logs" / f"{target}.log"
    command = [
        programs / target, *folders,
        f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}",
        f"-timeout={SECONDS_PER_INPUT}", f"-max_len={fuzz_seeds.LONGEST_SEED}",
        f"-artifact_prefix={home / 'crashes' / target}/", "-print_final_stats=1",
    ]
    # Where a target can make seeds that are in no file, it writes them here.
    environment = {**os.environ, "SHOAL_FUZZ_SEEDS": str(home / "seeds" / target)}
    with open(log, "wb") as output:
        try:
            code = subprocess.run(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False,
                timeout=seconds + 20 * SECONDS_PER_INPUT,
            ).returncode
        except subprocess.TimeoutExpired:
            code = "no end"
    result = read_log(target, log.read_text(encoding="utf-8", errors="replace"), code)
    # One write, so that targets that end together have a line each.
    sys.stdout.write(f"{target}: {result.problem or 'nothing found'}\n")
    sys.stdout.flush()
    return result


def read_log(target, log, code):
    """The result that libFuzzer's words mean; `code` is what the program exited with."""
    result = Result(target)
    coverage = [int(number) for number in re.findall(r"\bcov: (\d+)", log)]
    if coverage:
        # With the seeds read in, it says INITED.
        inited = re.search(r"\bINITED\s+cov: (\d+)", log)
        result.coverage_of_seeds = int(inited.group(1)) if inited else coverage[0]
        result.coverage = coverage[-1]
    corpus = re.findall(r"\bcorp: (\d+)", log)
    result.corpus = int(corpus[-1]) if corpus else 0
    statistics = dict(re.findall(r"stat::(\w+):\s+(\d+)", log))
    result.executions = int(statistics.get("number_of_executed_units", 0))
    result.per_second = int(statistics.get("average_exec_per_sec", 0))
    artifact = re.search(r"Test unit written to (.+)", log)
    result.artifact = Path(artifact.group(1)) if artifact else None
    reason = re.search(r"^(?:thread .+ panicked at .+:\n.+|==\d+== ?ERROR: .+)", log, re.MULTILINE)
    if code != 0:
        said = reason.group(0).replace("\n", " ") if reason else log[-500:]
        result.problem = f"exit {code}: {said}"
    elif not result.coverage:
        result.problem = "no coverage: the code has no counters, so nothing guided it"
    return result


def table(results):
    """One line for each target."""
    head = ("target", "executions", "per second", "coverage", "corpus", "result")
    rows = [head]
    for result in results:
        rows.append((
            result.target, f"{result.executions:,}", f"{result.per_second:,}",
            f"{result.coverage_of_seeds:,} -> {result.coverage:,}", f"{result.corpus:,}",
            "FAILED" if result.problem else "passed",
        ))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column in (0, 5) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def report(result, programs):
    """What is wrong, with the input that shows it."""
    lines = [f"\n{result.target}: {result.problem}"]
    if result.artifact and result.artifact.is_file():
        content = result.artifact.read_bytes()
        cut = " (the beginning)" if len(content) > SHOWN else ""
        lines += [
            f"  input:  {result.artifact}, {len(content)} bytes",
            f"  hex:    {content[:SHOWN].hex()}{cut}",
            f"  again:  {programs / result.target} {result.artifact}",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
