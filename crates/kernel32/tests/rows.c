/* Calls each exported function with what no function should be called with. Texts
   without an end stop at a page that cannot be read. */
#include "rows.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern const struct row rows[];

enum { ROOM = 1 << 16, PAGE = 1 << 12, UNITS = 32768, BYTES = 65535 };

static HANDLE closed, file;
static char *memory;
static WCHAR *endless_w;
static char *endless_a;

unsigned choose(unsigned turn, unsigned at, unsigned of)
{
    unsigned mixed = (turn * 2654435761u) ^ ((at + 1) * 40503u * turn);
    return turn == 0 ? 0 : (mixed >> 7) % of;
}

LPCSTR pick_text_a(unsigned turn, unsigned at)
{
    const char *texts[] = {NULL, "", endless_a, "C:\\row.txt", "C:\\none\\row.txt", "\\\\?\\", "C:", "\xff\xfe"};
    return texts[choose(turn, at, 8)];
}

LPCWSTR pick_text_w(unsigned turn, unsigned at)
{
    static const WCHAR odd[] = {'C', ':', '\\', 0xD800, 0xFFFF, 0};
    const WCHAR *texts[] = {NULL, u"", endless_w, u"C:\\row.txt", u"C:\\none\\row.txt", u"\\\\?\\", u"C:", odd};
    return texts[choose(turn, at, 8)];
}

HANDLE pick_handle(unsigned turn, unsigned at)
{
    HANDLE handles[] = {NULL, INVALID_HANDLE_VALUE, (HANDLE)-2, (HANDLE)3, (HANDLE)0x7ffffffffff0, closed, file};
    return handles[choose(turn, at, 7)];
}

DWORD pick_number(unsigned turn, unsigned at)
{
    /* As lengths they are all true: there is more room than that. */
    const DWORD numbers[] = {0, 1, 2, 3, 7, 11, 24, 260, 4096};
    return numbers[choose(turn, at, 9)];
}

void *pick_memory(unsigned turn, unsigned at)
{
    void *places[] = {NULL, memory, memory + ROOM};
    return places[choose(turn, at, 3)];
}

static DWORD goes_on(LONGLONG a, LONGLONG b, LONGLONG c, LONGLONG d, DWORD e, DWORD f, HANDLE g, HANDLE h, LPVOID i)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, (void)i;
    return 0;
}

LPPROGRESS_ROUTINE pick_routine(unsigned turn, unsigned at)
{
    return choose(turn, at, 2) ? goes_on : NULL;
}

/* Memory of this size that ends where nothing can be read. */
static void *guarded(size_t size)
{
    size_t pages = (size + PAGE - 1) / PAGE * PAGE;
    char *start = mmap(NULL, pages + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(start != MAP_FAILED && mprotect(start + pages, PAGE, PROT_NONE) == 0);
    return start + pages - size;
}

static HANDLE open_row(void)
{
    return CreateFileW(u"C:\\row.txt", GENERIC_READ, 7, NULL, OPEN_ALWAYS, 0, NULL);
}

int main(int count, char **arguments)
{
    unsigned turns = count > 1 ? (unsigned)atoi(arguments[1]) : 100;
    memory = guarded(2 * ROOM);
    endless_w = guarded(UNITS * sizeof(WCHAR));
    endless_a = guarded(BYTES);
    memset(endless_a, 'a', BYTES);
    for (unsigned i = 0; i < UNITS; i++)
        endless_w[i] = 'a';
    closed = open_row();
    assert(closed != INVALID_HANDLE_VALUE && CloseHandle(closed));

    for (const struct row *row = rows; row->name; row++) {
        for (unsigned turn = 0; turn < turns; turn++) {
            file = open_row();
            memset(memory, 0, 2 * ROOM);
            row->call(turn);
            if (file != INVALID_HANDLE_VALUE)
                CloseHandle(file);
        }
        printf("%s\n", row->name);
    }
    SetCurrentDirectoryW(u"Z:\\");
    file = open_row();
    return file == INVALID_HANDLE_VALUE;
}
