/* Runs a load (src/load.rs says what one is) on a volume by libntfs-3g, in this
 * process, and prints how long that took up to the end of the unmount. Written
 * against the library's public headers.
 *
 * Names and reparse buffers are ready before the clock starts, as they are for
 * the engine. Directories stay open; so do files while there are few of them,
 * which spares the library reading and writing their records for each name.
 * Otherwise a file stays open as long as operation after operation is on it.
 */
#define HAVE_STDIO_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STDARG_H 1
#define HAVE_STDDEF_H 1
#define HAVE_STDINT_H 1
#define HAVE_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_SYS_STAT_H 1
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/reparse.h>
#include <ntfs-3g/volume.h>

/* Files that are kept open at most. */
#define HELD_FILES 4096
#define LONGEST_LINE 4096

struct object {
  MFT_REF reference;
  ntfs_inode *inode;
  int is_directory;
};

struct operation {
  char kind;
  long file;
  long directory;
  ntfschar *name;
  int name_length;
  char *reparse;
  size_t reparse_length;
};

static struct object *objects;
static long object_count;
static struct operation *operations;
static long operation_count;
static long current = -1;
static int hold_files;
static int hold_directories = 1;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void *room(void *old, long count, size_t size) {
  /* Grows by doubling: only at powers of two. */
  if (count & (count - 1)) return old;
  void *fresh = realloc(old, size * (size_t)(count ? 2 * count : 1));
  if (!fresh) fail("memory");
  return fresh;
}

static ntfschar *wide(const char *text, int *length) {
  *length = (int)strlen(text);
  ntfschar *units = calloc((size_t)*length + 1, sizeof *units);
  if (!units) fail("memory");
  for (int i = 0; i < *length; i++) units[i] = cpu_to_le16((unsigned char)text[i]);
  return units;
}

static char *bytes(const char *hex, size_t *length) {
  *length = strlen(hex) / 2;
  char *out = malloc(*length);
  if (!out) fail("memory");
  for (size_t i = 0; i < *length; i++) {
    unsigned byte;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) fail("hex");
    out[i] = (char)byte;
  }
  return out;
}

static void add_operation(char *words) {
  operations = room(operations, operation_count, sizeof *operations);
  struct operation *op = &operations[operation_count++];
  memset(op, 0, sizeof *op);
  op->kind = *strtok(words, " \n");
  op->file = -1;
  if (op->kind == 'l' || op->kind == 'u') op->file = atol(strtok(NULL, " \n"));
  op->directory = atol(strtok(NULL, " \n"));
  op->name = wide(strtok(NULL, " \n"), &op->name_length);
  if (op->kind == 's' || op->kind == 'j') {
    strtok(NULL, " \n"); /* the target as text */
    op->reparse = bytes(strtok(NULL, " \n"), &op->reparse_length);
  }
  if (op->kind == 'u') hold_directories = 0;
  objects[op->directory].is_directory = 1;
}

static void read_load(const char *path) {
  static char line[LONGEST_LINE];
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  while (fgets(line, sizeof line, file)) {
    if (line[0] == 'o') {
      objects = room(objects, object_count, sizeof *objects);
      objects[object_count++] = (struct object){.reference = strtoull(line + 2, NULL, 10)};
    } else {
      add_operation(line);
    }
  }
  fclose(file);
  long files = 0;
  for (long i = 0; i < object_count; i++) files += !objects[i].is_directory;
  hold_files = files <= HELD_FILES && hold_directories;
}

static ntfs_inode *opened(ntfs_volume *volume, long number) {
  struct object *object = &objects[number];
  if (!object->inode) object->inode = ntfs_inode_open(volume, object->reference);
  if (!object->inode) fail("open");
  return object->inode;
}

/* Closes a file whose names are in `directory`, which is open: the library
 * brings the entries up to date there and must not open it a second time. */
static void close_current(ntfs_volume *volume, long directory) {
  if (current < 0) return;
  if (ntfs_inode_close_in_dir(objects[current].inode, opened(volume, directory))) fail("close");
  objects[current].inode = NULL;
  current = -1;
}

static void link_file(ntfs_volume *volume, struct operation *op) {
  static long last_directory;
  if (!hold_files && current != op->file) {
    close_current(volume, last_directory);
    current = op->file;
    last_directory = op->directory;
  }
  ntfs_inode *inode = opened(volume, op->file);
  if (ntfs_link(inode, opened(volume, op->directory), op->name, (u8)op->name_length)) fail("link");
}

static void make(ntfs_volume *volume, struct operation *op) {
  ntfs_inode *directory = opened(volume, op->directory);
  mode_t type = op->kind == 'j' ? S_IFDIR : S_IFREG;
  ntfs_inode *inode = ntfs_create(directory, const_cpu_to_le32(0), op->name, (u8)op->name_length, type);
  if (!inode) fail("create");
  if (op->reparse && ntfs_set_ntfs_reparse_data(inode, op->reparse, op->reparse_length, 0)) fail("reparse");
  if (ntfs_inode_close_in_dir(inode, directory)) fail("close");
}

/* The library closes the file and the directory whatever happens. */
static void unlink_file(ntfs_volume *volume, struct operation *op) {
  ntfs_inode *directory = ntfs_inode_open(volume, objects[op->directory].reference);
  ntfs_inode *inode = ntfs_inode_open(volume, objects[op->file].reference);
  if (!directory || !inode) fail("open");
  if (ntfs_delete(volume, NULL, inode, directory, op->name, (u8)op->name_length)) fail("delete");
}

static void run(ntfs_volume *volume) {
  for (long i = 0; i < operation_count; i++) {
    struct operation *op = &operations[i];
    if (op->kind == 'l') link_file(volume, op);
    else if (op->kind == 'u') unlink_file(volume, op);
    else make(volume, op);
  }
}

/* Directories first: closing a file opens those of its names again. */
static void close_all(ntfs_volume *volume) {
  if (operation_count) close_current(volume, operations[operation_count - 1].directory);
  for (int directories = 1; directories >= 0; directories--) {
    for (long i = 0; i < object_count; i++) {
      if (!objects[i].inode || objects[i].is_directory != directories) continue;
      if (ntfs_inode_close(objects[i].inode)) fail("close");
      objects[i].inode = NULL;
    }
  }
  if (ntfs_umount(volume, 0)) fail("unmount");
}

/* Processor time of this process so far. */
static double busy(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: ntfs3g IMAGE LOAD\n");
    return 2;
  }
  read_load(argv[2]);
  ntfs_volume *volume = ntfs_mount(argv[1], 0);
  if (!volume) fail("mount");
  double start = seconds(), start_busy = busy();
  run(volume);
  close_all(volume);
  double end = seconds(), end_busy = busy();
  printf("{\"seconds\":%.6f,\"busy\":%.6f}\n", end - start, end_busy - start_busy);
  return 0;
}
