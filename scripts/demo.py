"""A run to watch, a question in the middle of it, and what became of it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import services
from demo_checks import is_past_the_middle, missing
from supervisor import StackError, Supervisor

BUNDLED_SAMPLE = services.SAMPLES / "lantern-pier"
PACED_SECONDS = 60
MEMORY_SECONDS = 60
POLL_SECONDS = 0.5
# The bars of a run are redrawn in place, from the line they end on upwards.
LINES_OF_BARS = 4


def demo(ports):
    """Plays a sample. With ONCE=1: at full pace, and an error if anything is missing at the end."""
    once = os.environ.get("ONCE", "0") not in ("", "0")
    given = os.environ.get("NATS_URL")
    services.refuse_busy(ports, starts_bus=not given)
    sample = read_sample(services.shorter(Path(os.environ.get("SAMPLE") or BUNDLED_SAMPLE)))
    with Supervisor() as supervisor:
        data = supervisor.runtime / "data"
        data.mkdir()
        print("starting nats-server, memory-sink, simulator and launcher ...")
        nats_url = given or services.start_bus(supervisor, data, ports.nats, sync=None)
        http_url = services.start_services(supervisor, nats_url, data, ports.http)
        shoal = Shoal(supervisor, nats_url, http_url)
        arguments = ["run", sample.folder]
        if not once:
            arguments += ["--pace", f"{max(sample.rounds / PACED_SECONDS, 0.001):.3f}"]
        if given:
            # The bus may remember a demo before this one, which would be the same run.
            arguments.append("--new-run")
        run = play(shoal, sample, arguments)
        problems = conclude(shoal, sample, run)
        if problems and once:
            logs = "".join(f"\n{child.name}{child.last_lines()}" for child in supervisor.children)
            raise StackError("the demo is not complete: " + "; ".join(problems) + logs)
        for problem in problems:
            print(f"warning: {problem}")
        if not once:
            supervisor.stay(where_to_look(run, sample, None if given else nats_url, http_url))


class Sample(NamedTuple):
    """A simulation folder, as far as the demo needs to know it; `shoal run` reads it in full."""

    folder: Path
    simulation_id: str
    rounds: float
    agent_id: int
    question: str
    memory_search: str


def read_sample(folder):
    """Reads what to ask from the folder's `demo.json`, or thinks of something that fits any."""
    try:
        config = json.loads((folder / "simulation_config.json").read_text(encoding="utf-8"))
        hours = config["time_config"]
        agents = config["agent_configs"]
        topics = config["event_config"].get("hot_topics") or [agents[0]["entity_name"]]
        sample = Sample(
            folder=folder,
            simulation_id=config["simulation_id"],
            rounds=hours["total_simulation_hours"] * 60 / hours["minutes_per_round"],
            agent_id=max(agents, key=lambda agent: agent["activity_level"])["agent_id"],
            question=f"What do you think about {topics[0]}, and what would change your mind?",
            memory_search=topics[0],
        )
        own = folder / "demo.json"
        if own.exists():
            sample = sample._replace(**json.loads(own.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as problem:
        raise StackError(
            f"cannot read the sample {folder}: {type(problem).__name__}: {problem}; "
            "`shoal run FOLDER` says in full what is wrong with a folder"
        ) from problem
    return sample


class Shoal:
    """The command line, talking to this stack's bus."""

    def __init__(self, supervisor, nats_url, http_url):
        self.supervisor = supervisor
        self.program = services.program("shoal")
        self.environment = {"NATS_URL": nats_url, "SHOAL_HTTP_URL": http_url}

    def attached(self, *arguments):
        """Runs it on this terminal."""
        return self.supervisor.running([self.program, *arguments], self.environment)

    def read(self, *arguments, color="never", more=None):
        """What it answers, as text; `more` goes into its environment."""
        output = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [self.program, *arguments, "--color", color]
        environment = {**self.environment, **(more or {})}
        with self.supervisor.running(command, environment, text=True, **output) as process:
            said, complaint = process.communicate()
        if process.returncode != 0:
            raise StackError(f"`{self.shown(*arguments)}` failed: {complaint.strip()}")
        return said

    def json(self, *arguments):
        return json.loads(self.read(*arguments, "--json"))

    def read_for_people(self, *arguments):
        """What it answers, as it would look had it been typed here."""
        colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        width = {"COLUMNS": str(shutil.get_terminal_size().columns)}
        color = "always" if colored else "never"
        return self.read(*arguments, color=color, more=width).rstrip()

    def shown(self, *arguments):
        """The command as a person would type it."""
        return shlex.join([str(services.shorter(self.program)), *map(str, arguments)])


class Run(NamedTuple):
    """A run that is over."""

    run_id: str
    answer: str


def play(shoal, sample, arguments):
    """Runs the sample on this terminal and asks one agent a question in the middle."""
    earlier = {run["run_id"] for run in shoal.json("ls")}
    print(f"$ {shoal.shown(*arguments)}")
    run_id = answer = None
    with shoal.attached(*arguments) as process:
        while process.poll() is None:
            shoal.supervisor.check()
            run_id = run_id or newest(shoal.json("ls"), sample, earlier)
            if run_id and not answer and is_past_the_middle(shoal.json("status", run_id)):
                answer = ask(shoal, sample, run_id, in_between=True)
            time.sleep(POLL_SECONDS)
    if process.returncode != 0:
        raise StackError(f"`{shoal.shown(*arguments)}` ended with exit code {process.returncode}")
    run_id = run_id or newest(shoal.json("ls"), sample, earlier)
    if not run_id:
        raise StackError(f"`shoal ls` knows of no run of {sample.simulation_id}")
    if not answer:
        answer = ask(shoal, sample, run_id)
    return Run(run_id, answer)


def newest(runs, sample, earlier):
    """The run that was not there before we started ours."""
    ours = (run["run_id"] for run in runs if run["simulation_id"] == sample.simulation_id)
    return next((run_id for run_id in ours if run_id not in earlier), None)


def ask(shoal, sample, run_id, in_between=False):
    """Asks and shows the answer; `in_between` leaves room for the bars to go on below."""
    arguments = ["interview", run_id, "--agent", sample.agent_id, sample.question]
    answer = shoal.read_for_people(*arguments)
    room = "\n" * LINES_OF_BARS if in_between and sys.stdout.isatty() else ""
    # One write, so that no redrawn bar comes in between.
    sys.stdout.write(f"\n\n$ {shoal.shown(*arguments)}\n{answer}\n{room}")
    sys.stdout.flush()
    return answer


def conclude(shoal, sample, run):
    """Shows what the memory holds; returns what is missing from the whole."""
    status = shoal.json("status", run.run_id)
    deadline = time.monotonic() + MEMORY_SECONDS
    # The memory follows the run at its own pace.
    while problems := missing(status, episodes(shoal, run.run_id), run.answer):
        if time.monotonic() > deadline:
            break
        shoal.supervisor.check()
        time.sleep(POLL_SECONDS)
    for arguments in (
        ["memory", "stats", run.run_id],
        ["memory", "search", "--run", run.run_id, "--limit", 4, sample.memory_search],
    ):
        print(f"\n$ {shoal.shown(*arguments)}\n{shoal.read_for_people(*arguments)}")
    return problems


def episodes(shoal, run_id):
    """How many the memory holds: none as long as it has not heard of the run."""
    try:
        return shoal.json("memory", "stats", run_id)["episodes"]
    except StackError:
        return 0


def where_to_look(run, sample, own_nats_url, http_url):
    """`own_nats_url`: that of the server we started, if we did; a given one may hold a password."""
    shoal = services.shorter(services.program_path("shoal"))
    export = f"  export NATS_URL={own_nats_url}\n" if own_nats_url else ""
    export += f"  export SHOAL_HTTP_URL={http_url}\n"
    return f"""
All of this stays up until Ctrl-C. Where to look next, in another terminal:

{export}  {shoal} ls
  {shoal} interview {run.run_id} --agent {sample.agent_id} "And now?"
  {shoal} run {shlex.quote(str(sample.folder))} --pace 2 --seed 2

  {http_url}/api/simulation/{sample.simulation_id}/run-status

  sim.actions.{run.run_id}.>    every action, one message per round; stream SIM_ACTIONS
  sim.env-status.{run.run_id}   how far the run is; stream SIM_ENV_STATUS
  sim.inputs.{run.run_id}.>     the journal that repeats the run; stream SIM_INPUTS
  sim.live.>{' ' * (len(run.run_id) + 8)}each action by itself, as it happens; not stored
"""
