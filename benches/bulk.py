#!/usr/bin/env python3
"""virdict over a tree of many files, beside the other tools and beside merely reading the files.

    cargo build --release --bin virdict --example bare_read --example core_pass && benches/bulk.py

builds a tree of 50,000 files out of the documents of corpus/ (or of --source FOLDER), runs every tool over it in turn, several times,
and prints medians and ratios; then the cost of findings, peak memory, one file's start-up beside `true`, the core in memory beside bare
quick-xml, and one document of 200,000 devices beside small ones. xmllint and jing are measured if they are there; with a schema
(--schema domain.rng) they validate against it. Instructions are counted if valgrind is there. --record writes what is printed into
benches/README.md, in place of the run before.

The tools are run in turn and not one after another, so that a busy machine is busy for all of them. Only ratios within one run mean
anything.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import large

HERE = Path(__file__).resolve().parent.parent
README = HERE / "benches" / "README.md"
# In README.md, what --record writes stands under this.
HEADING = "## The last run\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=HERE / "corpus", help="folder with the documents that the tree is made of")
    parser.add_argument("--files", type=int, default=50_000, help="files in the tree")
    parser.add_argument("--rounds", type=int, default=5, help="how often each tool is run")
    parser.add_argument("--starts", type=int, default=300, help="how often each start-up is run")
    parser.add_argument("--schema", type=Path, help="libvirt's domain.rng, for xmllint and jing")
    parser.add_argument("--slow-rounds", type=int, default=3, help="how often tools are run that take long: those with a schema")
    parser.add_argument("--devices", type=int, default=200_000, help="devices of the large document; 0 for none")
    parser.add_argument("--target", type=Path, default=None, help="folder of the release build")
    parser.add_argument("--record", action="store_true", help="write what is printed into benches/README.md, too")
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


class Report:
    """What is printed, kept for --record."""

    def __init__(self):
        self.lines = []

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def table(self, title, seconds, base):
        """Medians of several commands' times, and their ratios to one of them."""
        self.say()
        self.say(f"{title} (ratio to {base})")
        unit = statistics.median(seconds[base])
        for name, values in seconds.items():
            middle = statistics.median(values)
            spread = f"{min(values):8.4f} .. {max(values):8.4f}" if len(values) > 1 else " " * 20
            self.say(f"  {name:<39}{middle:9.4f} s   {spread}   {middle / unit:8.2f} x")

    def record(self):
        text = README.read_text()
        before = text[: text.index(HEADING) + len(HEADING)]
        block = "".join(f"    {line}".rstrip() + "\n" for line in self.lines)
        README.write_text(f"{before}\n{block}")


def first_line(*command):
    """What a program says of its version; nothing if it is not there."""
    if not shutil.which(command[0]):
        return None
    run = subprocess.run(command, capture_output=True, text=True)
    return (run.stdout + run.stderr).strip().split("\n")[0]


def versions(report, virdict):
    command = [name if len(name) < 40 else name.split("/")[-1] for name in sys.argv[1:]]
    command = [f".../{'/'.join(part.split('/')[-2:])}" if part.startswith("/") else part for part in command]
    report.say(f"{datetime.date.today()}: benches/bulk.py {shlex.join(command)}")
    xmllint = (first_line("xmllint", "--version") or "no xmllint").replace("xmllint: using", "xmllint with")
    tools = [first_line(virdict, "version"), first_line("rustc", "--version"), xmllint, first_line("jing", "-version") and "jing"]
    report.say("; ".join(tool for tool in tools if tool))
    report.say(f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release().split('-')[0]}")


