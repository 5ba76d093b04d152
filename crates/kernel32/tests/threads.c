/* 16 threads that make, read and take away names, some of them the same ones, for so
   many seconds. */
#include <assert.h>
#include <linkwright/kernel32.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = 16 };
static time_t end;
static unsigned calls[THREADS];

static void *work(void *argument)
{
    unsigned own = (unsigned)(size_t)argument, turn = 0;
    char link[64], soft[64], text[4];
    snprintf(link, sizeof link, "C:\\link%u", own);
    snprintf(soft, sizeof soft, "C:\\soft%u", own);
    do {
        assert(CreateHardLinkA(link, "C:\\file", NULL));
        /* The thread's own last error, whatever the others do. */
        assert(!CreateHardLinkA(link, "C:\\file", NULL) && GetLastError() == ERROR_ALREADY_EXISTS);
        assert(!DeleteFileA("C:\\missing") && GetLastError() == ERROR_FILE_NOT_FOUND);
        assert(CreateSymbolicLinkA(soft, "file", 0));
        /* One name for all: one of them has it. */
        BOOL made = CreateHardLinkA("C:\\shared", "C:\\file", NULL);
        assert(made || GetLastError() == ERROR_ALREADY_EXISTS || GetLastError() == ERROR_ACCESS_DENIED);
        HANDLE file = CreateFileA(soft, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
        assert(file != INVALID_HANDLE_VALUE);
        DWORD read = 0;
        assert(ReadFile(file, text, sizeof text, &read, NULL) && read == 4);
        BY_HANDLE_FILE_INFORMATION info;
        assert(GetFileInformationByHandle(file, &info) && info.nNumberOfLinks >= 2);
        assert(CloseHandle(file));
        if (made)
            assert(DeleteFileA("C:\\shared") || GetLastError() == ERROR_SHARING_VIOLATION);
        assert(DeleteFileA(link) && DeleteFileA(soft));
        if (++turn % 64 == 0)
            assert(LinkwrightSync());
        calls[own] += 12;
    } while (time(NULL) < end);
    return NULL;
}

int main(int count, char **arguments)
{
    pthread_t threads[THREADS];
    DWORD written = 0;
    HANDLE file = CreateFileA("C:\\file", GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    assert(WriteFile(file, "text", 4, &written, NULL) && CloseHandle(file));
    end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 1);
    for (size_t i = 0; i < THREADS; i++)
        assert(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    unsigned all = 0;
    for (size_t i = 0; i < THREADS; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
        all += calls[i];
    }
    printf("%u calls\n", all);
    return 0;
}
