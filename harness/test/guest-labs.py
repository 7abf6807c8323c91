#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""halfopen vm -- lab: refusals, the programs of a guest, labs in virtual time.

usage: guest-labs.py HALFOPEN BUILD [TEST...]

A script in place of QEMU keeps the initramfs. Tests that need a real kernel boot
the one in HALFOPEN_KERNEL, or the newest below BUILD/kernels; User Mode Linux is
HALFOPEN_UML, or BUILD/uml/linux.
"""
import glob
import json
import os
import pathlib
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import rig
from rig import FAIL, PASS, USAGE

HALFOPEN = os.path.realpath(sys.argv[1])
BUILD = sys.argv[2]
QEMU = "qemu-system-x86_64"
# Folders of which a lab has its own.
PRIVATE = ("/tmp/", "/run/", "/var/log/", "/var/tmp/")

# A program of a pool: a request each second over one connection.
POOL = """
about: A server host crashes while a request is in flight.
for: 16m
hosts:
  client:
    run: {name: pool, run: python3 $FOLDER/pool.py}
    files:
      pool.py: |
        import os, socket, struct, time
        link = socket.create_connection((os.environ["server"], 6379))
        try:
            while True:
                link.sendall(b"PING")
                link.recv(4)
                info = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 12)
                print("rto", struct.unpack_from("I", info, 8)[0], flush=True)
                time.sleep(1)
        except OSError as error:
            print("failed:", error.strerror)
  server:
    run: {name: store, run: python3 $FOLDER/store.py, listens: 6379}
    files:
      store.py: |
        import os, socket
        listener = socket.create_server((os.environ["server"], 6379))
        link = listener.accept()[0]
        while True:
            link.sendall(link.recv(4))
timeline:
  - 2500ms: crash server
expect:
  - 'pool: prints "failed: Connection timed out" after 15m'
"""

# A shell that nobody uses, with keepalive at the kernel's defaults.
SHELL = """
about: A server host crashes while the connection is idle.
for: 2h20m
hosts:
  client:
    run: {name: shell, run: python3 $FOLDER/shell.py}
    files:
      shell.py: |
        import os, socket
        link = socket.create_connection((os.environ["server"], 22))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        print("connected", flush=True)
        try:
            link.recv(1)
        except OSError as error:
            print("failed:", error.strerror)
  server:
    sysctls: {net.ipv4.ip_unprivileged_port_start: 22}
    run: {name: daemon, run: python3 $FOLDER/daemon.py, listens: 22}
    files:
      daemon.py: |
        import os, signal, socket
        listener = socket.create_server((os.environ["server"], 22))
        link = listener.accept()
        signal.pause()
timeline:
  - 10s: crash server
expect:
  - 'shell: prints "failed: Connection timed out" after 2h11m'
"""

SHORT = """
for: 3s
hosts:
  client: {run: {name: hello, run: echo hello && touch $FOLDER/x && ls $FOLDER}}
  gateway: {as: nat, idle: 60s}
  server:
timeline:
  - 1s: [connect client server, send client 100]
expect:
  - 'hello: prints "hello"'
  - 'hello: prints "x"'
  - server: 1 ESTAB
"""

# Each kind of balancer, with backends of its own. IPVS drops an idle entry up to
# 0.25 s late: that is the granularity of the timer wheel.
BALANCERS = """
for: 6s
networks: [front, back-a, back-b, back-c, back-d]
hosts:
  client: {networks: front}
  turns: {as: balancer, networks: [front, back-a], backends: [a1, a2]}
  source: {as: balancer, networks: [front, back-b], backends: [b1, b2],
           balance: source}
  ipvs-turns: {as: balancer, with: ipvs, networks: [front, back-c],
               backends: [c1, c2], idle: 2s, unknown: rst}
  ipvs-source: {as: balancer, with: ipvs, networks: [front, back-d],
                backends: [d1, d2], balance: source}
  a1: {networks: back-a}
  a2: {networks: back-a}
  b1: {networks: back-b}
  b2: {networks: back-b}
  c1: {networks: back-c}
  c2: {networks: back-c}
  d1: {networks: back-d}
  d2: {networks: back-d}
