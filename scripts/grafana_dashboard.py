#!/usr/bin/env python3
"""Writes the Grafana dashboard: deploy/grafana/dashboards/shoal.json.

    grafana_dashboard.py           writes it
    grafana_dashboard.py --check   fails if it is another one

What is to be changed is changed here: ROWS has all panels, each with its queries. The tests ask a real
Prometheus every one of them.
"""

import argparse
import json
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "deploy/grafana/dashboards/shoal.json"
SOURCE = {"type": "prometheus", "uid": "shoal"}
WIDTH, HEIGHT = 24, 8


def quantile(q, name, by, where=""):
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({name}_bucket{where}[$__rate_interval])))"


def rate(name, by, where=""):
    return f"sum by ({by}) (rate({name}{where}[$__rate_interval]))"


# Of each row its title, and its panels: title, unit, and queries with their legends.
ROWS = [
    ("Runs", [
        ("Runs by status", "none", [("max by (status) (shoal_runs)", "{{status}}")]),
        ("Room on nodes", "none", [
            ("sum(shoal_node_runs)", "runs that are held"),
            ("sum(shoal_node_slots)", "slots"),
        ]),
        ("Rounds a second", "none", [(rate("shoal_world_rounds_total", "platform"), "{{platform}}")]),
        ("Actions a second", "none", [(rate("shoal_world_actions_total", "platform"), "{{platform}}")]),
    ]),
    ("Rounds", [
        ("Half of the parts of rounds take less than", "s", [
            (quantile(0.5, "shoal_tick_phase_seconds", "phase"), "{{phase}}"),
        ]),
        ("99 of 100 take less than", "s", [
            (quantile(0.99, "shoal_tick_phase_seconds", "phase"), "{{phase}}"),
        ]),
        ("Seconds a second spent in them", "none", [
            (rate("shoal_tick_phase_seconds_sum", "phase"), "{{phase}}"),
        ]),
    ]),
    ("Bus", [
        ("Appends a second", "none", [(rate("shoal_appends_total", "log, outcome"), "{{log}} {{outcome}}")]),
        ("Bytes a second", "Bps", [(rate("shoal_append_bytes_total", "log"), "{{log}}")]),
        ("How full streams are", "percentunit", [
            ("max by (stream) (shoal_stream_bytes / shoal_stream_max_bytes)", "{{stream}}"),
        ]),
        ("Connected", "none", [("min by (job, instance) (shoal_bus_connected)", "{{job}} {{instance}}")]),
    ]),
    ("Commands", [
        ("Claims in 5 minutes, by why", "none", [
            ("sum by (why) (increase(shoal_node_claims_total[5m]))", "{{why}}"),
        ]),
        ("Workers that ended in 5 minutes, by how", "none", [
            ("sum by (how) (increase(shoal_node_worker_exits_total[5m]))", "{{how}}"),
        ]),
        ("Redeliveries a second", "none", [(rate("shoal_redeliveries_total", "consumer"), "{{consumer}}")]),
        ("Questions answered a second", "none", [(rate("shoal_interviews_total", "outcome"), "{{outcome}}")]),
    ]),
    ("Language models", [
        ("Requests a second", "none", [
            (rate("shoal_model_requests_total", "endpoint, outcome"), "{{endpoint}} {{outcome}}"),
        ]),
        ("Tokens a second", "none", [
            (rate("shoal_model_tokens_total", "endpoint, kind"), "{{endpoint}} {{kind}}"),
        ]),
        ("Cost of the last hour", "none", [
            ("sum by (endpoint) (increase(shoal_model_cost_total[1h]))", "{{endpoint}}"),
        ]),
        ("95 of 100 requests take less than", "s", [
            (quantile(0.95, "shoal_model_request_seconds", "endpoint"), "{{endpoint}}"),
        ]),
    ]),
    ("Memories", [
        ("Seconds behind", "s", [("max by (target) (shoal_sink_lag_seconds)", "{{target}}")]),
        ("Actions taken a second", "none", [
            (rate("shoal_sink_delivered_actions_total", "target"), "{{target}}"),
        ]),
        ("Deliveries a second", "none", [
            (rate("shoal_sink_requests_total", "target, outcome"), "{{target}} {{outcome}}"),
        ]),
        ("Dead letters", "none", [
            ('max by (stream) (shoal_stream_messages{stream=~".*_DEAD_LETTERS"})', "in {{stream}}"),
        ]),
    ]),
    ("HTTP", [
        ("Requests a second", "none", [(rate("shoal_http_requests_total", "status"), "{{status}}")]),
        ("99 of 100 take less than", "s", [
            (quantile(0.99, "shoal_http_request_duration_seconds", "route"), "{{route}}"),
        ]),
        ("Readers of events", "none", [("sum(shoal_event_readers)", "readers")]),
        ("Rounds that pages are behind", "none", [("max(shoal_read_model_behind_rounds)", "rounds")]),
    ]),
    ("Processes", [
        ("Processors", "none", [
            (rate("process_cpu_seconds_total", "job, instance", '{job=~"launcher|simulator|memory-sink"}'),
             "{{job}} {{instance}}"),
        ]),
        ("Memory", "bytes", [
            ('process_resident_memory_bytes{job=~"launcher|simulator|memory-sink"}',
             "{{job}} {{instance}}"),
        ]),
        ("Builds", "none", [
            ("count by (program, version, build) (shoal_build_info)",
             "{{program}} {{version}} {{build}}"),
        ]),
    ]),
]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only look whether it is this one")
    text = json.dumps(dashboard(), indent=1) + "\n"
    if not parser.parse_args().check:
        FILE.write_text(text)
        return 0
    if FILE.read_text() == text:
        return 0
    print(f"{FILE} is another one: run {Path(__file__).name}", file=sys.stderr)
    return 1


def dashboard():
    panels, top = [], 0
    for title, row in ROWS:
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        panels.append({"type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []})
        width = WIDTH // len(row)
        panels += [panel(*one, left=width * i, top=top + 1, width=width) for i, one in enumerate(row)]
        top += 1 + HEIGHT
    for number, one in enumerate(panels, 1):
        one["id"] = number
    return {
        "uid": "shoal", "title": "Shoal", "tags": ["shoal"], "schemaVersion": 39, "editable": True,
        "refresh": "15s", "time": {"from": "now-1h", "to": "now"}, "panels": panels,
    }


def panel(title, unit, queries, left, top, width):
    targets = [
        {"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": query, "legendFormat": legend}
        for i, (query, legend) in enumerate(queries)
    ]
    return {
        "type": "timeseries", "title": title, "datasource": SOURCE, "targets": targets,
        "gridPos": {"h": HEIGHT, "w": width, "x": left, "y": top},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"tooltip": {"mode": "multi"}, "legend": {"displayMode": "list", "placement": "bottom"}},
    }


if __name__ == "__main__":
    sys.exit(main())
