#!/usr/bin/env python3
"""Plays a crowded node: 250 containers, each with a probe every second, on two cores; what a container engine's exec takes
around a probe; and what an engine takes to check 20 containers, and to see that they are sick: docs/node.md and docs/node.svg.
On Debian, as root; `make bench-node` builds what it measures. `benches/node.py engine` renews the last of these alone.
"""

import json
import os
import queue
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bars import bars
from bench import NULL, ROOT, TOOLS, Nginx, install, markdown, others, wrapped

CONTAINERS = 250
SECONDS = int(os.environ.get("BENCH_SECONDS", "6"))
CORES = 2
EXECS = int(os.environ.get("BENCH_EXECS", "30"))
CHECKED = 20
WATCH = 25


def spawn(command):
    actions = [(os.POSIX_SPAWN_DUP2, NULL.fileno(), fd) for fd in (0, 1, 2)]
    return os.posix_spawn(command[0], command, {}, file_actions=actions)


def play(command):
    """The share of the cores that the probes took, and the 99th percentile and median of their times in milliseconds."""
    command = [shutil.which(command[0]), *command[1:]]
    due, times, failed = queue.Queue(), [], []

    def probe():
        while (begin := due.get()) is not None:
            status = os.waitpid(spawn(command), 0)[1]
            times.append((time.perf_counter() - begin) * 1e3)
            failed.append(status != 0)

    workers = [threading.Thread(target=probe) for _ in range(16)]
    for worker in workers:
        worker.start()
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for number in range(CONTAINERS * SECONDS):
        pause = begin + number / CONTAINERS - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        due.put(time.perf_counter())
    for _ in workers:
        due.put(None)
    for worker in workers:
        worker.join()
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu / took / CORES, statistics.quantiles(times, n=100)[98], statistics.median(times), sum(failed)


def node(port):
    url = f"http://127.0.0.1:{port}/"
    rows = []
    for name, command in {
        "a process that only exits": [str(TOOLS / "exit")],
        "a GET in C, and no more": [str(TOOLS / "floor"), str(port)],
        "lprobe": [str(ROOT / "dist/lprobe"), url],
        "lprobe-full": [str(ROOT / "dist/lprobe-full"), url],
        **{name: [*map(str, command), url] for name, command in others().items()},
    }.items():
        print("bench-node:", name, file=sys.stderr)
        share, p99, median, failed = play(command)
        cores = share * CORES * 1000
        rows.append([name, f"{share:.1%}", f"{median:.2f}", f"{p99:.2f}", f"{failed}", f"{cores:.0f}"])
    return ["program", f"CPU of {CORES} cores", "median ms", "p99 ms", "failed", "cores on 1,000 nodes"], rows


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, env={**os.environ, "DOCKER_BUILDKIT": "0"}).stdout.strip()


class Image:
    """The demo server with lprobe, which checks it. It is removed at the end, whatever fails."""

    def __init__(self):
        self.tag = f"lprobe-bench:{os.getpid()}"

    def __enter__(self):
        with tempfile.TemporaryDirectory() as context:
            for file in ["dist/lprobe", "target/demo-server", "target/bench-tools/exit"]:
                shutil.copy(ROOT / file, context)
            Path(context, "Dockerfile").write_text(
                "FROM scratch\nCOPY lprobe demo-server exit /\nENV LPROBE_TARGET=http://localhost:8080/healthz\n"
                'HEALTHCHECK CMD ["/lprobe"]\nENTRYPOINT ["/demo-server", "8080"]\n'
            )
            docker("build", "--quiet", "--force-rm", "--tag", self.tag, context)
        return self.tag

    def __exit__(self, *_):
        subprocess.run(["docker", "rmi", "--force", self.tag], stdout=NULL)


class Containers:
    """So many containers of an image, by their full ids. They are removed at the end, whatever fails."""

    def __init__(self, image, count, *options):
        self.command = ["run", "--detach", "--network=none", f"--label={image}", *options, image]
        self.count, self.label = count, image

    def __enter__(self):
        try:
            with ThreadPoolExecutor(2) as pool:
                return list(pool.map(lambda _: docker(*self.command), range(self.count)))
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if left := docker("ps", "--all", "--quiet", f"--filter=label={self.label}").split():
            docker("rm", "--force", *left)


