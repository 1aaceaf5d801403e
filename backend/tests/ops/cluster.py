"""Three PostgreSQL 17 servers under Patroni, and three etcd, here, with the configuration of `deploy/patroni`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from app.ops.postgres import find_pg17
from app.ops.postgres.identity import server_user
from app.ops.postgres.launch import dies_with_parent

DEPLOYED = Path(__file__).resolve().parents[3] / "deploy" / "patroni"
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
PATRONI, ETCD = shutil.which("patroni", path=_PATH), shutil.which("etcd", path=_PATH)
MISSING = PATRONI is None or ETCD is None
PASSWORD = "of-a-cluster-for-tests"


@dataclass
class Node:
    """One server with its Patroni."""

    name: str
    port: int
    rest: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def role(self) -> str:
        """`primary`, `replica`, or nothing while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/patroni", timeout=1) as answer:
                found = json.load(answer)
        except OSError as error:
            text = getattr(error, "read", lambda: b"")()
            try:
                found = json.loads(text)
            except ValueError:
                return ""
        if found.get("state") not in ("running", "streaming"):
            return ""
        return "primary" if found.get("role") in ("master", "primary") else str(found.get("role"))


@dataclass
class Cluster:
    """A cluster that runs."""

    folder: Path
    nodes: list[Node]
    etcd: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def url(self, database: str = "postgres") -> str:
        """All three, of which libpq takes the one that may write."""
        hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres:{PASSWORD}@/{database}?{hosts}&target_session_attrs=read-write&connect_timeout=2"

    def libpq(self, database: str = "postgres") -> str:
        """The same as libpq writes it."""
        hosts, ports = ",".join(["127.0.0.1"] * 3), ",".join(str(node.port) for node in self.nodes)
        return (
            f"host={hosts} port={ports} dbname={database} user=postgres password={PASSWORD}"
            " target_session_attrs=read-write connect_timeout=2"
        )

    def leader(self) -> Node | None:
        return next((node for node in self.nodes if node.role() == "primary"), None)

    def start(self, node: Node) -> None:
        user = server_user(node.folder)
        with (node.folder / "patroni.log").open("ab") as said:
            node.process = subprocess.Popen(
                [str(PATRONI), str(node.folder / "patroni.yml")],
                stdout=said,
                stderr=said,
                cwd=node.folder,
                env={"PATH": _PATH, "LC_ALL": "C"},
                start_new_session=True,
                preexec_fn=dies_with_parent(),  # noqa: PLW1509  (two calls into the kernel)
                **user.credentials,
            )

    def kill(self, node: Node) -> None:
        """Patroni and its server are gone at once, as with the power."""
        assert node.process is not None
        postmaster = int((node.data / "postmaster.pid").read_text().splitlines()[0])
        found = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False)
        node.process.kill()
        for pid in (postmaster, *map(int, found.stdout.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        node.process.wait(10)

    def wait(self, *, streaming: int = 2, seconds: float = 90) -> Node:
        """Until there is a leader with so many standbys, one of them synchronous."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            leader = self.leader()
            if leader is not None and self._standbys(leader) >= streaming:
                return leader
            time.sleep(0.2)
        logs = "\n".join((node.folder / "patroni.log").read_text()[-1500:] for node in self.nodes)
        raise AssertionError(f"the cluster is not whole: {logs}")

    def _standbys(self, leader: Node) -> int:
        try:
            with psycopg.connect(
                host="127.0.0.1",
                port=leader.port,
                user="postgres",
                password=PASSWORD,
                dbname="postgres",
                connect_timeout=2,
                autocommit=True,
            ) as connection:
                row = connection.execute(
                    "SELECT count(*), bool_or(sync_state IN ('sync', 'quorum')) FROM pg_stat_replication"
                    " WHERE state = 'streaming'"
                ).fetchone()
        except psycopg.Error:
            return -1
        return int(row[0]) if row and row[1] else -1

    def be_strict(self) -> None:
        """As the runbook says: not before all three are there."""
        self._ask("PATCH", "config", {"synchronous_mode_strict": True})

    def switch(self) -> None:
        """A planned change of the leader."""
        leader = self.leader()
        assert leader is not None
        self._ask("POST", "switchover", {"leader": leader.name})

    def _ask(self, method: str, what: str, body: dict[str, Any]) -> None:
        leader = self.leader()
        assert leader is not None
        request = urllib.request.Request(
            f"http://127.0.0.1:{leader.rest}/{what}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            answer.read()


@contextmanager
def cluster(
    folder: Path, programs: Path | None = None, *, dcs: dict[str, int] | None = None
) -> Iterator[Cluster]:
    """A whole cluster in a folder that every user may enter; `dcs` in the place of the deployed times."""
    ports = _free_ports(12)
    user = server_user(folder)
    binaries = programs or find_pg17().bin
    if not user.can_reach(binaries):
        shutil.copytree(binaries.parent, folder / "programs", symlinks=True)
        binaries = folder / "programs" / "bin"
    made = Cluster(folder, [])
    hosts = ",".join(f"127.0.0.1:{ports[one]}" for one in range(3))
    try:
        for one in range(3):
            made.etcd.append(_etcd(folder, one, ports))
        for one in range(3):
            node = Node(f"node{one + 1}", ports[6 + one], ports[9 + one], folder / f"node{one + 1}")
            node.folder.mkdir(mode=0o700)
            text = _configuration(node, hosts, binaries, dcs or {})
            (node.folder / "patroni.yml").write_text(text)
            for path in (node.folder, node.folder / "patroni.yml"):
                user.own(path)
            made.nodes.append(node)
            made.start(node)
        yield made
    finally:
        for node in made.nodes:
            if node.process is not None and node.process.poll() is None:
                made.kill(node) if (node.data / "postmaster.pid").exists() else node.process.kill()
                node.process.wait(10)
        for process in made.etcd:
            process.kill()
            process.wait(10)


def _etcd(folder: Path, one: int, ports: list[int]) -> subprocess.Popen[bytes]:
    client, peer = f"http://127.0.0.1:{ports[one]}", f"http://127.0.0.1:{ports[3 + one]}"
    options = {
        "name": f"etcd{one}",
        "data-dir": str(folder / f"etcd{one}"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": ",".join(f"etcd{n}=http://127.0.0.1:{ports[3 + n]}" for n in range(3)),
    }
    with (folder / f"etcd{one}.log").open("wb") as said:
        return subprocess.Popen(
            [str(ETCD), *(f"--{name}={value}" for name, value in options.items())],
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=dies_with_parent(),  # noqa: PLW1509  (two calls into the kernel)
        )


def _configuration(node: Node, hosts: str, binaries: Path, dcs: dict[str, int]) -> str:
    found = yaml.safe_load((DEPLOYED / "patroni.yml").read_text())
    found["bootstrap"]["dcs"] |= dcs
    found["name"] = node.name
    found["etcd3"]["hosts"] = hosts
    for key in ("listen", "connect_address"):
        found["restapi"][key] = f"127.0.0.1:{node.rest}"
        found["postgresql"][key] = f"127.0.0.1:{node.port}"
    found["postgresql"] |= {"data_dir": str(node.data), "bin_dir": str(binaries)}
    found["postgresql"]["parameters"] = {"unix_socket_directories": str(node.folder)}
    for one in found["postgresql"]["authentication"].values():
        one["password"] = PASSWORD
    found["postgresql"]["pg_hba"] = [
        rule.replace("10.0.0.0/24", "127.0.0.1/32") for rule in found["postgresql"]["pg_hba"]
    ]
    return yaml.safe_dump(found)


def _free_ports(count: int) -> list[int]:
    """Below those that the system gives to clients, which could take one between two starts of a server."""
    found: list[int] = []
    candidate = 20_000 + os.getpid() % 5_000
    while len(found) < count:
        candidate += 1
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", candidate)) != 0:
                found.append(candidate)
    return found
