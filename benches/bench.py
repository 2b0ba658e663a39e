#!/usr/bin/env python3
"""What a probe costs, by lprobe and by others, against nginx on loopback: docs/measurements.md and docs/cost.svg.

`benches/bench.py attacks` renews the page's last section alone, from what `make test` and `make answers` have left in target/.

Counts first (bytes, page faults, system calls, instructions), then times: medians of interleaved runs. On Debian, as root;
`make bench` builds what it measures.
"""

import ctypes
import itertools
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

from bars import bars

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "target/bench-tools"
RUNS = int(os.environ.get("BENCH_RUNS", "200"))
NULL = open(os.devnull, "r+b")
# Of a container's few variables, not of a terminal's many: each costs lprobe some 70 instructions.
ENVIRONMENT = {"PATH": os.environ["PATH"]}

PACKAGES = {
    "busybox": "busybox-static", "curl": "curl", "nginx": "nginx-light", "perf": "linux-perf", "strace": "strace",
    "valgrind": "valgrind", "gcc": "gcc", "musl-gcc": "musl-tools",
}


def install():
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")]
    if missing:
        print("bench: to install:", *missing, "by apt-get, on this machine", file=sys.stderr)
        if os.environ.get("LPROBE_SETUP") == "no":
            sys.exit("bench: LPROBE_SETUP=no, so nothing is installed")
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        subprocess.run(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *missing], check=True, stdout=NULL)
    if not (TOOLS / "bin/httpget").exists():
        subprocess.run(["cargo", "install", "--quiet", "httpget", "--version", "0.1.23", "--root", TOOLS], check=True)
    subprocess.run(["musl-gcc", "-Os", "-static", "-s", "-o", TOOLS / "floor", ROOT / "benches/floor.c"], check=True)
    subprocess.run(["gcc", "-Os", "-static", "-s", "-nostdlib", "-o", TOOLS / "exit", ROOT / "benches/exit.c"], check=True)
    # How a file was written into the page cache makes up to five page faults: these are written as all of the others are.
    for name in ["lprobe", "lprobe-full"]:
        shutil.copy(ROOT / "dist" / name, TOOLS / name)


def port_of_a_service():
    """A free port that the kernel gives to no client: a tcp:// probe of any other connects twice."""
    for port in itertools.count(8080):
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue


class Nginx:
    """Answers 200 at /, 503 at /sick."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.port = port_of_a_service()
        configuration = f"""
            daemon off; pid nginx.pid; error_log stderr crit; user root root; worker_processes 1;
            events {{ worker_connections 4096; }}
            http {{
                access_log off;
                server {{
                    listen 127.0.0.1:{self.port} backlog=4096;
                    location / {{ return 200 ok; }}
                    location /sick {{ return 503; }}
                }}
            }}"""
        Path(self.folder.name, "nginx.conf").write_text(configuration)
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([nginx, "-p", self.folder.name, "-c", "nginx.conf", "-e", "stderr"])
        while socket.socket().connect_ex(("127.0.0.1", self.port)) != 0:
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def closed_port():
    """A port that refuses for as long as the socket lives."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def others():
    """The commands of other people's programs, to which a URL is added. There is busybox with a C library and without."""
    dynamic = size(["busybox"])[1]
    return {
        f"busybox wget ({'dynamic' if dynamic else 'static'})": ["busybox", "wget", "-q", "-O", "/dev/null"],
        "httpget (Rust)": [TOOLS / "bin/httpget"],
        "curl": ["curl", "-fsS", "-o", "/dev/null"],
    }


# What is no probe, and no bar of the chart.
START = "lprobe --version"


def programs(port, refused):
    """The command lines, by program and case."""
    url = f"http://127.0.0.1:{port}"
    cases = {"a process that only exits": {"healthy": [TOOLS / "exit"]}, "a GET in C, and no more": {"healthy": [TOOLS / "floor", str(port)]}}
    for name in ["lprobe", "lprobe-full"]:
        binary = TOOLS / name
        cases[name] = {
            "healthy": [binary, f"{url}/"],
            "unhealthy": [binary, f"{url}/sick"],
            "tcp": [binary, f"tcp://127.0.0.1:{port}"],
            "refused": [binary, f"http://127.0.0.1:{refused}/"],
        }
    cases[START] = {"healthy": [TOOLS / "lprobe", "--version"]}
    for name, command in others().items():
        cases[name] = {
            "healthy": [*command, f"{url}/"],
            "unhealthy": [*command, f"{url}/sick"],
            "refused": [*command, f"http://127.0.0.1:{refused}/"],
        }
    return {name: {case: [str(part) for part in command] for case, command in of.items()} for name, of in cases.items()}


def output(command):
    return subprocess.run(command, stdin=NULL, stdout=NULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT).stderr


def stat(command):
    """CPU in microseconds and page faults of one run."""
    lines = output(["perf", "stat", "-x,", "-e", "task-clock,page-faults", *command]).splitlines()
    values = {line.split(",")[2]: float(line.split(",")[0]) for line in lines if line.count(",") > 3}
    clock = next(value for name, value in values.items() if name.startswith("task-clock"))
    return clock * 1000, next(value for name, value in values.items() if name.startswith("page-faults"))


