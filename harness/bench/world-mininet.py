#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Creates and removes two hosts and a switch with Mininet.

usage: world-mininet.py NUMBER

Repeats this NUMBER times in sequence; prints the seconds for one repetition,
without the start of Python. The switch is a bridge of the kernel, which Mininet
creates with brctl; without brctl, a veth pair connects the hosts directly. The
script runs in its own namespaces, including a user namespace also for root,
because Mininet raises limits of the whole machine if it can. Exit status 77
without Mininet, or if Mininet cannot work here.
"""
import os
import shutil
import subprocess
import sys
import time

BOXED = "HALFOPEN_MININET_BOXED"
BOX = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid",
       "--fork", "--kill-child", "--mount-proc"]
SKIP_STATUS = 77


def skip(why):
    print(why, file=sys.stderr)
    sys.exit(SKIP_STATUS)


def one(mininet, bridge):
    net = mininet(controller=None)
    hosts = net.addHost("client"), net.addHost("server")
    if bridge:
        switch = net.addSwitch("s1", cls=bridge)
        for host in hosts:
            net.addLink(host, switch)
    else:
        net.addLink(*hosts)
    net.start()
    net.stop()


def main():
    number = int(sys.argv[1])
    try:
        from mininet.log import setLogLevel
        from mininet.net import Mininet
        from mininet.nodelib import LinuxBridge
    except ImportError as error:
        skip(error)
    for tool in "mnexec", "ifconfig", "unshare":
        if not shutil.which(tool):
            skip(f"{tool}: not installed")
    if BOXED not in os.environ:
        if subprocess.run([*BOX, "true"], check=False).returncode:
            skip("cannot create a user namespace")
        os.environ[BOXED] = "1"
        os.execvp(BOX[0], [*BOX, sys.executable, *sys.argv])
    # Hides the warnings about limits that cannot be raised.
    setLogLevel("critical")
    bridge = LinuxBridge if shutil.which("brctl") else None
    begin = time.monotonic()
    for _ in range(number):
        one(Mininet, bridge)
    print((time.monotonic() - begin) / number,
          "with a bridge" if bridge else "without a switch")


main()
