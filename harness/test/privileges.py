#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Capabilities of every process of a run, and that the network of the machine
stays unchanged.

usage: privileges.py MISBEHAVING HALFOPEN [TEST...]
"""
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import rig
from rig import PASS, USAGE

PROGRAM, HALFOPEN = sys.argv[1:3]
ROOT = os.geteuid() == 0

# The numbers of <linux/capability.h>.
CHOWN, DAC_OVERRIDE, KILL, SETGID, SETUID, SETPCAP = 0, 1, 5, 6, 7, 8
NET_ADMIN, NET_RAW, SYS_PTRACE, SYS_ADMIN = 12, 13, 19, 21
SETS = "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"


# For the short cases, which take 300 s and more beside 20 busy processes.
LONG = 1500


def mask(*capabilities):
    return sum(1 << number for number in capabilities)


OF_WORLD = mask(NET_ADMIN, NET_RAW, SYS_ADMIN, SETPCAP, SYS_PTRACE, KILL)
OF_ROOT = mask(SETUID, SETGID, CHOWN, DAC_OVERRIDE)
OF_INIT = mask(KILL, SETUID, SETGID) if ROOT else mask(KILL)


def status(pid):
    return dict(line.split(":\t", 1)
                for line in rig.read(pid, "status").splitlines())


def network(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


def is_privileged():
    """Root with all capabilities, not a container's root."""
    return ROOT and int(status("self")["CapEff"], 16) & mask(SYS_ADMIN)


class Standing(unittest.TestCase):
    """The processes of a world with two hosts, two probes and a program."""

    @classmethod
    def setUpClass(cls):
        cls.process = rig.start(PROGRAM, "run", "runs-program/long")
        cls.pid = cls.process.pid
        there = rig.wait_for(lambda: len(rig.probes(cls.pid)) == 2 and
                             rig.programs(cls.pid))
        assert there, "no world"

    @classmethod
    def tearDownClass(cls):
        cls.process.kill()
        cls.process.stdout.close()
        cls.process.wait()

    def assert_has(self, pid, most, sets=SETS):
        """Has no capability but `most`, and cannot gain one."""
        is_now = status(pid)
        for name in sets:
            self.assertEqual(int(is_now[name], 16) & ~most, 0,
                             f"{is_now['Name']}: {name} {is_now[name]}")
        self.assertEqual(is_now["NoNewPrivs"], "1", is_now["Name"])

    def peers(self):
        found = rig.probes(self.pid) + rig.programs(self.pid)
        self.assertEqual(len(found), 3)
        return found

    def test_probes_and_programs_have_no_capabilities(self):
        for pid in self.peers():
            self.assert_has(pid, 0)

    def test_probes_and_programs_are_not_root(self):
        if ROOT and not is_privileged():
            self.skipTest("a container's root may have no other uid")
        for pid in self.peers():
            for kind in "Uid", "Gid":
                self.assertNotIn("0", status(pid)[kind].split())
            if ROOT:
                self.assertEqual(status(pid)["Groups"].strip(), "")

    def test_inits_of_hosts_have_few_capabilities(self):
        self.assertEqual(len(rig.inits(self.pid)), 2)
        for pid in rig.inits(self.pid):
            self.assert_has(pid, OF_INIT)
            self.assert_has(pid, 0, ["CapInh", "CapBnd", "CapAmb"])

    def test_the_case_process_has_few_capabilities(self):
        (pid,) = rig.workers(self.pid)
        self.assert_has(pid, OF_WORLD | (OF_ROOT if ROOT else 0))
        self.assert_has(pid, 0, ["CapInh", "CapAmb"])

    def test_program_of_the_probe_is_sealed(self):
        (name,) = [fd for fd in os.listdir(f"/proc/{self.pid}/fd") if
                   os.readlink(f"/proc/{self.pid}/fd/{fd}")
                   .startswith("/memfd:")]
        path = f"/proc/{self.pid}/fd/{name}"
        with open(path, "rb") as file:
            seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)
        # SEAL, SHRINK, GROW, WRITE, FUTURE_WRITE
        self.assertEqual(seals & 0x1f, 0x1f)

    def test_only_halfopen_is_in_the_network_of_the_machine(self):
        self.assertEqual(network(self.pid), network("self"))
        mine = rig.descendants(self.pid)
        self.assertEqual(len(mine), 1 + 2 + 3)
        readable = [pid for pid in mine if self.may_look(pid)]
        self.assertGreater(len(readable), 0)
        for pid in readable:
            self.assertNotEqual(network(pid), network("self"))

    def test_halfopen_has_the_capabilities_of_its_caller(self):
        for name in SETS:
            self.assertEqual(status(self.pid)[name], status("self")[name])

    @staticmethod
    def may_look(pid):
        """An undumpable process' links in /proc belong to root."""
        try:
            return bool(network(pid))
        except PermissionError:
            return False


