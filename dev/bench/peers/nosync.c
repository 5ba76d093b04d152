/* Preloaded into a program that is measured without fsync: its calls succeed
 * and do nothing, and what it wrote stays in the page cache. At the end their
 * number is added to the file that LINKWRIGHT_BENCH_SYNCS names, as a line.
 */
#include <stdio.h>
#include <stdlib.h>

static int calls;

int fsync(int fd) {
  (void)fd;
  __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
  return 0;
}

int fdatasync(int fd) {
  return fsync(fd);
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("LINKWRIGHT_BENCH_SYNCS");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  fprintf(file, "%d\n", calls);
  fclose(file);
}
