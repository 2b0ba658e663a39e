#!/usr/bin/env python3
"""Plays a crowded node: 250 containers, each with a probe every second, on two cores; and what a container engine's exec
takes around a probe. docs/node.md. On Debian, as root; `make bench-node` builds what it measures.
"""

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
from pathlib import Path

from bench import NULL, ROOT, TOOLS, Nginx, install, markdown

CONTAINERS = 250
SECONDS = int(os.environ.get("BENCH_SECONDS", "30"))
CORES = 2
EXECS = int(os.environ.get("BENCH_EXECS", "30"))


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
        "busybox wget (static)": ["busybox", "wget", "-q", "-O", "/dev/null", url],
        "httpget (Rust)": [str(TOOLS / "bin/httpget"), url],
        "curl": ["curl", "-fsS", "-o", "/dev/null", url],
    }.items():
        print("bench-node:", name, file=sys.stderr)
        share, p99, median, failed = play(command)
        cores = share * CORES * 1000
        rows.append([name, f"{share:.1%}", f"{median:.2f}", f"{p99:.2f}", f"{failed}", f"{cores:.0f}"])
    return ["program", f"CPU of {CORES} cores", "median ms", "p99 ms", "failed", "cores on 1,000 nodes"], rows


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, env={**os.environ, "DOCKER_BUILDKIT": "0"}).stdout.strip()


def engine():
    """Milliseconds of `docker exec`, by what runs in it, in turns."""
    with tempfile.TemporaryDirectory() as context:
        for file in ["dist/lprobe", "target/demo-server", "target/bench-tools/exit"]:
            shutil.copy(ROOT / file, context)
        Path(context, "Dockerfile").write_text('FROM scratch\nCOPY lprobe demo-server exit /\nENTRYPOINT ["/demo-server", "8080"]\n')
        tag = f"lprobe-bench:{os.getpid()}"
        docker("build", "--quiet", "--tag", tag, context)
    container = docker("run", "--detach", tag)
    try:
        target = "http://localhost:8080/healthz"
        ways = {
            "exec of a process that only exits": [["/exit"]],
            "exec of one check": [["/lprobe", target]],
            "four checks in one exec": [["/lprobe", *[target] * 4]],
            "four execs of one check": [["/lprobe", target]] * 4,
        }
        docker("exec", container, "/lprobe", "--wait=10s", target)
        times = {way: [] for way in ways}
        for _ in range(EXECS):
            for way, execs in ways.items():
                begin = time.perf_counter()
                for command in execs:
                    subprocess.run(["docker", "exec", container, *command], check=True, stdin=NULL, stdout=NULL, stderr=NULL)
                times[way].append((time.perf_counter() - begin) * 1e3)
        return ["on the engine", "wall ms"], [[way, f"{statistics.median(taken):.1f}"] for way, taken in times.items()]
    finally:
        docker("rm", "--force", container)
        docker("rmi", "--force", tag)


def main():
    install()
    os.sched_setaffinity(0, set(list(os.sched_getaffinity(0))[:CORES]))
    with Nginx() as nginx:
        parts = [markdown(*node(nginx.port))]
    print("bench-node: the engine", file=sys.stderr)
    parts.append(markdown(*engine()))
    uname = subprocess.run(["uname", "-srm"], capture_output=True, text=True).stdout.strip()
    page = ROOT / "docs/node.md"
    words = page.read_text().split("<!-- ") if page.exists() else []
    head = (
        "# What probes cost a node\n\n"
        f"Made by `make bench-node` on {uname}: {CONTAINERS} containers, each with a probe every second, for {SECONDS} seconds, on {CORES} cores\n"
        "that the server shares. A probe's time is from when it is due to its exit, and CPU is that of the probes alone.\n\n"
    )
    rest = "<!-- " + words[1] if len(words) > 1 else "<!-- what it means -->\n"
    page.write_text(head + "\n\n".join(parts) + "\n\n" + rest)
    print(page.read_text())


if __name__ == "__main__":
    main()