# --- the machine -------------------------------------------------------------

# Their values change without halfopen.
MOVING = re.compile(r"nf_conntrack_count|tcp_fastopen_key|stable_secret")


def sysctls():
    found = {}
    for path in pathlib.Path("/proc/sys/net").rglob("*"):
        if MOVING.search(path.name):
            continue
        try:
            found[str(path)] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            pass
    return found


def interfaces():
    routes = [pathlib.Path("/proc/net", name).read_text(encoding="ascii")
              for name in ("route", "if_inet6")
              if pathlib.Path("/proc/net", name).exists()]
    return sorted(os.listdir("/sys/class/net")), routes


def short_cases():
    """All cases that take less than three seconds."""
    listed = subprocess.run([HALFOPEN, "list", "--format", "jsonl"],
                            capture_output=True, check=True).stdout
    cases = map(json.loads, listed.splitlines())
    return [c["name"] for c in cases if c["seconds"] < 3]


def traced(*arguments):
    """Runs under strace. Returns its result, the system calls as {pid: [call,
    ...]}, and the pid of halfopen itself."""
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder, "trace")
        command = ["strace", "-f", "-s", "200", "-o", trace, "-e",
                   "trace=openat,open,openat2,creat,setns,unshare,clone,"
                   "clone3,fork,vfork,socket", *arguments]
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False)
        calls, first = {}, None
        lines = trace.read_text(encoding="utf-8").splitlines() \
            if trace.exists() else []
    for line in lines:
        pid, _, call = line.partition(" ")
        first = first or int(pid)
        calls.setdefault(int(pid), []).append(call.strip())
    return done, calls, first