def tree(report, options, virdict, bare, scratch, sources):
    """The tree, and everything that is measured on it. Returns one of its files."""
    clean, faulty = scratch / "clean", scratch / "faulty"
    build(clean, options.files, sources)
    build(faulty, options.files, [(name, with_fault(text)) for name, text in sources])
    # Otherwise the system writes them to the disk while the first tools run.
    os.sync()
    size = sum(len(sources[number % len(sources)][1]) for number in range(options.files))
    report.say(f"{options.files} files from {len(sources)} documents, {size / 1e6:.1f} MB")

    check = [virdict, "check", "--exit-zero", "--output-format", "jsonl"]
    ours, findings, one = "virdict, 2 threads", "virdict, 2 threads, all with findings", "virdict, 1 thread"
    reading_faulty = "bare reading of those with findings"
    reading, parsing, validating = "bare reading, 2 threads", "xmllint", "xmllint with schema"
    commands = {
        reading: [bare, clean, "2"],
        ours: [*check, "--jobs", "2", clean],
        one: [*check, "--jobs", "1", clean],
        # Each tree has just been read when its turn comes.
        reading_faulty: [bare, faulty, "2"],
        findings: [*check, "--jobs", "2", faulty],
    }
    rounds = dict.fromkeys(commands, options.rounds)
    if shutil.which("xmllint"):
        commands[parsing] = over_tree(["xmllint", "--noout"], clean)
        rounds[parsing] = min(options.rounds, 3)
        if options.schema:
            commands[validating] = over_tree(["xmllint", "--noout", "--relaxng", options.schema], clean)
            rounds[validating] = options.slow_rounds
    if shutil.which("jing") and options.schema:
        commands["jing"] = over_tree(["jing", options.schema], clean)
        rounds["jing"] = options.slow_rounds
    for name in (reading, ours, findings):
        run(commands[name])
    seconds = in_turn(commands, rounds)
    report.table("The tree", seconds, ours)
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    report.say()
    for slower, aim in ((validating, 40), (parsing, 5)):
        if slower in middle:
            report.say(f"  {middle[slower] / middle[ours]:6.2f} times as fast as {slower} (aim: {aim})")
    report.say(f"  {middle[ours] / middle[reading]:6.2f} times what reading the files costs (aim: at most 2.5)")
    report.say(f"  {middle[one] / middle[ours]:6.2f} times as fast with two threads as with one (aim: 1.8)")
    report.say(f"  {middle[findings] / middle[ours]:6.2f} times as long with a finding in every file (aim: at most 1.5)")
    most = max(peak_memory(commands[name]) for name in (ours, one, findings))
    report.say(f"  {most / 1024:6.1f} MB at most (aim: 12)")
    return next(clean.rglob("*.xml"))