def execs(image):
    """Milliseconds of `docker exec`, by what runs in it, in turns."""
    target = "http://localhost:8080/healthz"
    ways = {
        "exec of a process that only exits": [["/exit"]],
        "exec of one check": [["/lprobe", target]],
        "four checks in one exec": [["/lprobe", *[target] * 4]],
        "four execs of one check": [["/lprobe", target]] * 4,
    }
    with Containers(image, 1, "--no-healthcheck") as [container]:
        docker("exec", container, "/lprobe", "--wait=10s", target)
        times = {way: [] for way in ways}
        for _ in range(EXECS):
            for way, commands in ways.items():
                begin = time.perf_counter()
                for command in commands:
                    subprocess.run(["docker", "exec", container, *command], check=True, stdin=NULL, stdout=NULL, stderr=NULL)
                times[way].append((time.perf_counter() - begin) * 1e3)
    return ["on the engine", "wall ms"], [[way, f"{statistics.median(taken):.1f}"] for way, taken in times.items()]


TICK = os.sysconf("SC_CLK_TCK")


def cpu(containers):
    """Seconds of CPU so far: of dockerd, of containerd, of the containers' shims, and of the whole machine.

    A process counts with the children that it has waited for. Those of a shim are runc, what runc starts before a probe, and
    the probe. What the kernel does on its own, as taking namespaces down, is in none of them, but in the whole machine.
    """
    taken = {"dockerd": 0, "containerd": 0, "shims": 0}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, stat = (process / "cmdline").read_text().split("\0"), (process / "stat").read_text()
        except OSError:
            continue
        name = os.path.basename(command[0])
        if name.startswith("containerd-shim"):
            name = "shims" if any(argument in containers for argument in command) else None
        if name in taken:
            # proc_pid_stat(5), fields 14 to 17: utime, stime, cutime, cstime.
            taken[name] += sum(map(int, stat.rpartition(")")[2].split()[11:15])) / TICK
    # proc_stat(5): user, nice and system; irq and softirq.
    machine = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return {**taken, "machine": sum(machine[:3] + machine[5:7]) / TICK}


def shares(containers, seconds):
    """What [`cpu`] counts in the next `seconds`, in percent of a core."""
    before, begin = cpu(containers), time.perf_counter()
    time.sleep(seconds)
    after, took = cpu(containers), time.perf_counter() - begin
    return {name: (after[name] - before[name]) / took * 100 for name in after}


def sicken(containers, pause):
    """Makes one container after another sick, with a pause between, and returns the seconds until the engine calls each
    unhealthy.
    """
    events = ["docker", "events", "--filter=event=health_status: unhealthy", "--format={{json .}}"]
    sick, seen = {}, {}
    listening = subprocess.Popen(events, stdout=subprocess.PIPE, text=True)
    try:
        # So that it listens before the first of them.
        time.sleep(1)
        listener = threading.Thread(target=hear, args=(listening.stdout, len(containers), seen), daemon=True)
        listener.start()
        pids = docker("inspect", "--format={{.State.Pid}}", *containers).split()
        for container, pid in zip(containers, pids):
            server = ["nsenter", f"--net=/proc/{pid}/ns/net", ROOT / "target/demo-server", "8080", "sick"]
            subprocess.run(server, check=True)
            sick[container] = time.time_ns()
            time.sleep(pause)
        listener.join(timeout=90)
    finally:
        listening.terminate()
        listening.wait()
    assert seen.keys() == sick.keys(), f"{len(seen)} of {len(sick)} are unhealthy"
    return [(seen[container] - sick[container]) / 1e9 for container in containers]


def hear(events, count, seen):
    """Notes the time of each container's event, until there are so many."""
    for event in map(json.loads, events):
        seen.setdefault(event["Actor"]["ID"], event["timeNano"])
        if len(seen) == count:
            return


# How a container is checked: a name, options, seconds until it is so from then on, seconds to count in, and the length of a cycle.
WAYS = [
    # Its first check comes after 30 s: until then, the containers are idle.
    ("every 30 s", ["--health-interval=30s"], 0, 30, 30),
    ("every second", ["--health-interval=1s"], 3, 20, 1),
    (
        f"by --watch {WATCH}s", ["--health-interval=1s", "--health-timeout=30s", f"--env=LPROBE_WATCH={WATCH}s"],
        WATCH + 2, 2 * (WATCH + 1), WATCH + 1,
    ),
]


