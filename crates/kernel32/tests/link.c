/* The call of CreateHardLink's page, and what it says when it fails. Built with and
   without UNICODE. */
#include <assert.h>
#include <errno.h>
#include <linkwright/kernel32.h>
#include <stdio.h>
#include <string.h>

static void write_file(const TCHAR *name, const char *text)
{
    DWORD written = 0;
    HANDLE file = CreateFile(name, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    assert(file != INVALID_HANDLE_VALUE);
    assert(WriteFile(file, text, (DWORD)strlen(text), &written, NULL) && written == strlen(text));
    assert(CloseHandle(file));
}

int main(void)
{
    static_assert(sizeof(WCHAR) == 2, "UTF-16");
    write_file(TEXT("C:\\existing.txt"), "text");

    BOOL made = CreateHardLink(TEXT("C:\\new.txt"), TEXT("C:\\existing.txt"), NULL);
    if (made == FALSE) {
        printf("failed: %u\n", GetLastError());
        return 1;
    }
    SetLastError(ERROR_SUCCESS);
    assert(CreateHardLink(TEXT("C:\\new.txt"), TEXT("C:\\existing.txt"), NULL) == FALSE);
    assert(errno == ERROR_ALREADY_EXISTS);
    errno = 0; /* nobody's business but the C library's */
    assert(GetLastError() == ERROR_ALREADY_EXISTS);
    assert(CreateHardLink(NULL, TEXT("C:\\existing.txt"), NULL) == FALSE);
    assert(GetLastError() == ERROR_INVALID_PARAMETER);
    assert(CreateHardLink(TEXT("C:\\third.txt"), TEXT("C:\\missing.txt"), NULL) == FALSE);
    assert(GetLastError() == ERROR_FILE_NOT_FOUND);

    assert(CreateSymbolicLink(TEXT("C:\\link.txt"), TEXT("existing.txt"), 0) == TRUE);
    assert(CreateSymbolicLink(TEXT("C:\\dangling"), TEXT("nowhere"), 0) == TRUE);
    assert(CreateSymbolicLink(TEXT("C:\\link.txt"), TEXT("existing.txt"), 0) == FALSE);
    assert(GetLastError() == ERROR_ALREADY_EXISTS);

    /* All of the register, as a caller reads it that believes in a BOOL. */
    unsigned long (*wide_result)(const TCHAR *, const TCHAR *, DWORD) =
        (unsigned long (*)(const TCHAR *, const TCHAR *, DWORD))(void *)CreateSymbolicLink;
    assert(wide_result(TEXT("C:\\whole"), TEXT("nowhere"), 0) == 1ul);
    assert(wide_result(TEXT("C:\\whole"), TEXT("nowhere"), 0) == 0ul);

    HANDLE file = CreateFile(TEXT("C:\\link.txt"), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    BY_HANDLE_FILE_INFORMATION info;
    assert(GetFileInformationByHandle(file, &info) && info.nNumberOfLinks == 2);
    TCHAR path[MAX_PATH];
    DWORD length = GetFinalPathNameByHandle(file, path, MAX_PATH, 0);
    assert(length == 19 && path[length] == 0);
    assert(GetFinalPathNameByHandle(file, path, 19, 0) == 20);
    OVERLAPPED at = {0};
    at.Offset = 2;
    char text[3] = {0};
    DWORD read = 0;
    assert(ReadFile(file, text, 2, &read, &at) && read == 2 && strcmp(text, "xt") == 0);
    assert(CloseHandle(file));
    assert(CloseHandle(file) == FALSE && GetLastError() == ERROR_INVALID_HANDLE);

    WCHAR name[64];
    DWORD room = 4, names = 0;
    HANDLE search = FindFirstFileNameW(u"C:\\existing.txt", 0, &room, name);
    assert(search == INVALID_HANDLE_VALUE && GetLastError() == ERROR_MORE_DATA && room > 4);
    search = FindFirstFileNameW(u"C:\\existing.txt", 0, &room, name);
    assert(search != INVALID_HANDLE_VALUE);
    do {
        names++;
        room = 64;
    } while (FindNextFileNameW(search, &room, name));
    assert(GetLastError() == ERROR_HANDLE_EOF && names == 2);
    assert(FindClose(search));

    WIN32_FIND_DATA data;
    search = FindFirstFile(TEXT("C:\\link*"), &data);
    assert(search != INVALID_HANDLE_VALUE && data.dwReserved0 == IO_REPARSE_TAG_SYMLINK);
    assert(!FindNextFile(search, &data) && GetLastError() == ERROR_NO_MORE_FILES);
    assert(FindClose(search));

    TCHAR *message = NULL;
    length = FormatMessage(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
                           NULL, ERROR_ALREADY_EXISTS, 0, (TCHAR *)&message, 0, NULL);
    assert(length > 20 && message[0] == 'C' && message[length] == 0);
    assert(LocalFree(message) == NULL);

    /* The privilege, off and on, in a thread's own token and in that of the process. */
    HANDLE token;
    LUID luid;
    assert(LookupPrivilegeValue(NULL, SE_CREATE_SYMBOLIC_LINK_NAME, &luid));
    assert(!OpenThreadToken(GetCurrentThread(), TOKEN_ADJUST_PRIVILEGES, TRUE, &token));
    assert(ImpersonateSelf(2));
    assert(OpenThreadToken(GetCurrentThread(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, TRUE, &token));
    TOKEN_PRIVILEGES off = {1, {{luid, 0}}}, before;
    DWORD needed = 0;
    assert(AdjustTokenPrivileges(token, FALSE, &off, sizeof before, &before, &needed));
    assert(GetLastError() == ERROR_SUCCESS && before.PrivilegeCount == 1);
    assert(before.Privileges[0].Attributes == SE_PRIVILEGE_ENABLED && needed == sizeof before);
    assert(CreateSymbolicLink(TEXT("C:\\never"), TEXT("x"), 0) == FALSE);
    assert(GetLastError() == ERROR_PRIVILEGE_NOT_HELD);
    assert(AdjustTokenPrivileges(token, FALSE, &before, 0, NULL, NULL));
    assert(CreateSymbolicLink(TEXT("C:\\back"), TEXT("x"), 0) == TRUE);
    assert(RevertToSelf() && CloseHandle(token));
    assert(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token));
    luid.LowPart = 3;
    TOKEN_PRIVILEGES unknown = {1, {{luid, SE_PRIVILEGE_ENABLED}}};
    assert(AdjustTokenPrivileges(token, FALSE, &unknown, 0, NULL, NULL));
    assert(GetLastError() == ERROR_NOT_ALL_ASSIGNED && CloseHandle(token));

    HANDLE transaction = CreateTransaction(NULL, NULL, 0, 0, 0, 0, NULL);
    assert(CreateHardLinkTransacted(TEXT("C:\\later.txt"), TEXT("C:\\existing.txt"), NULL, transaction));
    assert(GetFileAttributes(TEXT("C:\\later.txt")) == INVALID_FILE_ATTRIBUTES);
    assert(CommitTransaction(transaction) && CloseHandle(transaction));
    assert(GetFileAttributes(TEXT("C:\\later.txt")) != INVALID_FILE_ATTRIBUTES);

    char link_information[8 + 8 + 4 + 2 * 14 + 2] = {0};
    static const WCHAR native[] = u"\\??\\C:\\native";
    DWORD bytes = (DWORD)sizeof native - 2;
    memcpy(link_information + 16, &bytes, 4);
    memcpy(link_information + 20, native, bytes);
    file = CreateFile(TEXT("C:\\existing.txt"), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    IO_STATUS_BLOCK block;
    NTSTATUS status = NtSetInformationFile(file, &block, link_information, sizeof link_information, 11);
    assert(status == 0 && block.Status == 0);
    status = NtSetInformationFile(file, &block, link_information, sizeof link_information, 11);
    assert(RtlNtStatusToDosError(status) == ERROR_ALREADY_EXISTS);
    assert(CloseHandle(file));
    assert(LinkwrightSync());
    printf("%s: all done\n", LinkwrightVersion());
    return 0;
}