def start_up(report, options, virdict, scratch, file):
    # As an installation leaves it: in the system's cache, what a linker has written piece by piece lies in pieces.
    installed = scratch / "virdict"
    shutil.copy(virdict, installed)
    starts = {"true": [shutil.which("true")], "virdict": [installed, "check", "--quiet", file]}
    counts = {"true": options.starts, "virdict": options.starts}
    validating = "xmllint with schema"
    if shutil.which("xmllint") and options.schema:
        starts[validating] = ["xmllint", "--noout", "--relaxng", options.schema, file]
        counts[validating] = max(1, options.starts // 10)
    seconds = in_turn(starts, counts)
    report.table("One file, whole process", seconds, "virdict")
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    report.say()
    report.say(f"  {(middle['virdict'] - middle['true']) * 1000:6.3f} ms over true (aim: at most 0.5)")
    if validating in middle:
        report.say(f"  {middle[validating] / middle['virdict']:6.2f} times as fast as {validating} (aim: 8)")


LAYERS = ("events", "attributes", "xml", "schema", "everything")


def core(report, options, core_pass, scratch, sources):
    """The layers of the core in memory, over the documents that the tree is made of."""
    folder = scratch / "sources"
    build(folder, len(sources), sources)
    speeds, first = {layer: [] for layer in LAYERS}, {layer: [] for layer in LAYERS}
    for _ in range(max(options.rounds, 5)):
        for layer in LAYERS:
            said = subprocess.run([core_pass, layer, folder, "9"], capture_output=True, text=True, check=True).stdout
            speeds[layer].append(float(re.search(r"fastest pass ([0-9.]+) MB/s", said)[1]))
            first[layer].append(float(re.search(r"first pass ([0-9.]+) MB/s", said)[1]))
    counts = {}
    if shutil.which("valgrind"):
        counts = {layer: instructions(core_pass, layer, folder) for layer in LAYERS}
    middle = {layer: statistics.median(values) for layer, values in speeds.items()}
    report.say()
    report.say("The core in memory, one thread: the fastest of nine passes, the first one (ratio to attributes; instructions to events)")
    for layer in LAYERS:
        line = f"  {layer:<39}{middle[layer]:9.1f} MB/s {middle[layer] / middle['attributes']:8.2f} x"
        begun = statistics.median(first[layer])
        line += f" {begun:8.1f} MB/s {begun / statistics.median(first['attributes']):6.2f} x"
        if counts:
            line += f"   {counts[layer] / 1e6:8.2f} million instructions {counts[layer] / counts['events']:6.2f} x"
        report.say(line)
    report.say("  (aim: everything at least 1.0 times the speed of attributes, and at most 1.9 times the instructions of events)")


def instructions(core_pass, layer, folder):
    """Instructions of one pass: half of what five take more than three. From the third pass on what is known again is known."""

    def count(passes):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", core_pass, layer, folder, str(passes)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        return int(re.search(r"Collected : ([0-9]+)", said)[1])

    return (count(5) - count(3)) // 2


def one_large(report, options, virdict, scratch):
    """One document of many devices, and as many bytes in documents of a few such devices."""
    folder = scratch / "small"
    document, small_bytes = scratch / "large.xml", 0
    with document.open("w") as file:
        file.writelines(large.domain(0, options.devices))
    folder.mkdir()
    # A fifth of it is enough for the small ones, and four devices make a document of 8 KB. No device stands twice in either: what is known
    # again would say nothing of size.
    for number in range(0, options.devices // 5, 4):
        text = "".join(large.domain(number, 4))
        small_bytes += len(text)
        (folder / f"{number:06}.xml").write_text(text)
    large_bytes = document.stat().st_size
    check = [virdict, "check", "--quiet", "--jobs", "1", "--max-size", "3G"]
    report.say()
    report.say(f"One document of {options.devices} devices, {large_bytes / 1e6:.0f} MB, beside documents of 4 such devices")
    for words, select in (("XML and schema", "syntax,schema"), ("everything", "ALL")):
        commands = {"large": [*check, "--select", select, document], "small": [*check, "--select", select, folder]}
        seconds = in_turn(commands, dict.fromkeys(commands, options.slow_rounds))
        fast = large_bytes / 1e6 / statistics.median(seconds["large"])
        slow = small_bytes / 1e6 / statistics.median(seconds["small"])
        report.say(f"  {words:<20}{fast:8.1f} MB/s against {slow:8.1f} MB/s: {fast / slow:6.2f} x")
    document.unlink()


def main():
    options = arguments()
    target = options.target or Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "release"
    virdict, bare, core_pass = target / "virdict", target / "examples" / "bare_read", target / "examples" / "core_pass"
    for needed in (virdict, bare, core_pass):
        if not needed.exists():
            sys.exit(f"{needed} is not there: cargo build --release --bin virdict --example bare_read --example core_pass")
    sources = documents(options.source, virdict)
    if not sources:
        sys.exit(f"{options.source} has no document without a finding")
    report = Report()
    versions(report, virdict)
    with tempfile.TemporaryDirectory(prefix="virdict-bulk-") as scratch:
        scratch = Path(scratch)
        one = tree(report, options, virdict, bare, scratch, sources)
        start_up(report, options, virdict, scratch, one)
        core(report, options, core_pass, scratch, sources)
        if options.devices:
            one_large(report, options, virdict, scratch)
    if options.record:
        report.record()


if __name__ == "__main__":
    main()