class Keep(unittest.TestCase):
    """The commands that --keep prints."""

    SHOW = ("echo $(hostname) $(cat /proc/$$/comm); cat /proc/net/fib_trie; "
            "for i in user mnt ipc uts net pid; do readlink /proc/self/ns/$i; "
            "done")

    def kept(self, *prefix):
        """{name: command} of a world that is kept while the test goes on."""
        # pylint: disable=consider-using-with
        process = rig.start(*prefix, PROGRAM, "run", "fails", "--keep",
                            *rig.PATIENT)
        self.addCleanup(process.communicate)
        self.addCleanup(process.send_signal, signal.SIGINT)
        commands = {}
        for line in process.stdout:
            found = re.match("  (nsenter .*?) +# (.*)$", line)
            if found:
                commands[found[2]] = found[1].split()
            if "server" in commands:
                break
        return commands

    def test_commands_enter_all_namespaces_of_a_host(self):
        if not shutil.which("nsenter"):
            self.skipTest("nsenter is not installed")
        commands = self.kept()
        self.assertEqual(set(commands), {"the wire", "client", "server"})
        for host, address in ("client", "10.0.0.1"), ("server", "10.0.0.2"):
            command = commands[host]
            pid = command[command.index("--target") + 1]
            done = subprocess.run([*command, "sh", "-c", self.SHOW],
                                  check=False, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            first, *rest = done.stdout.splitlines()
            # A shell that sees its own processes in /proc.
            self.assertEqual(first, f"{host} sh")
            self.assertIn(address, done.stdout)
            for kind, link in zip(("user", "mnt", "ipc", "uts", "net"),
                                  rest[-6:]):
                self.assertEqual(link, os.readlink(f"/proc/{pid}/ns/{kind}"))
            self.assertNotEqual(rest[-1], os.readlink("/proc/self/ns/pid"))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_commands_are_printed_when_hosts_have_their_namespaces(self):
        """strace delays the call by which the init of a host enters its UTS
        namespace. With -D, halfopen is the child of this process."""
        commands = self.kept("strace", "-D", "-f", "-qq", "-o", "/dev/null",
                             "-e", "inject=unshare:delay_enter=300000")
        for host in "client", "server":
            self.assertIn("--uts", commands[host])


class Containers(unittest.TestCase):
    """What root has in a chroot or a container."""

    ROOT_OF_USER_NAMESPACE = ["unshare", "-U", "-r"]
    CHROOT = """set -e
        for name in usr etc proc dev sys tmp run; do
            mkdir -p "$0/$name"; mount --rbind "/$name" "$0/$name"
        done
        for name in bin sbin lib lib64; do
            [ ! -e "/$name" ] || ln -sfn "usr/$name" "$0/$name"
        done
        exec chroot "$0" "$@" """

    # Refuses sethostname() with EPERM, as the seccomp profile of podman does. BPF: the
    # number of the system call, compared; the results of linux/seccomp.h.
    WITHOUT_HOST_NAME = """if True:
        import ctypes, os, struct, sys
        libc = ctypes.CDLL(None)
        code = b"".join(struct.pack("HBBI", *step) for step in (
            (0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])),
            (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))
        keep = ctypes.create_string_buffer(code)
        program = struct.pack("HP", 4, ctypes.addressof(keep))
        assert libc.prctl(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS"
        assert libc.prctl(22, 2, program, 0, 0) == 0, "PR_SET_SECCOMP"
        os.execv(sys.argv[2], sys.argv[2:])"""

    def works(self, uid, *before, programs=(PROGRAM, HALFOPEN)):
        """A case passes, and a program of a lab has this uid."""
        done = rig.call(*before, programs[0], "run", "passes", *rig.PATIENT)
        if re.match("(unshare|setpriv|mount): ", done.stderr):
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, PASS, done.stdout + done.stderr)
        done = rig.call(*before, programs[1], "lab", "--client", "id -u",
                        "--expect", f'id: prints "{uid}"', "--at",
                        "when id ends", "end", "--for", "100s", *rig.PATIENT)
        self.assertEqual(done.returncode, PASS, done.stdout + done.stderr)
        return done.stdout

    def test_user_namespace_without_uid_nobody(self):
        text = self.works(0, *self.ROOT_OF_USER_NAMESPACE)
        self.assertEqual(len(re.findall("^.* note +no uid nobody on this "
                                        "machine", text, re.M)), 1, text)

    def test_root_without_capabilities_to_become_nobody(self):
        self.works(0, *self.ROOT_OF_USER_NAMESPACE, "setpriv",
                   "--bounding-set=-setuid,-setgid")
        if is_privileged():
            self.works(0, "setpriv", "--bounding-set=-setuid,-setgid")

    def test_root_without_capabilities_over_its_network(self):
        """It makes a user namespace, as ordinary users do."""
        if not is_privileged():
            self.skipTest("not root")
        for name in "net_admin", "net_raw", "sys_admin", "kill":
            with self.subTest(name):
                self.works(rig.NOBODY, "setpriv", f"--bounding-set=-{name}")

    def test_container_without_a_right_to_its_host_name(self):
        numbers = {"x86_64": 170, "aarch64": 161, "riscv64": 161, "s390x": 74}
        number = numbers.get(os.uname().machine)
        if number is None:
            self.skipTest(f"{os.uname().machine}: unknown number of sethostname()")
        self.works(rig.NOBODY if ROOT else os.geteuid(), sys.executable, "-c",
                   self.WITHOUT_HOST_NAME, number)

    def test_root_in_a_chroot(self):
        """The folder is no mount point. The mount namespace is the test's."""
        if not is_privileged():
            self.skipTest("not root")
        mounts = rig.read("self", "mountinfo")
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            os.chmod(folder, 0o755)
            for program in PROGRAM, HALFOPEN:
                shutil.copy(program, folder)
            self.works(rig.NOBODY, "unshare", "-m", "sh", "-c", self.CHROOT,
                       folder, programs=["/" + os.path.basename(program)
                                         for program in (PROGRAM, HALFOPEN)])
            done = rig.call("unshare", "-m", "sh", "-c", self.CHROOT, folder,
                            "setpriv", "--reuid=65534", "--regid=65534",
                            "--clear-groups", "/misbehaving", "run", "passes")
        self.assertEqual(done.returncode, rig.SKIPPED, done.stdout)
        self.assertIn("refuses user namespaces to uid 65534",
                      re.sub(r"\s+", " ", done.stdout))
        self.assertEqual(rig.read("self", "mountinfo"), mounts)


