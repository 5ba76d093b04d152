"""A forked child has its parent's volumes in memory and must not use them."""
import os
import subprocess
import sys

from win32 import GENERIC_WRITE, attributes, hard_link, k, make_file, open_file

assert make_file("C:\\file") == 0 and hard_link("C:\\before", "C:\\file") == 0
code, handle = open_file("C:\\file", GENERIC_WRITE, 7)
child = os.fork()
if child == 0:
    refused = [
        hard_link("C:\\child", "C:\\file") == 6,
        attributes("C:\\file") == 6,
        hard_link("Z:\\tmp\\child", "Z:\\tmp\\file") == 6,
        not k.CloseHandle(handle) and k.GetLastError() == 6,
        not k.LinkwrightSync() and k.GetLastError() == 6,
    ]
    # By way of exit, with everything that is done there.
    sys.exit(0 if all(refused) else 1)
assert os.waitpid(child, 0)[1] == 0, "the child was not refused"
# A program that is started is no copy; the image is in use, which it is told.
started = subprocess.run([sys.executable, "-c", "print('started')"], capture_output=True, check=True)
assert started.stdout == b"started\n"
assert k.CloseHandle(handle) and hard_link("C:\\after", "C:\\file") == 0
print("child refused, parent goes on")
