#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts and a switch, made and dropped by Mininet.

usage: world-mininet.py NUMBER

NUMBER times, one after the other; prints the seconds that one takes, without
the start of Python. The switch is a kernel's bridge, which Mininet makes with
brctl; without that the hosts have one veth pair, and no switch. In namespaces of its own, the user's among them also for
root, since Mininet sets limits of the whole machine where it may. Exit status
77 where there is no Mininet, or where it cannot work.
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
            skip(f"no {tool}")
    if BOXED not in os.environ:
        if subprocess.run([*BOX, "true"], check=False).returncode:
            skip("no user namespace")
        os.environ[BOXED] = "1"
        os.execvp(BOX[0], [*BOX, sys.executable, *sys.argv])
    # Of the limits that it may not raise.
    setLogLevel("critical")
    bridge = LinuxBridge if shutil.which("brctl") else None
    begin = time.monotonic()
    for _ in range(number):
        one(Mininet, bridge)
    print((time.monotonic() - begin) / number,
          "with a bridge" if bridge else "without a switch")


main()
