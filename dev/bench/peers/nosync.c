/* Preloaded into a program that is measured without fsync: its calls succeed
 * and do nothing. What it wrote stays in the page cache. */
int fsync(int fd) {
  (void)fd;
  return 0;
}

int fdatasync(int fd) {
  (void)fd;
  return 0;
}