timeline:
  - 0s: [listen a1, listen a2, listen b1, listen b2]
  - 100ms: [listen c1, listen c2, listen d1, listen d2]
  - 1s: connect client turns 4 times
  - 1s: connect client source 4 times
  - 1s: connect client ipvs-turns 4 times
  - 1s: connect client ipvs-source 4 times
  - 2s: send client 10
  - 5s: send client 10
expect:
  - a1: 2 ESTAB within 2s
  - a2: 2 ESTAB within 2s
  - c1: 2 ESTAB within 2s
  - c2: 2 ESTAB within 2s
  - client: 16 ESTAB within 2s
  - client: 12 ESTAB
  - client: receives 4 rsts
  - client: ECONNRESET after 5s within 5500ms
"""

# The unit tests of IPVS in the guest, whose modules are loaded for the balancers.
IPVS_TESTS = """
for: 1m
networks: [front, back]
hosts:
  client: {networks: front, run: {name: tests, run: PROGRAM}}
  turns: {as: balancer, with: ipvs, networks: [front, back], backends: server}
  source: {as: balancer, with: ipvs, networks: [front, back], backends: server,
           balance: source}
  server: {networks: back}
timeline:
  - 100ms after tests ends: end
expect:
  - 'tests: exit 0'
"""

FAILS = """
for: 1s
hosts: {client: , server: }
timeline:
  - 100ms: connect client server
expect:
  - 'client: ECONNRESET'
"""


# PostgreSQL sets SO_KEEPALIVE, and tcp_keepalives_idle is the kernel's default.
SPINS = """
for: 1h
hosts:
  client:
    run: {name: loop, run: "sleep 5; while :; do :; done"}
  server:
timeline:
  - 1s: connect client server
