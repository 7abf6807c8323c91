#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""halfopen vm: kernels, the ends of a guest, signals, real guests.

usage: vm.py HALFOPEN BUILD [TEST...]

Most failures are simulated by a script in place of QEMU. Tests that need a real
kernel boot the one in HALFOPEN_KERNEL, or the newest below BUILD/kernels; User
Mode Linux is HALFOPEN_UML, or BUILD/uml/linux.
"""
import glob
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import rig
from rig import AT_ONCE, BROKEN, FAIL, PASS, SKIPPED, USAGE

HALFOPEN = os.path.realpath(sys.argv[1])
BUILD = sys.argv[2]
QEMU = "qemu-system-x86_64"
RUN = ('{"type":"run","version":"0","kernel":"6.1.0","hz":250,'
       '"rootless":false,"virtual_time":true,"family":4}\n')
CASE = "server-process-crash/killed"
# Takes longer than the boot in the guest's time, on any machine.
LONG = ("server-host-crash-idle",)


def kernel():
    named = os.environ.get("HALFOPEN_KERNEL")
    found = [named] if named else sorted(
        path for path in glob.glob(os.path.join(BUILD, "kernels", "[0-9]*")))
    return found[-1] if found else None


def uml():
    path = os.environ.get("HALFOPEN_UML", os.path.join(BUILD, "uml", "linux"))
    return path if os.access(path, os.X_OK) else None


def image(folder, version="6.1.0", name="vmlinuz"):
    """A file with the fields of a bzImage header that halfopen checks."""
    data = bytearray(2048)
    data[0x202:0x206] = b"HdrS"
    data[0x20e:0x210] = struct.pack("<H", 0x210)
    data[0x410:0x410 + len(version) + 4] = version.encode() + b" (x)"
    path = pathlib.Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def s390x_image(folder):
    """A file with the fields of an s390x image that halfopen checks."""
    data = bytearray(0x11000)
    data[0x10008:0x1000e] = b"S390EP"
    data[0x10428:0x10430] = struct.pack(">Q", 0x10800)
    data[0x10800:0x1080c] = b"6.1.0-s390x "
    path = pathlib.Path(folder, "vmlinuz-s390x")
    path.write_bytes(data)
    return str(path)


def s390x_program(folder, kind=1):
    """An ELF file with one program header, of type `kind`: 1 is PT_LOAD, 3
    PT_INTERP."""
    path = pathlib.Path(folder, "halfopen-s390x")
    path.write_bytes(struct.pack(
        ">16sHHIQQQIHHHHHH", b"\x7fELF\x02\x02\x01", 2, 22, 1, 0, 64, 0, 0, 64,
        56, 1, 0, 0, 0) + struct.pack(">IIQQQQQQ", kind, 0, 0, 0, 0, 0, 0, 0))
    return str(path)


def foreign_archs():
    """The architectures with a kernel below BUILD and a program of
    harness/cross/build."""
    return [arch for arch in ("arm64", "riscv64", "s390x")
            if glob.glob(os.path.join(BUILD, "kernels", arch, "[0-9]*"))
            and os.path.exists(os.path.join(f"{BUILD}-{arch}", "harness",
                                            "halfopen"))]


def deb(root):
    """Makes a Debian package of a folder."""
    path = pathlib.Path(root, "DEBIAN/control")
    path.parent.mkdir()
    path.write_text("Package: linux-image\nVersion: 1\nArchitecture: all\n"
                    "Maintainer: nobody <nobody@localhost>\nDescription: x\n",
                    encoding="utf-8")
    subprocess.run(["dpkg-deb", "-Znone", "-b", root, root + ".deb"],
                   check=True, capture_output=True)
    return root + ".deb"


class Machines(unittest.TestCase):
    """halfopen must leave no file in TMPDIR, which each test sets."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.tmp = os.path.join(self.folder, "tmp")
        os.mkdir(self.tmp)
        self.environment = rig.environment(TMPDIR=self.tmp)

    def start(self, *words, run=(CASE,), **more):
        return subprocess.Popen(
            [HALFOPEN, "vm", *words, "--", "run", *run], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**self.environment, **more})

    def vm(self, *words, run=(CASE,), seconds=120, **more):
        process = self.start(*words, run=run, **more)
        try:
            self.out, self.err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        self.assertEqual(os.listdir(self.tmp), [], self.err)
        return process.returncode

    def measured(self, *words, run):
        """{name/variant: measured}, and (wall-clock seconds without the boot,
        CPU seconds with it)."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        status = self.vm(*words, "--virtual-time", run=run + ("--format",
                                                              "jsonl"),
                         seconds=400)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual(status, PASS, self.out + self.err)
        boot = float(re.search(r"([\d.]+) of them for the boot", self.err)[1])
        cases = [json.loads(line) for line in self.out.splitlines()]
        return {f"{case['name']}/{case['variant']}": case["measured"]
                for case in cases if case["type"] == "case"}, (
                    wall - boot, after.ru_utime + after.ru_stime
                    - before.ru_utime - before.ru_stime)

    def assert_reproducible(self, *words, run=("--defaults",)):
        """Two runs measure the same, to the nanosecond. Returns their times."""
        took = []
        first, second = None, None
        for _ in range(2):
            first, (second, seconds) = second, self.measured(*words, run=run)
            took.append(seconds)
        print(*(f"{wall:.1f} s besides the boot, {cpu:.1f} s of CPU time;"
                for wall, cpu in took), end=" ", flush=True)
        self.assertGreater(len(first), 20)
        for name, values in first.items():
            self.assertEqual(values, second[name], name)
        return took

    def assert_sentence(self, *parts):
        """The first line, before those of the console."""
        first = self.err.split("\n", 1)[0]
        for part in parts:
            self.assertIn(part, first, self.err)

    def qemu(self, behaviour):
        """A script instead of QEMU; $console and $result are its ports."""
        folder = pathlib.Path(self.folder, "bin")
        folder.mkdir(exist_ok=True)
        script = folder / QEMU
        script.write_text(f"""#!/bin/sh