def system_calls(command):
    return sum("(" in line for line in output(["strace", "-f", *command]).splitlines() if not line.startswith("lprobe:"))


def instructions(command):
    found = re.search(r"Collected : (\d+)", output(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]))
    return int(found[1]) if found else None


def wall(command):
    """Microseconds from spawn to exit."""
    actions = [(os.POSIX_SPAWN_DUP2, NULL.fileno(), fd) for fd in (0, 1, 2)]
    program = shutil.which(command[0])
    begin = time.perf_counter()
    os.waitpid(os.posix_spawn(program, command, {}, file_actions=actions), 0)
    return (time.perf_counter() - begin) * 1e6


def peak_rss(command):
    """In KiB, of a traced process that stops at its exit: the kernel's own account begins with the parent's memory."""
    trace_me, cont, set_options, trace_exit, event_exit = 0, 7, 0x4200, 0x40, 6 << 8 | signal.SIGTRAP
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    process = os.fork()
    if process == 0:
        for fd in (0, 1, 2):
            os.dup2(NULL.fileno(), fd)
        ptrace(trace_me, 0, None, None)
        os.execvp(command[0], command)
    os.waitpid(process, 0)
    ptrace(set_options, process, None, ctypes.c_void_p(trace_exit))
    peak = None
    while True:
        ptrace(cont, process, None, None)
        _, status = os.waitpid(process, 0)
        if not os.WIFSTOPPED(status):
            return peak
        if status >> 8 == event_exit:
            peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[1])


def size(command):
    path = Path(shutil.which(command[0]))
    libraries = subprocess.run(["ldd", path], capture_output=True, text=True)
    return path.resolve().stat().st_size, libraries.returncode == 0 and "statically linked" not in libraries.stdout


def interleaved(measure, commands, runs=RUNS):
    """The medians of `runs` of each command, taken in turns."""
    taken = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(measure(command))
    return {name: [statistics.median(values) for values in zip(*of)] if isinstance(of[0], tuple) else statistics.median(of) for name, of in taken.items()}


def cell(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def table(case, commands):
    stats, walls = interleaved(stat, commands), interleaved(wall, commands)
    rows = []
    for name, command in commands.items():
        bytes_, dynamic = size(command)
        cpu, faults = stats[name]
        rows.append([
            name, f"{bytes_:,}" + (" + libraries" if dynamic else ""), cell(faults), cell(system_calls(command)),
            cell(instructions(command)), cell(cpu / 1000, "{:.2f}"), cell(walls[name] / 1000, "{:.2f}"),
        ])
    head = ["program", "bytes", "page faults", "system calls", "instructions", "CPU ms", "wall ms"]
    return head, rows


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def wrapped(page):
    """A page whose paragraphs have lines of at most 100 characters."""
    def wrap(block):
        if not block.strip() or block.lstrip().startswith(("|", "#", "!", "`" * 3, "<", "- ")):
            return block
        text = textwrap.fill(" ".join(block.split()), 100, break_long_words=False, break_on_hyphens=False)
        return text + "\n" * block.endswith("\n")

    return "\n\n".join(map(wrap, page.split("\n\n")))


class Flood:
    """A server that sends `piece` again and again after `begin`, with `pause` seconds between."""

    def __init__(self, begin, piece, pause=0.0):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, args=(begin, piece, pause), daemon=True).start()

    def serve(self, begin, piece, pause):
        while True:
            connection, _ = self.listener.accept()
            try:
                connection.recv(4096)
                connection.sendall(begin)
                left = 1 << 30
                while left > 0:
                    connection.sendall(piece)
                    left -= len(piece)
                    time.sleep(pause)
            except OSError:
                pass