class Machine(unittest.TestCase):
    def test_sysctls_and_interfaces_do_not_change(self):
        before, links = sysctls(), interfaces()
        self.assertGreater(len(before), 100)
        for family in "4", "6":
            done = rig.run(HALFOPEN, *short_cases(), "--family", family,
                           "--inconclusive=skip", seconds=LONG)
            self.assertEqual(done.status, PASS, done.text)
        self.assertEqual(interfaces(), links)
        self.assertEqual(sysctls(), before)

    def test_system_calls_do_not_touch_the_machine_s_network(self):
        """Only the first process is in the network of the machine; it enters,
        opens and writes nothing of any network."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        done, calls, first = traced(
            PROGRAM, "run", "passes", "waits/short", "--set",
            "net.ipv4.tcp_retries2=5", *rig.PATIENT)
        if done.returncode != PASS and not calls:
            self.skipTest(f"strace does not work here: {done.stderr}")
        self.assertEqual(done.returncode, PASS, done.stdout + done.stderr)
        self.assertGreater(len(calls), 8)
        self.look_at_the_first(calls[first])
        for pid in calls.keys() - {first}:
            self.look_at_another(calls[pid])

    def look_at_the_first(self, calls):
        clones = [c for c in calls if c.startswith("clone")]
        self.assertGreaterEqual(len(clones), 4)
        for call in clones:
            self.assertIn("CLONE_NEWNET", call)
        for call in calls:
            self.assertNotRegex(call, r"^(setns|unshare)\(")
            self.assertNotRegex(call, r"AF_(NETLINK|PACKET|INET)")
            self.assertFalse("/proc/sys/" in call and "O_RDONLY" not in call,
                             call)
            if "/ns/" in call:
                self.assertRegex(call, '"/proc/thread-self/ns/net", O_RDONLY')

    def look_at_another(self, calls):
        """It starts in its own network; the only way out is to open another
        one by its path."""
        for call in calls:
            if "/ns/" in call and "ENOENT" not in call:
                self.assertRegex(call, '"/proc/thread-self/ns/net", O_RDONLY')

    def test_sysctls_of_the_machine_are_refused(self):
        for text in ("net.ipv4.tcp_mem=1 2 3", "kernel.hostname=x",
                     "vm.swappiness=1", "net.core.rmem_max=4096",
                     "net./../kernel.hostname=x"):
            with self.subTest(text):
                before = sysctls()
                done = rig.run(PROGRAM, "passes", "--set", text)
                self.assertEqual(done.status, USAGE, done.text)
                self.assertIn(text.split("=", maxsplit=1)[0], done.text)
                self.assertEqual(sysctls(), before)


if __name__ == "__main__":
    rig.main(sys.argv)