for word; do
    case $word in
        file:*) console=${{result:-$console}} result=${{word#file:}} ;;
    esac
done
{behaviour}
""", encoding="utf-8")
        script.chmod(0o755)
        self.environment["PATH"] = f"{folder}:{os.environ['PATH']}"

    def played(self, behaviour, *words, **more):
        self.qemu(behaviour)
        return self.vm("--kernel", image(self.folder), "--virtual-time",
                       *words, **more)


class Kernels(Machines):
    """Errors that are reported before a boot."""

    def refused(self, *words, parts):
        self.assertEqual(self.vm(*words, run=(CASE,)), USAGE, self.err)
        self.assert_sentence(*parts)
        self.assertEqual(self.err.count("\n"), 1, self.err)

    def test_image_of_another_format_is_refused(self):
        self.refused("--kernel", "/etc/passwd",
                     parts=("/etc/passwd", "not a kernel image", "bzImage"))

    def test_missing_image_is_refused(self):
        self.refused("--kernel", "/no/such", parts=("/no/such", "No such"))

    def test_folder_without_a_kernel_is_refused(self):
        self.refused("--kernel", self.folder,
                     parts=(self.folder, "no kernel image (boot"))

    def test_invalid_package_is_refused(self):
        package = pathlib.Path(self.folder, "linux.deb")
        package.write_text("none\n", encoding="utf-8")
        self.refused("--kernel", str(package),
                     parts=("linux.deb: dpkg-deb failed", "dpkg-deb: error: "))

    def test_missing_modules_folder_is_refused(self):
        self.refused("--kernel", image(self.folder), "--modules", "/no/such",
                     parts=("--modules /no/such", "folder not found"))

    def test_kernel_without_a_required_module_is_refused(self):
        root = os.path.join(self.folder, "root")
        image(root, "6.1.0", "boot/vmlinuz-6.1.0")
        modules = pathlib.Path(root, "lib/modules/6.1.0")
        modules.mkdir(parents=True)
        (modules / "modules.builtin").write_text(
            "kernel/net/packet/af_packet.ko\n", encoding="utf-8")
        self.refused("--kernel", root, parts=("required module 'veth'", "6.1.0"))

    def test_invalid_module_is_refused(self):
        root = os.path.join(self.folder, "root")
        image(root, "6.1.0", "boot/vmlinuz-6.1.0")
        modules = pathlib.Path(root, "lib/modules/6.1.0")
        modules.mkdir(parents=True)
        (modules / "veth.ko").write_text("none", encoding="utf-8")
        self.refused("--kernel", root, parts=("veth.ko",))

    def test_program_other_than_a_uml_kernel_is_refused(self):
        self.refused("--uml", "/no/such", parts=("/no/such", "build-uml"))
        self.refused("--uml", "/bin/true",
                     parts=("/bin/true: not a User Mode Linux kernel",))
        self.refused("--uml", image(self.folder), parts=("ermission",))

    def test_long_append_is_refused(self):
        self.refused("--append", "x" * 513, parts=("--append", "512"))

    def test_uml_kernel_without_time_travel_is_refused(self):
        script = pathlib.Path(self.folder, "linux")
        script.write_text("#!/bin/sh\necho CONFIG_UML=y\n", encoding="utf-8")
        script.chmod(0o755)
        self.refused("--uml", str(script), "--virtual-time",
                     parts=("CONFIG_UML_TIME_TRAVEL_SUPPORT", "build-uml"))

    def test_invalid_arguments_are_wrong_usage(self):
        for words, run in ((("--timeout", "0"), (CASE,)),
                           (("--memory", "much"), (CASE,)),
                           (("here",), (CASE,)), ((), ("no-such-case",)),
                           ((), (CASE, "--keep"))):
            with self.subTest(words=words, run=run):
                self.assertEqual(self.vm(*words, run=run), USAGE, self.err)


class Ends(Machines):
    """A guest that ends early: its runs are BROKEN, with the reason."""

    def broken(self, behaviour, *words, parts, **more):
        begin = time.monotonic()
        status = self.played(behaviour, *words, **more)
        self.took = time.monotonic() - begin
        self.assertEqual(status, BROKEN, self.err)
        self.assert_sentence(*parts)
        self.assertIn("BROKEN", self.out)
        self.assertIn("1 broken", self.out)

    def test_missing_qemu_is_reported(self):
        folder = os.path.join(self.folder, "empty")
        os.mkdir(folder)
        self.assertEqual(self.vm("--kernel", image(self.folder), PATH=folder),
                         BROKEN)
        self.assert_sentence("not installed", "qemu-system-x86")

    def test_qemu_that_fails_to_start_is_reported(self):
        self.broken("echo cannot do it >&2; exit 1",
                    parts=("before the guest started",))
        self.assertIn("cannot do it", self.err)

    def test_panic_is_reported(self):
        """A panic ends the guest at once, not by --timeout."""
        self.broken('echo "Kernel panic - not syncing: no init" >>$console; '
                    "exec sleep 100", parts=("panicked",))
        self.assertIn("not syncing: no init", self.err)
        self.assertLess(self.took, AT_ONCE)

    def test_idle_guest_ends_by_timeout(self):
        self.broken("exec sleep 100", "--timeout", "2", parts=("hung", "idle"))
        self.assertGreaterEqual(self.took, 2)
        self.assertLess(self.took, 2 + AT_ONCE)

    def test_busy_guest_ends_by_timeout(self):
        self.broken("while :; do :; done", "--timeout", "3",
                    parts=("still busy",))
        self.assertLess(self.took, 3 + AT_ONCE)

    def test_guest_that_waits_for_a_cpu_is_busy(self):
        """It has one CPU, and another process takes all of it."""
        cpu = max(os.sched_getaffinity(0))
        pinned = f"import os; os.sched_setaffinity(0, {{{cpu}}})\n"
        idle = "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
        loop = "while True:\n    pass\n"
        with subprocess.Popen([sys.executable, "-c", pinned + loop]) as other:
            try:
                self.broken(f"exec {sys.executable} -c '{pinned + idle + loop}'",
                            "--timeout", "3", parts=("still busy",))
            finally:
                other.kill()

    def test_truncated_results_are_reported(self):
        self.broken(f"printf '%s' '{RUN}' >>$result; exit 0",
                    parts=("had sent all results",))

    def test_power_off_is_not_an_orderly_end(self):
        """QEMU's exit status tells a power-off from an orderly end."""
        end = '{"type":"guest-end","status":0}\n'
        self.broken(f"printf '%s' '{RUN}{end}' >>$result; exit 0",
                    parts=("had sent all results",))

    def test_missing_result_is_broken(self):
        """An orderly end without the result of a run does not pass."""
        end = '{"type":"guest-end","status":0}\n'
        self.assertEqual(
            self.played(f"printf '%s' '{RUN}{end}' >>$result; exit 1"),
            BROKEN)
        self.assertIn("1 broken", self.out)

    def test_results_of_a_shard_are_kept(self):
        """Also those that the guest never sent."""
        out = pathlib.Path(self.folder, "out")
        self.played(f"printf '%s' '{RUN}' >>$result; exit 0", run=(
            "server-process-crash", "--shard", "2/5", "--out", str(out)))
        lines = [json.loads(line) for line in (out / "results.jsonl").read_text(
            encoding="utf-8").splitlines()]
        self.assertEqual([o["type"] for o in lines],
                         ["run", "case", "summary"])
        self.assertEqual({k: lines[0][k] for k in ("kernel", "shard", "runs")},
                         {"kernel": "6.1.0", "shard": "2/5", "runs": 1})
        self.assertEqual(lines[1]["verdict"], "broken")

    def test_invalid_results_are_reported(self):
        for text in ("no JSON\n", "{}\n", RUN + "\\0\\377\\n",
                     RUN + '{"type":"case","name":"no-such-case"}\n'):
            with self.subTest(text):
                self.broken(f"printf '{text}' >>$result; exec sleep 100",
                            parts=("invalid result",))
                self.assertLess(self.took, AT_ONCE)

    def test_last_lines_of_the_console_are_printed(self):
        self.broken("for i in $(seq 100); do echo line $i; done >>$console",
                    parts=("ended before",))
        self.assertIn("line 100", self.err)
        self.assertNotIn("line 80\n", self.err)

    def test_console_lines_that_cases_cause_are_left_out(self):
        self.broken(
            "{ echo '[ 1.0] unable to mount root'; for i in $(seq 50); do "
            "echo '[ 2.0] ip_local_port_range: prefer different parity for "
            "start/end values.'; echo '[ 2.1] TCP: request_sock_TCP: Possible "
            "SYN flooding on port 7777. Sending cookies.'; done; } >>$console",
            parts=("ended before",))
        self.assertIn("unable to mount root", self.err)
        self.assertNotIn("parity", self.err)
        self.assertNotIn("flooding", self.err)

    def test_report_contains_runs_without_result(self):
        self.assertEqual(self.played("exit 1", run=(CASE, "--format",
                                                    "jsonl")), BROKEN)
        lines = [json.loads(line) for line in self.out.splitlines()]
        self.assertEqual([line["type"] for line in lines],
                         ["run", "case", "summary"])
        self.assertEqual(lines[1]["verdict"], "broken")
        self.assertEqual(lines[2]["broken"], 1)


class Deaths(Machines):
    """The end of halfopen ends every process that it has started."""

    def machine(self, *words, run=(CASE,)):
        """Starts halfopen; returns it and the pids of its virtual machine."""
        process = self.start(*words, run=run)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.assertTrue(rig.wait_for(lambda: self.machines(process)))
        return process, rig.descendants(process.pid)

    @staticmethod
    def is_machine(pid):
        """True for a process of the virtual machine; false for halfopen and
        for its child before exec."""
        words = rig.read(pid, "cmdline")
        return words and not words.startswith(HALFOPEN)

    def machines(self, process):
        return [pid for pid in rig.descendants(process.pid)
                if self.is_machine(pid)]

    def assert_gone(self, pids):
        rig.wait_for(lambda: not any(rig.read(p, "cmdline") for p in pids))
        self.assertEqual([rig.read(p, "cmdline") for p in pids
                          if rig.read(p, "cmdline")], [])
        rig.wait_for(lambda: not os.listdir(self.tmp))
        self.assertEqual(os.listdir(self.tmp), [])

    def signals(self, *words, run=(CASE,)):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number):
                process, pids = self.machine(*words, run=run)
                time.sleep(0.3)
                pids = {*pids, *rig.descendants(process.pid)}
                begin = time.monotonic()
                process.send_signal(number)
                out, err = process.communicate(timeout=20)
                self.assertEqual(process.returncode, -number, err)
                self.assertLess(time.monotonic() - begin, AT_ONCE)
                if number != signal.SIGKILL:
                    self.assertIn("interrupted", err)
                    self.assertIn("BROKEN", out)
                self.assert_gone(pids)

    def test_signals_end_qemu(self):
        self.qemu("exec sleep 100")
        self.signals("--kernel", image(self.folder), "--virtual-time")

    def package(self):
        """A large package; its image has only a header, which suffices for a
        script instead of QEMU."""
        root = os.path.join(self.folder, "package")
        image(root, "6.1.0", "boot/vmlinuz-6.1.0")
        for i in range(2000):
            path = pathlib.Path(root, f"lib/modules/6.1.0/{i % 50}/{i}.ko")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0" * 10000)
        path = pathlib.Path(root, "lib/modules/6.1.0/modules.builtin")
        path.write_text("".join(f"kernel/{name}.ko\n" for name in (
            "veth", "af_packet", "inet_diag", "tcp_diag")), encoding="utf-8")
        return deb(root)

    @unittest.skipUnless(shutil.which("dpkg-deb"), "dpkg-deb is not installed")
    def test_killed_halfopen_leaves_no_unpacked_files(self):
        """SIGKILL during and after unpacking."""
        package = self.package()
        self.qemu("exec sleep 100")
        words = ("--kernel", package, "--virtual-time")
        for at in ("dpkg-deb", "sleep"):
            with self.subTest(at):
                process = self.start(*words)
                self.addCleanup(process.stdout.close)
                self.addCleanup(process.stderr.close)
                self.assertTrue(rig.wait_for(lambda at=at, process=process: any(
                    rig.read(pid, "cmdline").startswith(at)
                    for pid in rig.descendants(process.pid))))
                self.assertTrue(os.listdir(self.tmp))
                pids = rig.descendants(process.pid)
                process.kill()
                process.wait()
                self.assert_gone(pids)

    def test_ctrl_c_ends_qemu(self):
        """Ctrl-C goes to the whole foreground process group."""
        self.qemu("exec sleep 100")
        process = subprocess.Popen(
            [HALFOPEN, "vm", "--kernel", image(self.folder), "--", "run",
             CASE], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=self.environment,
            start_new_session=True)
        rig.wait_for(lambda: rig.descendants(process.pid))
        time.sleep(0.3)
        pids = rig.descendants(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), -signal.SIGINT)
        self.assert_gone(pids)

    @unittest.skipUnless(uml(), "no User Mode Linux kernel: "
                                "harness/vm/build-uml builds one")
    def test_signals_end_user_mode_linux(self):
        # Without virtual time, the case waits in real time.
        self.signals("--uml", uml(), run=LONG)


