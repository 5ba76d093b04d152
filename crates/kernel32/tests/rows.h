/* Values for parameters, one for each turn; the first turn is all NULL and 0. */
#include <linkwright/kernel32.h>

struct row {
    const char *name;
    void (*call)(unsigned turn);
};

unsigned choose(unsigned turn, unsigned at, unsigned of);
LPCSTR pick_text_a(unsigned turn, unsigned at);
LPCWSTR pick_text_w(unsigned turn, unsigned at);
HANDLE pick_handle(unsigned turn, unsigned at);
DWORD pick_number(unsigned turn, unsigned at);
void *pick_memory(unsigned turn, unsigned at);
LPPROGRESS_ROUTINE pick_routine(unsigned turn, unsigned at);

#define PICK_BOOL(turn, at) (BOOL) choose(turn, at, 2)
#define PICK_DWORD(turn, at) pick_number(turn, at)
#define PICK_ULONG(turn, at) pick_number(turn, at)
#define PICK_LONG(turn, at) (LONG) pick_number(turn, at)
#define PICK_LONGLONG(turn, at) (LONGLONG) pick_number(turn, at)
#define PICK_NTSTATUS(turn, at) (NTSTATUS) pick_number(turn, at)
#define PICK_USHORT(turn, at) (USHORT) pick_number(turn, at)
#define PICK_HANDLE(turn, at) pick_handle(turn, at)
#define PICK_LPCSTR(turn, at) pick_text_a(turn, at)
#define PICK_LPCWSTR(turn, at) pick_text_w(turn, at)
#define PICK_LPSTR(turn, at) pick_memory(turn, at)
#define PICK_LPWSTR(turn, at) pick_memory(turn, at)
#define PICK_LPVOID(turn, at) pick_memory(turn, at)
#define PICK_LPCVOID(turn, at) pick_memory(turn, at)
#define PICK_LPBOOL(turn, at) pick_memory(turn, at)
#define PICK_LPDWORD(turn, at) pick_memory(turn, at)
#define PICK_PSECURITY_DESCRIPTOR(turn, at) pick_memory(turn, at)
#define PICK_OUT(turn, at) pick_memory(turn, at)
#define PICK_IN(turn, at) pick_memory(turn, at)
#define PICK_LPPROGRESS_ROUTINE(turn, at) pick_routine(turn, at)
#define PICK_LPOVERLAPPED_COMPLETION_ROUTINE(turn, at) NULL
