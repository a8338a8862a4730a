"""What a finished demo must have brought about, judged from what `shoal ... --json` says."""


def is_past_the_middle(status):
    """Whether every world of a run is at least half way, and none of them is over."""
    worlds = status["platforms"]
    return all(world["rounds"] <= 2 * world["round"] < 2 * world["rounds"] for world in worlds)


def missing(status, episodes, answer):
    """Everything that a complete demo has and this one has not, in words."""
    problems = []
    if status["status"] != "completed":
        reason = f" ({status['reason']})" if status.get("reason") else ""
        problems.append(f"the run is {status['status']}{reason}, not completed")
    for world in status["platforms"]:
        # Round 0 plays the seed posts, so there is one frame more than there are rounds.
        if world["ticks"] != world["rounds"] + 1:
            problems.append(
                f"{world['platform']} has {world['ticks']} frames, not {world['rounds'] + 1}"
            )
        if world["succeeded"] == 0:
            problems.append(f"nobody did anything on {world['platform']}")
    if not answer:
        problems.append("the agent that was asked did not answer")
    expected = sum(world["memorable"] for world in status["platforms"])
    if episodes != expected:
        problems.append(f"the memory holds {episodes} episodes, not {expected}")
    return problems