class Architectures(Machines):
    """A machine of another architecture, simulated by a script."""

    def foreign(self, behaviour, *words, run=(CASE,), kind=1):
        folder = pathlib.Path(self.folder, "bin")
        folder.mkdir(exist_ok=True)
        script = folder / "qemu-system-s390x"
        script.write_text(f"""#!/bin/sh
for word; do
    case $word in
        file,id=result,path=*) result=${{word##*=}} ;;
        file:*) console=${{word#file:}} ;;
    esac
done
{behaviour}
""", encoding="utf-8")
        script.chmod(0o755)
        self.environment["PATH"] = f"{folder}:{os.environ['PATH']}"
        return self.vm("--kernel", s390x_image(self.folder), "--program",
                       s390x_program(self.folder, kind), *words, run=run)

    def test_guest_without_an_exit_device_ends_with_status_0(self):
        sent = RUN + '{"type":"guest-end","status":0}\n'
        self.assertEqual(self.foreign(f"printf '%s' '{sent}' >$result"), BROKEN)
        self.assertIn("of wall-clock time", self.err)

    def test_panic_is_reported(self):
        self.assertEqual(self.foreign(
            'echo "Kernel panic - not syncing: no init" >>$console; '
            "exec sleep 100"), BROKEN)
        self.assert_sentence("panicked")

    def test_missing_qemu_is_named(self):
        self.assertEqual(self.vm(
            "--kernel", s390x_image(self.folder), "--program",
            s390x_program(self.folder), PATH=self.tmp), BROKEN)
        self.assert_sentence("qemu-system-s390x is not installed")

    def test_dynamic_program_is_refused(self):
        self.assertEqual(self.foreign("", kind=3), USAGE)
        self.assert_sentence("halfopen-s390x: dynamically linked", "-Dstatic")

    def test_other_architecture_than_asked_for_is_refused(self):
        self.assertEqual(self.foreign("", "--arch", "arm64"), USAGE)
        self.assert_sentence("--arch arm64", "a kernel of s390x")
        self.assertEqual(self.foreign("", "--arch", "vax"), USAGE)
        self.assert_sentence("unknown architecture 'vax'")

    def test_labs_are_refused(self):
        lab = os.path.join(self.folder, "lab.yaml")
        pathlib.Path(lab).write_text("timeline:\n  - 1s: unplug client\n",
                                     encoding="utf-8")
        done = subprocess.run(
            [HALFOPEN, "vm", "--kernel", s390x_image(self.folder), "--program",
             s390x_program(self.folder), "--", "lab", lab], text=True,
            capture_output=True, check=False, env=self.environment)
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn("labs execute the programs of this machine", done.stderr)

    @unittest.skipUnless(foreign_archs(), "no kernel and program of another "
                                    "architecture: harness/cross/build")
    def test_case_passes_on_other_architectures(self):
        for arch in foreign_archs():
            with self.subTest(arch=arch):
                # The ACK of a TIME-WAIT needs a correct checksum.
                self.assertEqual(self.vm("--arch", arch, "--virtual-time",
                                         run=(CASE, "tw-reuse/off"),
                                         seconds=400), PASS, self.err)
                self.assertIn(arch, self.out.split("\n", 1)[0])


