"""A throw-away Slurm cluster on this machine: munged, slurmctld and some slurmd on loopback, ended by their process ids.

    with Cluster(nodes=3, cpus=2) as cluster:
        cluster.run("sbatch", "--wrap", "hostname")

Debian's packages slurmctld, slurmd, slurm-client and munge are needed. No systemd, no control groups, no database. As another user
than root everything runs as that user, who can submit jobs for himself only.
"""

import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"]


def missing():
    """Programs that are not installed; Debian keeps daemons where not everybody looks."""
    return [p for p in PROGRAMS if not shutil.which(p, path=PATH)]


PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    def __init__(self, nodes=3, cpus=2, mebibytes=2000):
        self.nodes, self.cpus, self.mebibytes = nodes, cpus, mebibytes
        # A short path: sockets must fit into 108 characters.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nd-slurm-"))
        self.daemons = []
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(self.folder / "slurm.conf")}

    # Daemons

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.daemons):
            process.terminate()
        for process in reversed(self.daemons):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _daemon(self, name, *arguments):
        with open(self.folder / "log" / f"{name}.out", "w") as out:
            self.daemons.append(subprocess.Popen(
                list(map(str, arguments)), stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=self.environment))

    def _start(self):
        for name in ("munge", "state", "spool", "log", "run"):
            (self.folder / name).mkdir()
        # munge demands that nobody else can write here, and that others can reach the socket.
        self.folder.chmod(0o755)
        (self.folder / "munge").chmod(0o711)
        key = self.folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        munge = self.folder / "munge"
        self._daemon(
            "munged", "munged", "--force", "--foreground", "--num-threads=2", f"--key-file={key}", f"--socket={munge}/sock",
            f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        self._configure()
        self._until(lambda: self.run("munge", f"--socket={munge}/sock", "-n", check=False).returncode == 0, "munged")
        self._daemon("slurmctld", "slurmctld", "-D", "-f", self.folder / "slurm.conf")
        for number in range(self.nodes):
            (self.folder / "spool" / f"n{number}").mkdir()
            self._daemon(f"slurmd-{number}", "slurmd", "-D", "-N", f"n{number}", "-f", self.folder / "slurm.conf")
        self._until(lambda: len(set(self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N", check=False).stdout.split())) == self.nodes, "slurm")

    def _configure(self):
        controller, *ports = free_ports(1 + self.nodes)
        host, user, folder = socket.gethostname().split(".")[0], getpass.getuser(), self.folder
        settings = {
            "ClusterName": "throwaway", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmctldPort": controller,
            "SlurmUser": user, "SlurmdUser": user, "AuthType": "auth/munge", "CredType": "cred/munge",
            "AuthInfo": f"socket={folder}/munge/sock,cred_expire=5", "StateSaveLocation": f"{folder}/state",
            "SlurmdSpoolDir": f"{folder}/spool/%n", "SlurmctldPidFile": f"{folder}/run/slurmctld.pid",
            "SlurmdPidFile": f"{folder}/run/slurmd.%n.pid", "SlurmctldLogFile": f"{folder}/log/slurmctld.log",
            "SlurmdLogFile": f"{folder}/log/slurmd.%n.log", "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none", "JobAcctGatherType": "jobacct_gather/none",
            "AccountingStorageType": "accounting_storage/none", "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core_Memory", "SlurmdParameters": "config_overrides",
            "SchedulerType": "sched/backfill",
            "SchedulerParameters": "sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0,requeue_delay=1",
            "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny", "MpiDefault": "none", "ReturnToService": 2,
            "JobRequeue": 1, "KillWait": 5, "MinJobAge": 600, "InactiveLimit": 0, "MessageTimeout": 5, "TCPTimeout": 2,
            "SlurmdTimeout": 10, "PreemptType": "preempt/partition_prio", "PreemptMode": "REQUEUE",
            "SlurmctldParameters": "preempt_send_user_signal",
        }
        lines = [f"{key}={value}" for key, value in settings.items()]
        for number, port in enumerate(ports):
            lines.append(
                f"NodeName=n{number} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={self.cpus}"
                f" RealMemory={self.mebibytes} State=UNKNOWN")
        # What is urgent puts what runs in main back into the queue, after some seconds of grace.
        nodes = f"Nodes=n[0-{self.nodes - 1}] MaxTime=INFINITE State=UP"
        lines.append(f"PartitionName=main {nodes} Default=YES PriorityTier=1 GraceTime=20")
        lines.append(f"PartitionName=urgent {nodes} PriorityTier=10 PreemptMode=OFF")
        (self.folder / "slurm.conf").write_text("\n".join(lines) + "\n")

    def _until(self, done, what, seconds=30):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end or any(d.poll() is not None for d in self.daemons):
                logs = "\n".join(f"{p.name}: {p.read_text()[-1500:]}" for p in sorted((self.folder / "log").iterdir()))
                raise RuntimeError(f"{what} did not come up:\n{logs}")
            time.sleep(0.1)

    # Use

    def run(self, *command, check=True, **options):
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, env={**self.environment, **options.pop("environment", {})}, timeout=60, **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def tasks(self, job):
        """State and node of each task of a job that Slurm still knows: {number or None: state}."""
        said = self.run("scontrol", "--oneliner", "show", "job", job, check=False).stdout
        states = {}
        for line in said.splitlines():
            fields = dict(part.split("=", 1) for part in line.split() if "=" in part)
            task = fields.get("ArrayTaskId", "")
            states[int(task) if task.isdigit() else task or None] = fields["JobState"]
        return states

    def wait(self, done, what, seconds=180):
        """Waits until `done()` is true, and returns it."""
        end = time.monotonic() + seconds
        while True:
            if result := done():
                return result
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come: {self.run('squeue', '-r', check=False).stdout}")
            time.sleep(0.2)