def worst_cases(nginx):
    headers = Flood(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n")
    body = Flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
    drip = Flood(b"", b"H", 1.0)
    rows = []
    for name in ["lprobe", "lprobe-full"]:
        binary = str(TOOLS / name)
        url = "http://127.0.0.1:{}/".format
        for case, command in {
            "1 GB of headers": [url(headers.port)],
            "1 GB of body": [url(body.port)],
            "1 GB of body, searched": ["--contains=none", url(body.port)],
            "one byte a second": [url(drip.port)],
            "64 targets": [url(nginx.port)] * 64,
        }.items():
            command = [binary, *command]
            cpu, faults = interleaved(stat, {case: command}, 5)[case]
            time_ = interleaved(wall, {case: command}, 5)[case]
            code = subprocess.run(command, stdin=NULL, stdout=NULL, stderr=NULL).returncode
            rows.append([name, case, str(code), cell(faults), cell(peak_rss(command)), cell(cpu / 1000, "{:.2f}"), cell(time_ / 1000, "{:.2f}")])
    return ["program", "the server", "exit code", "page faults", "peak RSS KiB", "CPU ms", "wall ms"], rows


def several(port):
    binary, url = str(TOOLS / "lprobe"), f"http://127.0.0.1:{port}/"
    one, eight = [binary, url], [binary, *[url] * 8]

    def eight_runs(_):
        return sum(wall(one) for _ in range(8))

    walls = interleaved(lambda which: wall(eight) if which == "one run" else eight_runs(which), {"one run": "one run", "eight runs": "eight runs"})
    cpu = interleaved(stat, {"one": one, "eight": eight})
    calls = system_calls(eight), 8 * system_calls(one)
    return ["eight targets", "page faults", "system calls", "CPU ms", "wall ms"], [
        ["in one run", cell(cpu["eight"][1]), cell(calls[0]), cell(cpu["eight"][0] / 1000, "{:.2f}"), cell(walls["one run"] / 1000, "{:.2f}")],
        ["in eight runs", cell(8 * cpu["one"][1]), cell(calls[1]), cell(8 * cpu["one"][0] / 1000, "{:.2f}"), cell(walls["eight runs"] / 1000, "{:.2f}")],
    ]


def attacks():
    """What `make answers` and the tests in tests/it/hostile/ have left in target/, as a section of the page."""
    lines = (ROOT / "target/answers.txt").read_text().splitlines()
    rows = {}
    for path in sorted((ROOT / "target/hostile").iterdir()):
        name = path.name.partition("-hostile-")[0] + (", eight targets at once" if "eight" in path.name else "")
        cases, runs, late, peak = map(int, path.read_text().split())
        known = rows.setdefault(name, [0, 0, 0, 0])
        rows[name] = [known[0] + cases, known[1] + runs, max(known[2], late), max(known[3], peak)]
    cells = [[name, f"{cases:,}", f"{runs:,}", f"{late / 1000:.1f}", f"{peak / 1024:,.0f}"] for name, (cases, runs, late, peak) in rows.items()]
    head = ["program", "hostile servers", "runs", "worst lateness ms", "worst RSS KiB"]
    return wrapped(
        f"{ATTACKS}\n\n`make test` runs each hostile server of tests/it/hostile/ against the real binary, for one target and for eight at\n"
        "once. The lateness is the time after the deadline, and the memory is the peak of the resident memory.\n\n"
        f"{markdown(head, cells)}\n\n`make answers` makes random answers, and compares lprobe's verdict on each with that of a second implementation. ANSWERS and\nSEED set how many and which: by default 10,000,000 of seed 1, of which CI makes the first 200,000. The last run:\n\n"
        f"```\n{lines[-1]}\n```\n"
    )


ATTACKS = "## Under attack"


def write_attacks():
    """Puts that section into the page, and leaves the rest as it is."""
    before, _, after = (ROOT / "docs/measurements.md").read_text().partition(ATTACKS)
    _, mark, rest = after.partition("\n## ")
    (ROOT / "docs/measurements.md").write_text(f"{before.rstrip()}\n\n{attacks().rstrip()}\n{mark}{rest}")


def chart(rows):
    """Bars of CPU and page faults of a healthy probe."""
    columns = [
        ("CPU of a healthy probe", [float(row[5]) for row in rows], "{:.2f} ms"),
        ("page faults", [float(row[2].replace(",", "")) for row in rows], "{:.0f}"),
    ]
    return bars([row[0] for row in rows], columns, "lprobe")


def main():
    install()
    with Nginx() as nginx, closed_port() as refused:
        commands = programs(nginx.port, refused.getsockname()[1])
        parts = []
        healthy = None
        for case, title in [
            ("healthy", "A healthy HTTP probe"), ("unhealthy", "An unhealthy one (status 503)"), ("tcp", "A TCP probe"),
            ("refused", "A refused connection"),
        ]:
            print("bench:", case, file=sys.stderr)
            head, rows = table(case, {name: of[case] for name, of in commands.items() if case in of})
            healthy = healthy or rows
            parts.append(f"## {title}\n\n{markdown(head, rows)}")
        print("bench: several targets, worst cases", file=sys.stderr)
        parts.append(f"## Several targets\n\n{markdown(*several(nginx.port))}")
        parts.append(f"## Misbehaving servers, and many targets\n\n{markdown(*worst_cases(nginx))}")
    version = subprocess.run(["uname", "-srm"], capture_output=True, text=True).stdout.strip()
    page = (
        "# What a probe costs\n\n"
        f"Made by `make bench` on {version}, {os.cpu_count()} cores, against nginx on loopback. All figures are medians of\n"
        f"{RUNS} runs, made in turns. Ratios are similar on other machines, milliseconds are not. `make test` compares the counts with the\n"
        "bounds in tests/it/budgets.rs.\n\n"
    )
    old = (ROOT / "docs/measurements.md").read_text().partition(ATTACKS)
    (ROOT / "docs/measurements.md").write_text(wrapped(page) + "\n\n".join(parts) + "\n" + (f"\n{old[1]}{old[2]}" if old[1] else ""))
    (ROOT / "docs/cost.svg").write_text(chart([row for row in healthy if row[0] != START]))
    print((ROOT / "docs/measurements.md").read_text())


if __name__ == "__main__":
    write_attacks() if sys.argv[1:] == ["attacks"] else main()
