#!/usr/bin/env python3
"""virdict over a tree of many files, beside the other tools and beside merely reading the files.

    cargo build --release --examples && benches/bulk.py

builds a tree of 50,000 files out of the documents of corpus/ (or of --source FOLDER), runs every tool over it in turn, several times,
and prints medians and ratios; then one file's start-up beside `true`, the cost of findings, and peak memory. xmllint and jing are
measured if they are there; with a schema (--schema domain.rng) they validate against it.

The tools are run in turn and not one after another, so that a busy machine is busy for all of them. Only ratios within one run mean
anything.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=HERE / "corpus", help="folder with the documents that the tree is made of")
    parser.add_argument("--files", type=int, default=50_000, help="files in the tree")
    parser.add_argument("--rounds", type=int, default=5, help="how often each tool is run")
    parser.add_argument("--starts", type=int, default=300, help="how often each start-up is run")
    parser.add_argument("--schema", type=Path, help="libvirt's domain.rng, for xmllint and jing")
    parser.add_argument("--slow-rounds", type=int, default=1, help="how often tools are run that take long: those with a schema")
    parser.add_argument("--target", type=Path, default=None, help="folder of the release build")
    return parser.parse_args()


def documents(source, virdict):
    """Domain documents of the source without a finding, as (name, bytes)."""
    paths = sorted(path for path in source.rglob("*.xml") if path.is_file())
    listing = "\0".join(map(str, paths)).encode()
    # What is found in every document of a bench is not what the bench is about.
    run = subprocess.run([virdict, "check", "--output-format", "jsonl", "--exit-zero", "-0", "--files-from", "-"],
                         input=listing, stdout=subprocess.PIPE, check=True)
    faulty = {json.loads(line)["path"] for line in run.stdout.splitlines()}
    clean = [path for path in paths if str(path).removeprefix("./") not in faulty]
    found = [(path.name, path.read_bytes()) for path in clean]
    return [(name, text) for name, text in found if b"<domain " in text or b"<domain>" in text]


def build(folder, files, sources):
    """Writes the tree: folders of a thousand files."""
    for number in range(files):
        name, text = sources[number % len(sources)]
        here = folder / f"{number // 1000:04}"
        if number % 1000 == 0:
            here.mkdir(parents=True)
        (here / f"{number:06}-{name}").write_bytes(text)


def with_fault(text):
    """The document with an attribute at its root that libvirt does not know."""
    return text.replace(b"<domain", b"<domain vcpuu='1'", 1)


def run(command):
    """Seconds that a command takes."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    begun = time.perf_counter()
    child = os.posix_spawnp(command[0], [str(part) for part in command], os.environ, file_actions=actions)
    os.waitpid(child, 0)
    took = time.perf_counter() - begun
    os.close(null)
    return took


def peak_memory(command):
    """Most kilobytes that a command holds, as the system counts them up to just before its end."""
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        most = max([most] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
        time.sleep(0.001)
    child.wait()
    return most


def over_tree(tool, tree):
    """A command that gives a tool all files of a tree, as few times as the system allows."""
    script = 'tree="$1"; shift; find "$tree" -name "*.xml" -print0 | xargs -0 "$@"'
    return ["sh", "-c", script, "sh", tree, *tool]


def in_turn(commands, rounds):
    """Seconds of each command, one for each time that it is run."""
    seconds = {name: [] for name in commands}
    for number in range(max(rounds.values())):
        for name, command in commands.items():
            if number < rounds[name]:
                seconds[name].append(run(command))
    return seconds


def table(title, seconds, base):
    print(f"\n{title}")
    unit = statistics.median(seconds[base])
    for name, values in seconds.items():
        middle = statistics.median(values)
        spread = f"{min(values):8.4f} .. {max(values):8.4f}" if len(values) > 1 else " " * 20
        print(f"  {name:<34} {middle:9.4f} s   {spread}   {middle / unit:8.2f} x")


def main():
    options = arguments()
    target = options.target or Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "release"
    virdict, bare = target / "virdict", target / "examples" / "bare_read"
    for needed in (virdict, bare):
        if not needed.exists():
            sys.exit(f"{needed} is not there: cargo build --release --examples, and cargo build --release")
    sources = documents(options.source, virdict)
    if not sources:
        sys.exit(f"{options.source} has no document without a finding")
    version = subprocess.run([virdict, "version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}; {platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}")

    with tempfile.TemporaryDirectory(prefix="virdict-bulk-") as scratch:
        clean, faulty = Path(scratch) / "clean", Path(scratch) / "faulty"
        build(clean, options.files, sources)
        build(faulty, options.files, [(name, with_fault(text)) for name, text in sources])
        size = sum(len(sources[number % len(sources)][1]) for number in range(options.files))
        print(f"{options.files} files from {len(sources)} documents, {size / 1e6:.1f} MB")

        fast, slow = options.rounds, options.slow_rounds
        check = [virdict, "check", "--exit-zero", "--output-format", "jsonl"]
        commands = {
            "bare reading, 2 threads": [bare, clean, "2"],
            "virdict, 2 threads": [*check, "--jobs", "2", clean],
            "virdict, 1 thread": [*check, "--jobs", "1", clean],
            "virdict, 2 threads, all with findings": [*check, "--jobs", "2", faulty],
        }
        rounds = dict.fromkeys(commands, fast)
        if shutil.which("xmllint"):
            commands["xmllint"] = over_tree(["xmllint", "--noout"], clean)
            rounds["xmllint"] = min(fast, 3)
            if options.schema:
                commands["xmllint with schema"] = over_tree(["xmllint", "--noout", "--relaxng", options.schema], clean)
                rounds["xmllint with schema"] = slow
        if shutil.which("jing") and options.schema:
            commands["jing"] = over_tree(["jing", options.schema], clean)
            rounds["jing"] = slow
        for name in list(commands)[:3]:
            run(commands[name])
        seconds = in_turn(commands, rounds)
        table("The tree (ratio to virdict on 2 threads)", seconds, "virdict, 2 threads")

        two = statistics.median(seconds["virdict, 2 threads"])
        print("\n  two threads are", f"{statistics.median(seconds['virdict, 1 thread']) / two:.2f} times as fast as one")
        print("  the tree costs", f"{two / statistics.median(seconds['bare reading, 2 threads']):.2f} times what reading it costs")
        findings = statistics.median(seconds["virdict, 2 threads, all with findings"])
        print("  a finding in every file costs", f"{findings / two:.2f} times the clean tree")

        for name in list(commands)[1:4]:
            print(f"  {name}: at most {peak_memory(commands[name]) / 1024:.1f} MB")

        one = next(clean.rglob("*.xml"))
        starts = {"true": [shutil.which("true")], "virdict, one file": [virdict, "check", "--quiet", one]}
        if shutil.which("xmllint") and options.schema:
            starts["xmllint with schema, one file"] = ["xmllint", "--noout", "--relaxng", options.schema, one]
        counts = {name: options.starts if "xmllint" not in name else max(1, options.starts // 10) for name in starts}
        seconds = in_turn(starts, counts)
        table("Start-up (ratio to true)", seconds, "true")
        over = statistics.median(seconds["virdict, one file"]) - statistics.median(seconds["true"])
        print(f"\n  virdict takes {over * 1000:.3f} ms more than true")


if __name__ == "__main__":
    main()