@unittest.skipUnless(kernel(), "no kernel to boot: harness/vm/fetch-kernels "
                               "gets some, or HALFOPEN_KERNEL names one")
@unittest.skipUnless(shutil.which(QEMU), f"{QEMU} is not installed (package "
                                         "qemu-system-x86)")
class Qemu(Machines):
    """A real kernel in QEMU."""

    def guest(self, *words, run=(CASE,), **more):
        return self.vm("--kernel", kernel(), "--virtual-time", *words,
                       run=run, seconds=400, **more)

    def test_two_runs_measure_the_same(self):
        self.assert_reproducible("--kernel", kernel())

    def test_run_record_describes_the_guest(self):
        self.assertEqual(self.guest(run=(CASE, "--format", "jsonl")), PASS,
                         self.err)
        info = json.loads(self.out.splitlines()[0])
        self.assertTrue(info["virtual_time"])
        self.assertFalse(info["rootless"])
        self.assertIn(info["hz"], (100, 250, 300, 1000))
        self.assertRegex(info["kernel"], r"^\d+\.\d+")

    def test_verdicts_are_reported(self):
        self.assertEqual(self.guest(run=("server-host-crash-idle",
                                         "--without-faults")), FAIL, self.err)
        self.assertEqual(self.guest(run=("http-keepalive-timeout/nginx",)),
                         SKIPPED, self.err)
        self.assertEqual(self.guest(run=("http-keepalive-timeout/nginx",),
                                    HALFOPEN_MUST_RUN="1"), FAIL, self.err)

    def test_journals_are_transferred(self):
        out = os.path.join(self.folder, "out")
        self.assertEqual(self.guest(run=(CASE, "--out", out)), PASS, self.err)
        (journal,) = rig.read_journals(out).values()
        self.assertEqual(journal[0]["type"], "start")
        self.assertEqual(journal[-1]["type"], "verdict")

    def test_too_little_memory_is_reported(self):
        self.assertEqual(self.guest("--memory", "64", "--timeout", "60"),
                         BROKEN)
        self.assert_sentence("the guest")

    def test_timeout_ends_a_boot(self):
        begin = time.monotonic()
        self.assertEqual(self.guest("--timeout", "2"), BROKEN)
        self.assertLess(time.monotonic() - begin, 2 + AT_ONCE)
        self.assert_sentence("--timeout")

    def test_killed_qemu_is_reported(self):
        """The kill happens after the first result."""
        process = self.start("--kernel", kernel(), run=LONG + ("--format",
                                                               "jsonl"))
        self.assertIn('"run"', process.stdout.readline())
        (pid,) = [pid for pid in rig.descendants(process.pid)
                  if QEMU in rig.read(pid, "cmdline")]
        rig.kill(pid)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, BROKEN, err)
        self.assertIn("had sent all results", err)
        self.assertIn('"broken"', out)

    def test_kernel_package_boots(self):
        root = os.path.join(self.folder, "package")
        try:
            subprocess.run(["cp", "-r", kernel(), root], check=True)
            package = deb(root)
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no package can be made: {error}")
        self.assertEqual(self.vm("--kernel", package, "--virtual-time"), PASS,
                         self.err)


