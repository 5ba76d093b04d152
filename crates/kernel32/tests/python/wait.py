"""Makes a file and waits."""
import sys

from win32 import make_file

assert make_file("C:\\file", b"x") == 0
print("made", flush=True)
sys.stdin.readline()
