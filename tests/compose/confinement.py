"""What the containers may do, seen from inside of them."""

from composed import Failed, say

# Of each process, from a container that shares the namespace of processes and nothing else.
LOOK = """
for folder in /proc/[0-9]*; do
  [ -r $folder/status ] || continue
  echo "pid $(basename $folder)"
  grep -E '^(Name|Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' $folder/status
done
echo mounts
cat /proc/1/mountinfo
"""


def expect_confined(composed):
    """Each process of each container: not root, no capability, no way to get one; and a root that
    cannot be written."""
    looked = []
    for service in composed.services:
        for container in composed.containers(service):
            processes, mounts = look(composed, container)
            problems = [
                f"process {pid} ({facts.get('Name')}): {problem}"
                for pid, facts in processes.items()
                for problem in problems_of(facts)
            ]
            problems += problems_of_mounts(mounts)
            problems += problems_of_bounds(composed.inspect(container))
            if problems:
                raise Failed(f"{service}: " + "; ".join(problems))
            # The shell is what looks.
            names = [facts.get("Name") for facts in processes.values()]
            looked += [f"{service}: {name}" for name in names if name != "sh"]
    containers = sum(len(composed.containers(service)) for service in composed.services)
    if len(looked) <= containers:
        raise Failed(f"only {looked} were seen, expected one of each container and a worker")
    say(f"of {len(looked)} processes none is root or has a capability; no root can be written")


def look(composed, container):
    """The facts of its processes by number, and its mounts by place."""
    said = composed.engine.docker(
        "run", "--rm", "--network", "none", "--user", "65532:65532", "--cap-drop", "ALL",
        "--security-opt", "no-new-privileges:true", "--pid", f"container:{container}",
        "--entrypoint", "sh", composed.environment["SHOAL_BUS_IMAGE"], "-c", LOOK,
    )
    listed, _, mounted = said.partition("mounts\n")
    processes, facts = {}, {}
    for line in listed.splitlines():
        if line.startswith("pid "):
            facts = processes.setdefault(line.split()[1], {})
        else:
            name, _, value = line.partition(":")
            facts[name] = value.split()[0]
    mounts = {}
    for line in mounted.splitlines():
        _, _, _, _, place, options, *_ = line.split()
        mounts[place] = options.split(",")
    return processes, mounts


def problems_of(facts):
    """What a process has that it should not."""
    expected = {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1"}
    problems = [
        f"found {name} {facts.get(name)}, expected {value}"
        for name, value in expected.items()
        if facts.get(name) != value
    ]
    if facts.get("Uid") in (None, "0"):
        problems.append(f"found user {facts.get('Uid')}, expected one that is not root")
    return problems


def problems_of_mounts(mounts):
    """Where the container could write that it should not."""
    problems = []
    if "ro" not in mounts.get("/", []):
        problems.append("the root can be written")
    missing = {"noexec", "nosuid"} - set(mounts.get("/tmp", []))
    if missing:
        problems.append(f"/tmp is without {', '.join(sorted(missing))}")
    for place, options in mounts.items():
        if place.startswith(("/run/secrets/", "/etc/nats")) and "ro" not in options:
            problems.append(f"{place} can be written")
    return problems


def problems_of_bounds(container):
    """What it could take without end, or keep others from."""
    host = container["HostConfig"]
    bounds = {
        "memory": host["Memory"] > 0,
        "processes": (host["PidsLimit"] or 0) > 0,
        "open files": any(it["Name"] == "nofile" for it in host["Ulimits"] or []),
        "log files": "max-size" in host["LogConfig"]["Config"],
    }
    problems = [f"no limit of {what}" for what, is_there in bounds.items() if not is_there]
    if host["Privileged"] or host["NetworkMode"] == "host" or host["PidMode"] == "host":
        problems.append("it has the host's own rights, network or processes")
    for name, _, value in (text.partition("=") for text in container["Config"]["Env"]):
        is_file = value.startswith("/run/secrets/")
        if name.endswith(("TOKEN", "PASSWORD", "SECRET", "KEY")) and not is_file:
            problems.append(f"a secret in the environment: {name}")
    return problems


def expect_networks(composed):
    """The bus is on a network from which there is no way out, and nats-server on no other."""
    for name in ("bus", "metrics"):
        internal = composed.engine.docker(
            "network", "inspect", f"{composed.name}_{name}", "--format", "{{.Internal}}"
        )
        if internal != "true":
            raise Failed(f"the network {name} leads outside")
    for container in composed.containers("nats"):
        networks = set(composed.inspect(container)["NetworkSettings"]["Networks"])
        if networks != {f"{composed.name}_bus"}:
            raise Failed(f"nats-server is on {sorted(networks)}, expected the bus alone")
