#!/usr/bin/env python3
"""Writes what our programs are made of, as a CycloneDX 1.6 document.

    sbom.py [FILE]     default: standard output

Every crate that goes into `shoal`, `shoal-launcher`, `shoal-simulator` or `shoal-memory-sink` on Linux,
with its version, licence and the SHA-256 of its package, and who depends on whom; what is for tests,
benchmarks and builds alone is left out. The same tree gives the same document, to the byte.
"""

import argparse
import json
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROGRAMS = ("cli", "launcher", "simulator", "memory-sink")
TARGET = "x86_64-unknown-linux-gnu"
# Names the document by what is in it.
NAMESPACE = uuid.UUID("6f0f2e0c-7d5b-5b7e-9a55-3f1d6f2c8a10")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path)
    arguments = parser.parse_args()
    text = json.dumps(document(metadata(), checksums()), indent=2, ensure_ascii=False) + "\n"
    if arguments.file:
        arguments.file.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def metadata():
    """What cargo says of the workspace for one target."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout)


def checksums():
    """The SHA-256 of packages by name and version; our own have none."""
    lock = tomllib.loads((PROJECT / "Cargo.lock").read_text(encoding="utf-8"))
    return {
        (package["name"], package["version"]): package["checksum"]
        for package in lock["package"]
        if "checksum" in package
    }


def document(cargo, sums):
    packages = {package["id"]: package for package in cargo["packages"]}
    nodes = {node["id"]: node for node in cargo["resolve"]["nodes"]}
    ours = [packages[one] for one in cargo["workspace_members"]]
    roots = [package["id"] for package in ours if package["name"] in PROGRAMS]
    if len(roots) != len(PROGRAMS):
        raise SystemExit(f"error: found {len(roots)} of the packages {', '.join(PROGRAMS)}")
    reached = reach(roots, nodes)
    parts = sorted((packages[one] for one in reached), key=lambda it: (it["name"], it["version"]))
    version = packages[roots[0]]["version"]
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": "shoal", "name": "shoal", "version": version,
            }
        },
        "components": [component(package, sums) for package in parts],
        "dependencies": [{"ref": "shoal", "dependsOn": sorted(purl(packages[one]) for one in roots)}]
        + [
            {
                "ref": purl(package),
                "dependsOn": sorted(purl(packages[one]) for one in needed(nodes[package["id"]])),
            }
            for package in parts
        ],
    }
    # No time and no random number: the same content has the same name.
    serial = uuid.uuid5(NAMESPACE, json.dumps(body, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "serialNumber": f"urn:uuid:{serial}", **body}


def reach(roots, nodes):
    """Everything that the roots are linked with or made by."""
    reached, open_ = set(), list(roots)
    while open_:
        one = open_.pop()
        if one not in reached:
            reached.add(one)
            open_.extend(needed(nodes[one]))
    return reached


def needed(node):
    """What is needed to run it; not to test or to build it."""
    return [
        dependency["pkg"]
        for dependency in node["deps"]
        if any(kind["kind"] is None for kind in dependency["dep_kinds"])
    ]


def component(package, sums):
    name, version = package["name"], package["version"]
    found = {
        "type": "library",
        "bom-ref": purl(package),
        "name": name,
        "version": version,
        "purl": purl(package),
        # Cargo's old way to write `or`.
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
    }
    if (name, version) in sums:
        found["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
    return found


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


if __name__ == "__main__":
    sys.exit(main())
