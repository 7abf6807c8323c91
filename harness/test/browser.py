# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages in Chromium: how wide they are, and their background."""
import re
import shutil
import subprocess

MEASURE = """<iframe src="{page}" width="{width}" height="800"></iframe>
    <script>onload = () => {{
        const page = document.querySelector("iframe").contentDocument;
        const style = getComputedStyle(page.documentElement);
        document.title = page.documentElement.scrollWidth + " " +
            style.backgroundColor;
    }}</script>"""
# Of Blink's enum mojom::PreferredColorScheme.
SCHEMES = {"dark": 0, "light": 1}


def is_installed():
    return shutil.which("chromium") is not None


def measure(page, folder, width, scheme="light"):
    """The width of the page's contents in a window of that width, both in CSS
    pixels, and the brightness of its background, 0 to 255. Writes to `folder`."""
    frame = folder / "measure.html"
    frame.write_text(MEASURE.format(page=page.as_uri(), width=width))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
         "--allow-file-access-from-files",
         f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
         "--dump-dom", frame.as_uri()],
        capture_output=True, text=True, check=False, timeout=300)
    found = re.search(r"<title>(\d+) rgb\((\d+), (\d+), (\d+)\)", done.stdout)
    if not found:
        raise AssertionError(done.stdout + done.stderr)
    numbers = [int(n) for n in found.groups()]
    return numbers[0], sum(numbers[1:]) / 3