def checked(image):
    """What the engine takes to check containers in each of these ways, in percent of a core, and the seconds that it takes to
    see that one is sick; and what the machine takes before the first check.
    """
    idle, rows = None, []
    for name, options, settle, seconds, cycle in WAYS:
        print("bench-node:", CHECKED, "containers,", name, file=sys.stderr)
        with Containers(image, CHECKED, "--health-retries=1", *options) as containers:
            if idle is None:
                time.sleep(3)
                idle = shares(containers, 15)["machine"]
            time.sleep(settle)
            share = shares(containers, seconds)
            times = sicken(containers, cycle / CHECKED)
        engine = [share[part] for part in ("dockerd", "containerd", "shims")]
        rows.append((name, [sum(engine), *engine, share["machine"] - idle], [statistics.median(times), max(times)]))
    return rows, idle


# The most that the machine may take before the first check, in percent of a core, for the difference to say anything.
QUIET = 15


def checked_table(rows, idle):
    head = [
        f"{CHECKED} containers, checked", "CPU, % of a core", "of it dockerd", "containerd", "shims, runc and probes", "machine, less idle",
        "sick to unhealthy, median s", "worst s",
    ]
    cells = [[name, *(f"{number:.1f}" for number in [*cpu, *times])] for name, cpu, times in rows]
    if idle > QUIET:
        for row in cells:
            row[5] = "-"
    return head, cells


PROBES = """# What probes cost a node

Made by `make bench-node` on {machine}, {cores} cores.

## Without an engine

The figures in this table are without an engine. The benchmark itself starts the probes: one each second for each of
{containers} containers, for {seconds} seconds, on {used} cores that the server shares. The time of a probe is that from its scheduled start to
its exit. CPU is that of the probes only.

{spawned}

## One exec of the engine

Medians of {execs} runs, in turns.

{executed}

"""

CHECKS = """## Containers that an engine checks

![Bars of CPU and of the time from sick to unhealthy, for three ways to check](node.svg)

{checked}

Made by `{command}` on {machine}, {cores} cores, Docker {engine}.
The engine checks {count} containers of the demo server by lprobe, with `--health-retries=1`. CPU is that of dockerd, of
containerd, and of the containers' shims with all the processes that they waited for, as /proc/PID/stat shows it. These
processes are runc, what runc starts before a probe, and the probe. The chart shows this figure. The column "machine, less idle"
checks it: it is the CPU of the whole machine, as /proc/stat shows it, less that of the same containers before their first
check. It also includes the kernel's own work, and the servers' part. Before the first check, the machine took {idle:.0f}% of a
core. If that is more than {quiet}%, other programs use the machine, and perhaps its engine, and the column is left out. Then one
container after another becomes sick. The time is that from this moment to the engine's event. By default, Docker needs three
failed checks.

"""


def machine():
    return subprocess.run(["uname", "-srm"], capture_output=True, text=True).stdout.strip()


def probes(image):
    """The part of the page on single probes and execs."""
    with Nginx() as nginx:
        spawned = markdown(*node(nginx.port))
    print("bench-node: execs", file=sys.stderr)
    return wrapped(PROBES.format(
        machine=machine(), cores=os.cpu_count(), containers=CONTAINERS, seconds=SECONDS, used=CORES, spawned=spawned, execs=EXECS,
        executed=markdown(*execs(image)),
    ))


def checks(image, command):
    """The part of the page on containers that the engine checks. Writes its chart."""
    rows, idle = checked(image)
    columns = [
        ("CPU of the engine, % of a core", [cpu[0] for _, cpu, _ in rows], "{:.1f}%"),
        ("sick to unhealthy, median", [times[0] for _, _, times in rows], "{:.1f} s"),
    ]
    (ROOT / "docs/node.svg").write_text(bars([name for name, _, _ in rows], columns, "by --watch"))
    return wrapped(CHECKS.format(
        checked=markdown(*checked_table(rows, idle)), command=command, machine=machine(), cores=os.cpu_count(),
        engine=docker("version", "--format={{.Server.Version}}"), count=CHECKED, idle=idle, quiet=QUIET,
    ))


def main():
    install()
    os.sched_setaffinity(0, set(list(os.sched_getaffinity(0))[:CORES]))
    page = ROOT / "docs/node.md"
    before, _, after = page.read_text().partition(CHECKS.splitlines()[0])
    meaning = after.partition("<!-- ")[2]
    with Image() as image:
        if sys.argv[1:] == ["engine"]:
            text = before + checks(image, "benches/node.py engine")
        else:
            text = probes(image) + checks(image, "make bench-node")
    page.write_text(f"{text}<!-- {meaning}")
    print(page.read_text())


if __name__ == "__main__":
    main()