@unittest.skipUnless(uml(), "no User Mode Linux kernel: harness/vm/build-uml "
                            "builds one")
class UserModeLinux(Machines):
    def guest(self, *words, run=(CASE,), **more):
        return self.vm("--uml", uml(), "--virtual-time", *words, run=run,
                       **more)

    def test_two_runs_measure_the_same(self):
        """The cases include a month of idle time. Load of the machine affects
        the wall-clock time more than the CPU time, which is checked."""
        for _, cpu in self.assert_reproducible(
                "--uml", uml(), run=("--defaults", "--all")):
            self.assertLess(cpu, AT_ONCE)

    def test_relative_path_of_the_kernel(self):
        """The kernel starts in another folder than halfopen."""
        folder, name = os.path.split(os.path.realpath(uml()))
        here = os.getcwd()
        os.chdir(folder)
        self.addCleanup(os.chdir, here)
        self.assertEqual(self.vm("--uml", name, "--virtual-time"), PASS,
                         self.err)

    def test_append_changes_the_kernel_command_line(self):
        """With so little memory the kernel cannot start."""
        self.assertEqual(self.guest("--append", "lpj=1"), PASS, self.err)
        self.assertEqual(self.guest("--append", "mem=1M", "--timeout", "20"),
                         BROKEN, self.err)

    def test_verdicts_are_reported(self):
        self.assertEqual(self.guest(run=("server-host-crash-idle",
                                         "--without-faults")), FAIL, self.err)

    def test_journals_are_transferred(self):
        out = os.path.join(self.folder, "out")
        self.assertEqual(self.guest(run=(CASE, "--out", out)), PASS, self.err)
        (journal,) = rig.read_journals(out).values()
        self.assertEqual(journal[-1]["type"], "verdict")

    def test_killed_kernel_is_reported(self):
        process = self.start("--uml", uml(), run=LONG + ("--format", "jsonl"))
        self.assertIn('"run"', process.stdout.readline())
        rig.kill(next(pid for pid in rig.descendants(process.pid)
                      if "uml_dir=" in rig.read(pid, "cmdline")))
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, BROKEN, err)
        self.assertIn("had sent all results", err)

    def test_files_outside_tmpdir_are_not_written(self):
        """User Mode Linux normally keeps files in HOME."""
        self.assertEqual(self.guest(HOME=os.path.join(self.folder, "home")),
                         PASS, self.err)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "home")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
