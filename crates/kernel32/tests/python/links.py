"""Makes links until it is killed, and tells of each one that was made."""
from win32 import hard_link, make_file

assert make_file("C:\\file", b"x") == 0
for number in range(1000):
    assert hard_link(f"C:\\link{number}", "C:\\file") == 0
    print(f"link{number}", flush=True)