"""


def kernel():
    named = os.environ.get("HALFOPEN_KERNEL")
    found = [named] if named else sorted(
        glob.glob(os.path.join(BUILD, "kernels", "[0-9]*")))
    return found[-1] if found else None


def uml():
    """A kernel with overlayfs."""
    path = os.environ.get("HALFOPEN_UML", os.path.join(BUILD, "uml", "linux"))
    if not os.access(path, os.X_OK):
        return None
    config = rig.call(path, "--showconfig").stdout
    return path if "CONFIG_OVERLAY_FS=y" in config else None


def image(folder, modules):
    """An unpacked kernel package that has these modules built in."""
    data = bytearray(2048)
    data[0x202:0x206] = b"HdrS"
    data[0x20e:0x210] = struct.pack("<H", 0x210)
    data[0x410:0x41a] = b"6.1.0 (x)\0"
    root = pathlib.Path(folder, "kernel")
    for path in ("boot", "lib/modules/6.1.0"):
        (root / path).mkdir(parents=True)
    (root / "boot/vmlinuz-6.1.0").write_bytes(data)
    (root / "lib/modules/6.1.0/modules.builtin").write_text(
        "".join(f"kernel/{name}.ko\n" for name in modules), encoding="utf-8")
    return str(root)


REQUIRED = ("veth", "af_packet", "inet_diag", "tcp_diag")


def members(path):
    """{name: (mode, contents)} of an archive in newc format."""
    data, at, found = pathlib.Path(path).read_bytes(), 0, {}

    def field(number):
        return int(data[at + 6 + 8 * number:at + 14 + 8 * number], 16)

    while True:
        size, length = field(6), field(11)
        name = data[at + 110:at + 110 + length - 1].decode()
        if name == "TRAILER!!!":
            return found
        begin = (at + 110 + length + 3) // 4 * 4
        found[name] = field(1), data[begin:begin + size]
        at = (begin + size + 3) // 4 * 4


class Labs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = pathlib.Path(self.folder, name)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def vm(self, *words, labs, seconds=600, **more):
        return rig.call(HALFOPEN, "vm", *words, "--", "lab", *labs,
                        seconds=seconds, **more)


class Refusals(Labs):
    """Before anything is booted."""

    def refused(self, *words, labs, parts):
        done = self.vm(*words, labs=labs)
        self.assertEqual(done.returncode, USAGE, done)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)

    def test_error_in_a_file_has_its_place(self):
        path = self.file("wrong.yaml", SHORT.replace("send client",
                                                     "sned client"))
        self.refused(labs=[path], parts=(f"{path}:8:", "sned"))

    def test_prompt_is_refused(self):
        self.refused(labs=["-i"], parts=("--interactive", "terminal"))

    def test_kernel_without_nftables_is_refused_for_a_gateway(self):
        root = image(self.folder, REQUIRED)
        self.refused("--kernel", root, labs=[self.file("nat.yaml", SHORT)],
                     parts=("nat: host gateway: ", "nftables",
                            "CONFIG_NF_TABLES"))

    def test_kernel_without_ipvs_is_refused_for_its_balancer(self):
        root = image(self.folder, (*REQUIRED, "nf_tables", "nft_fib_inet"))
        lab = "hosts: {k: , g: {as: balancer, with: ipvs, backends: l}, l: }"
        self.refused("--kernel", root, labs=[self.file("x.yaml", lab)],
                     parts=("x: host g: ", "IPVS", "CONFIG_IP_VS"))

    def test_uml_kernel_without_overlayfs_is_refused(self):
        script = self.file("linux", "#!/bin/sh\necho CONFIG_UML=y\n"
                           "echo CONFIG_UML_TIME_TRAVEL_SUPPORT=y\n")
        os.chmod(script, 0o755)
        self.refused("--uml", script, "--virtual-time",
                     labs=[self.file("short.yaml", FAILS)],
                     parts=("short: ", "overlayfs", "CONFIG_OVERLAY_FS"))


class Contents(Labs):
    """The initramfs of a guest in QEMU."""

    def archive(self, *labs):
        kept = os.path.join(self.folder, "initramfs")
        folder = pathlib.Path(self.folder, "bin")
        folder.mkdir(exist_ok=True)
        script = folder / QEMU
        script.write_text("#!/bin/sh\nfor word; do case $before in\n"
                          f"-initrd) cat \"$word\" >'{kept}' ;;\n"
                          f"-m) echo \"$word\" >'{kept}-memory' ;;\n"
                          "esac; before=$word; done\n", encoding="utf-8")
        script.chmod(0o755)
        done = self.vm("--kernel", image(self.folder, REQUIRED), labs=labs,
                       PATH=f"{folder}:{os.environ['PATH']}")
        self.assertTrue(os.path.exists(kept), done)
        return members(kept)

    def resolve(self, found, path):
        """The path without symbolic links, in the archive."""
        for _ in range(40):
            parts = path.strip("/").split("/")
            for n in range(1, len(parts) + 1):
                mode, contents = found["/".join(parts[:n])]
                if stat.S_ISLNK(mode):
                    path = os.path.normpath(os.path.join(
                        "/", *parts[:n - 1], contents.decode(), *parts[n:]))
                    break
            else:
                return "/".join(parts)
        raise OSError(path)

    def test_program_has_the_same_path_contents_and_mode(self):
        lab = self.file("short.yaml", SHORT.replace("as: nat, idle: 60s",
                                                    "as: router"))
        script = self.file("own", "#!/bin/sh\nexec od /dev/null\n")
        os.chmod(script, 0o751)
        with open(lab, "a", encoding="utf-8") as file:
            file.write("needs: [env]\n")
        text = pathlib.Path(lab).read_text(encoding="utf-8").replace(
            "echo hello", f"{script}; echo hello")
        pathlib.Path(lab).write_text(text, encoding="utf-8")
        found = self.archive(lab)
        # readlink: a script may include others, which call it.
        for name in ("sh", "env", "ls", "od", "readlink"):
            path = shutil.which(name)
            real = self.resolve(found, path)
            self.assertEqual(found[real][1],
                             pathlib.Path(path).read_bytes(), path)
            self.assertEqual(found[real][0], os.stat(path).st_mode, path)
        self.assertEqual(found[script.strip("/")][0], 0o100751)
        self.assertEqual(found[lab.strip("/")][1], text.encode())

    def test_folder_is_copied_with_its_contents_unless_it_is_large(self):
        for name, size in (("small", 100), ("large", (64 << 20) + 1)):
            inner = pathlib.Path(self.folder, name, "inner")
            inner.mkdir(parents=True)
            (inner / "link").symlink_to("/usr/bin")
            (inner / "file").touch()
            os.truncate(inner / "file", size)
        small, large = (os.path.join(self.folder, name).strip("/")
                        for name in ("small", "large"))
        found = self.archive(self.file(
            "folders.yaml", f"for: 1s\nhosts:\n  client: {{run: ls /{small} "
            f"/{large}}}\n  server:\n"))
        self.assertEqual(len(found[f"{small}/inner/file"][1]), 100)
        self.assertEqual(found[f"{small}/inner/link"][1], b"/usr/bin")
        self.assertTrue(stat.S_ISDIR(found[large][0]))
        self.assertNotIn(f"{large}/inner", found)

    def test_file_that_is_too_large_is_refused(self):
        large = self.file("large", "")
        os.truncate(large, (1 << 30) + 1)
        lab = self.file("large.yaml", "for: 1s\nhosts:\n  client: {run: "
                        f"wc -c {large}}}\n  server:\n")
        done = self.vm("--kernel", image(self.folder, REQUIRED), labs=[lab])
        self.assertEqual(done.returncode, USAGE, done)
        self.assertIn(f"{large}: too large", done.stderr)

    def test_memory_is_enough_for_servers(self):
        self.archive(self.file("short.yaml", FAILS))
        memory = int(pathlib.Path(self.folder, "initramfs-memory").read_text(
            encoding="utf-8"))
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")
        self.assertGreaterEqual(memory, min(2048, machine // 2 // 2 ** 20))

    def test_program_has_its_libraries(self):
        lab = self.file("short.yaml", FAILS)
        found = self.archive(lab)
        libraries = rig.call("ldd", HALFOPEN).stdout
        for library in re.findall(r"(/\S+) \(0x", libraries):
            self.assertTrue(self.resolve(found, library), library)

    # An unpacked package: a script sets LD_LIBRARY_PATH. ld.so lists no library
    # of a program when one of them is missing.
    def test_program_has_the_libraries_that_a_script_finds(self):
        ls = shutil.which("ls")
        used = re.search(r"(libselinux\.so\.\d) => (/\S+)",
                         rig.call("ldd", ls).stdout)
        if not used:
            self.skipTest("ls does not use libselinux")
        name, other = used.group(1), "libselinux.so.x"
        folder = pathlib.Path(self.folder, "libraries")
        folder.mkdir()
        shutil.copy(used.group(2), folder / other)
        program = self.file("program", "")
        pathlib.Path(program).write_bytes(pathlib.Path(ls).read_bytes().replace(
            name.encode(), other.encode()))
        script = self.file("script", "#!/bin/sh\n"
                           f"export LD_LIBRARY_PATH={folder}\n"
                           f"exec {program}\n")
        for path in (program, script):
            os.chmod(path, 0o755)
        wanted = re.findall(r"(/\S+) \(0x", rig.call(
            "ldd", program, LD_LIBRARY_PATH=str(folder)).stdout)
        self.assertIn(str(folder / other), wanted)
        found = self.archive(self.file(
            "unpacked.yaml",
            f"for: 1s\nhosts:\n  client: {{run: {script}}}\n  server:\n"))
        for library in wanted:
            self.assertTrue(self.resolve(found, library), library)

    # python3.11-minimal has the interpreter; only python3.11 depends on the
    # package of the modules.
    def test_minimal_package_is_copied_with_the_whole_one(self):
        program = self.file("interpreter", "#!/bin/sh\n")
        modules = self.file("modules", "")
        os.chmod(program, 0o755)
        packages = {"x-minimal": program, "x": program, "x-modules": modules}
        folder = pathlib.Path(self.folder, "bin")
        folder.mkdir()
        query = folder / "dpkg-query"
        query.write_text(
            "#!/bin/sh\ncase $1 in\n"
            "-W) printf '%s\\toptional\\t%s\\n' x-minimal ', ' "
            "x ', x-minimal, x-modules' x-modules ', ' ;;\n"
            f"-S) echo x-minimal: {program} ;;\n"
            "-L) for name; do case $name in\n"
            + "".join(f"{name}) echo {path} ;;\n"
                      for name, path in packages.items())
            + "esac; done ;;\nesac\n", encoding="utf-8")
        query.chmod(0o755)
        found = self.archive(self.file(
            "minimal.yaml",
            f"for: 1s\nhosts:\n  client: {{run: {program}}}\n  server:\n"))
        self.assertTrue(modules.strip("/") in found)


class Guests:
    """One guest runs all labs. Subclasses boot it."""

    words = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.out = os.path.join(folder.name, "out")
        labs = []
        for name, text in (("pool", POOL), ("shell", SHELL),
                           ("short", SHORT), ("fails", FAILS)):
            path = pathlib.Path(folder.name, name + ".yaml")
            path.write_text(text, encoding="utf-8")
            labs.append(str(path))
        begin = time.monotonic()
        done = rig.call(HALFOPEN, "vm", *cls.words, "--virtual-time", "--",
                        "lab", *labs, "--out", cls.out, "--format", "jsonl",
                        seconds=600)
        cls.wall = time.monotonic() - begin
        cls.done, cls.labs = done, labs
        cls.lines = [json.loads(line) for line in done.stdout.splitlines()]
        cls.cases = {line["name"]: line for line in cls.lines
                     if line["type"] == "case"}
        cls.journals = rig.read_journals(cls.out)
        print(done.stderr.strip(), end=" ", flush=True)

    def verdicts(self):
        return {name: case["verdict"] for name, case in self.cases.items()}

    def test_verdicts_and_exit_status(self):
        self.assertEqual(self.verdicts(), {"pool": "pass", "shell": "pass",
                                           "short": "pass", "fails": "fail"},
                         self.done)
        self.assertEqual(self.done.returncode, FAIL, self.done.stderr)

    def test_programs_of_an_ordinary_user_have_its_ids(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to become another user")
        lab = self.file("ids.yaml", "for: 2s\nhosts:\n"
                        "  client: {run: {name: ids, run: id -u}}\n"
                        "  gateway: {as: nat}\n  server:\n"
                        f"expect: ['ids: prints \"{rig.NOBODY}\"']\n")
        os.chmod(self.folder, 0o755)
        nobody = {"user": rig.NOBODY, "group": rig.NOBODY, "extra_groups": [],
                  "stdin": subprocess.DEVNULL, "capture_output": True,
                  "text": True, "check": False, "env": rig.environment()}
        try:
            subprocess.run([HALFOPEN, "--version"], **nobody)
        except PermissionError as error:
            self.skipTest(f"not accessible to other users: {error}")
        done = subprocess.run([HALFOPEN, "vm", *self.words, "--virtual-time",
                               "--", "lab", lab], timeout=600, **nobody)
        self.assertEqual(done.returncode, PASS, done)
        self.assertIn("rootless", done.stdout.splitlines()[0])

    def test_process_that_spins_is_named(self):
        """The guest runs until it is, and is then ended."""
        process = subprocess.Popen(
            [HALFOPEN, "vm", *self.words, "--virtual-time", "--", "lab",
             self.file("spins.yaml", SPINS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env=rig.environment())
        try:
            line = process.stderr.readline()
        finally:
            process.terminate()
            process.communicate()
        self.assertRegex(line, r"^halfopen vm: process \d+ \(sh\) in client "
                               "uses the CPU without a pause")

    def test_hours_pass_in_less_time(self):
        planned = 16 * 60 + 2 * 3600
        self.assertGreater(self.journals["shell"][-1]["t"], 2 * 3600)
        self.assertLess(self.wall, planned / 10)

    def record(self, name, **wanted):
        """The last record before the verdict with these members."""
        return [record for record in self.journals[name]
                if all(re.fullmatch(value, str(record.get(key)))
                       for key, value in wanted.items())][-1]

    def predicted(self, section, end, **values):
        """A range of halfopen predict."""
        run = self.lines[0]
        words = [f"{key}={value}" for key, value in values.items()]
        text = rig.call(HALFOPEN, "predict", f"hz={run['hz']}",
                        "kernel=" + re.match(r"[\d.]+", run["kernel"])[0],
                        *words).stdout
        found = re.search(end + r": +([\d.]+) \.\. +([\d.]+) s",
                          text[text.index(section):])
        return float(found[1]), float(found[2])

    # Besides the kernel's timer: what emulated programs need to notice.
    NOTICE = 0.5

    def assert_in(self, measured, bounds):
        self.assertGreaterEqual(measured, bounds[0])
        self.assertLessEqual(measured, bounds[1] + self.NOTICE)

    def test_data_in_flight_is_given_up_when_predicted(self):
        rto = int(self.record("pool", text=r"pool: rto \d+")["text"].split()[2])
        failed = self.record("pool", text="pool: failed: .*")["t"]
        sent = [record["t"] for record in self.journals["pool"]
                if record["type"] == "frame" and "P." in record["text"]
                and record["transmission"] == 1 and record["to"] == "server"]
        self.assert_in(failed - sent[-1], self.predicted(
            "UNACKNOWLEDGED DATA", "gives up", rto=f"{rto}us"))

    def test_idle_connection_ends_when_predicted(self):
        connected = self.record("shell", text="shell: connected")["t"]
        failed = self.record("shell", text="shell: failed: .*")["t"]
        self.assert_in(failed - connected,
                       self.predicted("KEEPALIVE", "connection ends"))

    def test_out_has_the_files_of_a_run_on_this_machine(self):
        native = os.path.join(os.path.dirname(self.out), "native")
        done = rig.call(HALFOPEN, "lab", self.labs[2], "--out", native,
                        seconds=120)
        if done.returncode != PASS:
            self.skipTest("the lab does not pass on this machine: "
                          + done.stdout + done.stderr)
        for name in ("index.html", "short/report.html",
                     "short/capture.pcapng", "short/journal.jsonl"):
            for folder in (native, self.out):
                self.assertTrue(os.path.getsize(os.path.join(folder, name)),
                                (folder, name))

        def told(journal):
            return [(record["what"], record["expected"], record["ok"])
                    for record in journal if record["type"] == "expectation"]

        def frames(journal):
            return sorted(record["text"] for record in journal
                          if record["type"] == "frame")

        there = rig.read_journals(native)["short"]
        if any(record["type"] == "frame" and (record["transmission"] or 1) > 1
               for record in there):
            self.skipTest("this machine was too slow: a retransmission")
        self.assertEqual(told(self.journals["short"]), told(there))
        self.assertEqual(frames(self.journals["short"]), frames(there))


@unittest.skipUnless(kernel(), "no kernel to boot: harness/vm/fetch-kernels "
                               "gets some, or HALFOPEN_KERNEL names one")
@unittest.skipUnless(shutil.which(QEMU), f"{QEMU} is not installed (package "
                                         "qemu-system-x86)")
class InQemu(Guests, Labs):
    words = ("--kernel", kernel() or "")

    def test_balancers_give_connections_to_their_backends(self):
        out = os.path.join(self.folder, "out")
        done = self.vm(*self.words, "--virtual-time", labs=[
            self.file("balancers.yaml", BALANCERS), "-q", "--out", out])
        self.assertEqual(done.returncode, PASS, done.stdout + done.stderr)
        reached = {r["to"] for r in rig.read_journals(out)["balancers"]
                   if r["type"] == "frame" and "syn" in r["kinds"]}
        for pair in {"b1", "b2"}, {"d1", "d2"}:
            self.assertEqual(len(reached & pair), 1, reached)

    def test_unit_tests_of_ipvs_pass(self):
        program = os.path.realpath(
            os.path.join(BUILD, "netns", "test", "test-ipvs"))
        if not os.access(program, os.X_OK):
            self.skipTest("built without the library check")
        if program.startswith(PRIVATE):
            self.skipTest(f"private to a lab: {program}")
        done = self.vm(*self.words, "--virtual-time", labs=[self.file(
            "ipvs.yaml", IPVS_TESTS.replace("PROGRAM", program)), "-q"])
        self.assertEqual(done.returncode, PASS, done.stdout + done.stderr)

    def test_matrix_has_a_row_for_each_expectation(self):
        done = rig.call(HALFOPEN, "matrix", kernel(), kernel(),
                        "--virtual-time", "--markdown", "--", "lab",
                        *self.labs[2:], seconds=600)
        self.assertEqual(done.returncode, FAIL, done)
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in done.stdout.splitlines()]
        cells = {row[0]: row[1:3] for row in rows}
        self.assertEqual(cells["short"], ["PASS"] * 2, done)
        self.assertEqual(cells["server: 1 ESTAB"], ["1"] * 2, done)
        self.assertEqual(cells["fails"], ["FAIL"] * 2, done)
        self.assertEqual(cells["client: ECONNRESET"],
                         ["not met: no such result"] * 2, done)


@unittest.skipUnless(uml(), "no User Mode Linux kernel with overlayfs: "
                            "harness/vm/build-uml builds one, or HALFOPEN_UML "
                            "names one")
class InUserModeLinux(Guests, Labs):
    words = ("--uml", uml() or "")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
