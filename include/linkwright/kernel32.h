/* Win32's functions for files and links, outside of Windows (docs/c-api.md).
   Generated from crates/kernel32/src by its test; not to be changed by hand. */

#ifndef LINKWRIGHT_KERNEL32_H
#define LINKWRIGHT_KERNEL32_H

#include <stddef.h>
#include <stdint.h>

/**
 * 32 bits.
 */
typedef uint32_t DWORD;

/**
 * One byte of text in the ANSI code page.
 */
typedef char CHAR;

/**
 * A text that is not changed.
 */
typedef const CHAR *LPCSTR;

/**
 * One unit of UTF-16; 16 bits, whatever `wchar_t` is.
 */
typedef uint16_t WCHAR;

/**
 * A text that is not changed.
 */
typedef const WCHAR *LPCWSTR;

/**
 * 0 or not, in four bytes.
 */
typedef int32_t BOOL;

/**
 * 32 bits, signed.
 */
typedef int32_t LONG;

/**
 * `void`.
 */
typedef void VOID;

/**
 * Memory.
 */
typedef VOID *LPVOID;

/**
 * 64 bits, signed (LARGE_INTEGER is a union of this and its halves).
 */
typedef int64_t LONGLONG;

/**
 * What an open object is known by.
 */
typedef VOID *HANDLE;

/**
 * Asked between the pieces of a copy.
 */
typedef DWORD (*LPPROGRESS_ROUTINE)(LONGLONG TotalFileSize,
                                    LONGLONG TotalBytesTransferred,
                                    LONGLONG StreamSize,
                                    LONGLONG StreamBytesTransferred,
                                    DWORD dwStreamNumber,
                                    DWORD dwCallbackReason,
                                    HANDLE hSourceFile,
                                    HANDLE hDestinationFile,
                                    LPVOID lpData);

/**
 * Where a truth goes.
 */
typedef BOOL *LPBOOL;

/**
 * Where a number goes.
 */
typedef DWORD *LPDWORD;

/**
 * Where to read or write, and what came of it. (`Offset` and `OffsetHigh` are in a
 * union with a pointer that nobody uses.)
 */
typedef struct OVERLAPPED {
  /**
   * The status.
   */
  uintptr_t Internal;
  /**
   * Bytes.
   */
  uintptr_t InternalHigh;
  /**
   * Lower half of the place (in bytes).
   */
  DWORD Offset;
  /**
   * Upper half.
   */
  DWORD OffsetHigh;
  /**
   * Not signalled here.
   */
  HANDLE hEvent;
} OVERLAPPED;

/**
 * Memory that is not changed.
 */
typedef const VOID *LPCVOID;

/**
 * Room for a text.
 */
typedef CHAR *LPSTR;

/**
 * Room for a text.
 */
typedef WCHAR *LPWSTR;

/**
 * Who may use a new object.
 */
typedef struct SECURITY_ATTRIBUTES {
  /**
   * Bytes of this structure.
   */
  DWORD nLength;
  /**
   * A self-relative descriptor, or NULL.
   */
  LPVOID lpSecurityDescriptor;
  /**
   * Whether children inherit the handle; none does here.
   */
  BOOL bInheritHandle;
} SECURITY_ATTRIBUTES;

/**
 * Ticks of 100 ns since 1601.
 */
typedef struct FILETIME {
  /**
   * Lower half.
   */
  DWORD dwLowDateTime;
  /**
   * Upper half.
   */
  DWORD dwHighDateTime;
} FILETIME;

/**
 * Facts about a file by its handle.
 */
typedef struct BY_HANDLE_FILE_INFORMATION {
  /**
   * FILE_ATTRIBUTE_*.
   */
  DWORD dwFileAttributes;
  /**
   * Made.
   */
  struct FILETIME ftCreationTime;
  /**
   * Read.
   */
  struct FILETIME ftLastAccessTime;
  /**
   * Written.
   */
  struct FILETIME ftLastWriteTime;
  /**
   * Of the volume.
   */
  DWORD dwVolumeSerialNumber;
  /**
   * Upper half of the size (in bytes).
   */
  DWORD nFileSizeHigh;
  /**
   * Lower half.
   */
  DWORD nFileSizeLow;
  /**
   * Names.
   */
  DWORD nNumberOfLinks;
  /**
   * Upper half of what identifies the file.
   */
  DWORD nFileIndexHigh;
  /**
   * Lower half.
   */
  DWORD nFileIndexLow;
} BY_HANDLE_FILE_INFORMATION;

/**
 * 32 bits.
 */
typedef uint32_t ULONG;

/**
 * 16 bits.
 */
typedef uint16_t USHORT;

/**
 * A byte.
 */
typedef uint8_t BYTE;

/**
 * 16 bytes that are unlike all others.
 */
typedef struct GUID {
  /**
   * First part.
   */
  ULONG Data1;
  /**
   * Second part.
   */
  USHORT Data2;
  /**
   * Third part.
   */
  USHORT Data3;
  /**
   * The rest.
   */
  BYTE Data4[8];
} GUID;

/**
 * 0 or 1 in one byte; the rest of the register that it is given back in is zero.
 */
typedef uint8_t BOOLEAN;

/**
 * Called when an overlapped call ends; none is here.
 */
typedef void (*LPOVERLAPPED_COMPLETION_ROUTINE)(DWORD dwErrorCode,
                                                DWORD dwNumberOfBytesTransfered,
                                                struct OVERLAPPED *lpOverlapped);

/**
 * A status of the NT functions.
 */
typedef int32_t NTSTATUS;

/**
 * What came of an NT function. (`Status` is in a union with a pointer.)
 */
typedef struct IO_STATUS_BLOCK {
  /**
   * The status.
   */
  NTSTATUS Status;
  /**
   * The upper half of the union.
   */
  ULONG Reserved;
  /**
   * Bytes.
   */
  uintptr_t Information;
} IO_STATUS_BLOCK;

/**
 * The same with names in the ANSI code page.
 */
typedef struct WIN32_FIND_DATAA {
  /**
   * FILE_ATTRIBUTE_*.
   */
  DWORD dwFileAttributes;
  /**
   * Made.
   */
  struct FILETIME ftCreationTime;
  /**
   * Read.
   */
  struct FILETIME ftLastAccessTime;
  /**
   * Written.
   */
  struct FILETIME ftLastWriteTime;
  /**
   * Upper half of the size (in bytes).
   */
  DWORD nFileSizeHigh;
  /**
   * Lower half.
   */
  DWORD nFileSizeLow;
  /**
   * The tag of a reparse point.
   */
  DWORD dwReserved0;
  /**
   * Nothing.
   */
  DWORD dwReserved1;
  /**
   * The name.
   */
  CHAR cFileName[260];
  /**
   * The 8.3 name, or empty.
   */
  CHAR cAlternateFileName[14];
} WIN32_FIND_DATAA;

/**
 * An entry of a directory.
 */
typedef struct WIN32_FIND_DATAW {
  /**
   * FILE_ATTRIBUTE_*.
   */
  DWORD dwFileAttributes;
  /**
   * Made.
   */
  struct FILETIME ftCreationTime;
  /**
   * Read.
   */
  struct FILETIME ftLastAccessTime;
  /**
   * Written.
   */
  struct FILETIME ftLastWriteTime;
  /**
   * Upper half of the size (in bytes).
   */
  DWORD nFileSizeHigh;
  /**
   * Lower half.
   */
  DWORD nFileSizeLow;
  /**
   * The tag of a reparse point.
   */
  DWORD dwReserved0;
  /**
   * Nothing.
   */
  DWORD dwReserved1;
  /**
   * The name.
   */
  WCHAR cFileName[260];
  /**
   * The 8.3 name, or empty.
   */
  WCHAR cAlternateFileName[14];
} WIN32_FIND_DATAW;

/**
 * A security descriptor.
 */
typedef VOID *PSECURITY_DESCRIPTOR;

/**
 * Which privilege.
 */
typedef struct LUID {
  /**
   * Lower half.
   */
  DWORD LowPart;
  /**
   * Upper half.
   */
  LONG HighPart;
} LUID;

/**
 * A privilege and its state.
 */
typedef struct LUID_AND_ATTRIBUTES {
  /**
   * Which.
   */
  struct LUID Luid;
  /**
   * SE_PRIVILEGE_ENABLED or 0.
   */
  DWORD Attributes;
} LUID_AND_ATTRIBUTES;

/**
 * Privileges and their states.
 */
typedef struct TOKEN_PRIVILEGES {
  /**
   * How many there are.
   */
  DWORD PrivilegeCount;
  /**
   * The first of them.
   */
  struct LUID_AND_ATTRIBUTES Privileges[1];
} TOKEN_PRIVILEGES;

/**
 * 64 bits.
 */
typedef uint64_t ULONGLONG;

/**
 * What GetFileAttributes gives on failure.
 */
#define INVALID_FILE_ATTRIBUTES 4294967295

/**
 * What GetFileSize gives on failure.
 */
#define INVALID_FILE_SIZE 4294967295

/**
 * What SetFilePointer gives on failure.
 */
#define INVALID_SET_FILE_POINTER 4294967295

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * `GetFileAttributesA`: FILE_ATTRIBUTE_*, or INVALID_FILE_ATTRIBUTES.
 */
DWORD GetFileAttributesA(LPCSTR lpFileName);

/**
 * `GetFileAttributesW`: FILE_ATTRIBUTE_*, or INVALID_FILE_ATTRIBUTES.
 */
DWORD GetFileAttributesW(LPCWSTR lpFileName);

/**
 * `GetFileAttributesExA`: WIN32_FILE_ATTRIBUTE_DATA of a file.
 */
BOOL GetFileAttributesExA(LPCSTR lpFileName, LONG fInfoLevelId, LPVOID lpFileInformation);

/**
 * `GetFileAttributesExW`: WIN32_FILE_ATTRIBUTE_DATA of a file.
 */
BOOL GetFileAttributesExW(LPCWSTR lpFileName, LONG fInfoLevelId, LPVOID lpFileInformation);

/**
 * `SetFileAttributesA`: sets FILE_ATTRIBUTE_*.
 */
BOOL SetFileAttributesA(LPCSTR lpFileName, DWORD dwFileAttributes);

/**
 * `SetFileAttributesW`: sets FILE_ATTRIBUTE_*.
 */
BOOL SetFileAttributesW(LPCWSTR lpFileName, DWORD dwFileAttributes);

/**
 * `CopyFileA`: copies a file.
 */
BOOL CopyFileA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName, BOOL bFailIfExists);

/**
 * `CopyFileW`: copies a file.
 */
BOOL CopyFileW(LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName, BOOL bFailIfExists);

/**
 * `CopyFileExA`: copies a file or a link, asking on the way.
 */
BOOL CopyFileExA(LPCSTR lpExistingFileName,
                 LPCSTR lpNewFileName,
                 LPPROGRESS_ROUTINE lpProgressRoutine,
                 LPVOID lpData,
                 LPBOOL pbCancel,
                 DWORD dwCopyFlags);

/**
 * `CopyFileExW`: copies a file or a link, asking on the way.
 */
BOOL CopyFileExW(LPCWSTR lpExistingFileName,
                 LPCWSTR lpNewFileName,
                 LPPROGRESS_ROUTINE lpProgressRoutine,
                 LPVOID lpData,
                 LPBOOL pbCancel,
                 DWORD dwCopyFlags);

/**
 * `ReadFile`, at the place that an OVERLAPPED says, where there is one.
 */
BOOL ReadFile(HANDLE hFile,
              LPVOID lpBuffer,
              DWORD nNumberOfBytesToRead,
              LPDWORD lpNumberOfBytesRead,
              struct OVERLAPPED *lpOverlapped);

/**
 * `WriteFile`, at the place that an OVERLAPPED says, where there is one.
 */
BOOL WriteFile(HANDLE hFile,
               LPCVOID lpBuffer,
               DWORD nNumberOfBytesToWrite,
               LPDWORD lpNumberOfBytesWritten,
               struct OVERLAPPED *lpOverlapped);

/**
 * `SetFilePointerEx`.
 */
BOOL SetFilePointerEx(HANDLE hFile,
                      LONGLONG liDistanceToMove,
                      LONGLONG *lpNewFilePointer,
                      DWORD dwMoveMethod);

/**
 * `SetFilePointer`: the lower half of the new place; INVALID_SET_FILE_POINTER is a failure when the last error is not ERROR_SUCCESS.
 */
DWORD SetFilePointer(HANDLE hFile,
                     LONG lDistanceToMove,
                     LONG *lpDistanceToMoveHigh,
                     DWORD dwMoveMethod);

/**
 * `SetEndOfFile`.
 */
BOOL SetEndOfFile(HANDLE hFile);

/**
 * `FlushFileBuffers`: what the volume was told is durable.
 */
BOOL FlushFileBuffers(HANDLE hFile);

/**
 * `GetFileSizeEx`.
 */
BOOL GetFileSizeEx(HANDLE hFile, LONGLONG *lpFileSize);

/**
 * `GetFileSize`: the lower half; INVALID_FILE_SIZE is a failure when the last error is not ERROR_SUCCESS.
 */
DWORD GetFileSize(HANDLE hFile,
                  LPDWORD lpFileSizeHigh);

/**
 * `GetLastError` of the calling thread; `errno` is not looked at.
 */
DWORD GetLastError(void);

/**
 * `SetLastError` of the calling thread.
 */
void SetLastError(DWORD dwErrCode);

/**
 * `FormatMessageA`: the text of a code (FORMAT_MESSAGE_FROM_SYSTEM).
 */
DWORD FormatMessageA(DWORD dwFlags,
                     LPCVOID lpSource,
                     DWORD dwMessageId,
                     DWORD dwLanguageId,
                     LPSTR lpBuffer,
                     DWORD nSize,
                     LPVOID Arguments);

/**
 * `FormatMessageW`: the text of a code (FORMAT_MESSAGE_FROM_SYSTEM).
 */
DWORD FormatMessageW(DWORD dwFlags,
                     LPCVOID lpSource,
                     DWORD dwMessageId,
                     DWORD dwLanguageId,
                     LPWSTR lpBuffer,
                     DWORD nSize,
                     LPVOID Arguments);

/**
 * `LocalFree`: gives back what FormatMessage allocated; NULL.
 */
HANDLE LocalFree(HANDLE hMem);

/**
 * `CreateFileA`: opens or makes a file, or opens a directory.
 */
HANDLE CreateFileA(LPCSTR lpFileName,
                   DWORD dwDesiredAccess,
                   DWORD dwShareMode,
                   struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                   DWORD dwCreationDisposition,
                   DWORD dwFlagsAndAttributes,
                   HANDLE hTemplateFile);

/**
 * `CreateFileW`: opens or makes a file, or opens a directory.
 */
HANDLE CreateFileW(LPCWSTR lpFileName,
                   DWORD dwDesiredAccess,
                   DWORD dwShareMode,
                   struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                   DWORD dwCreationDisposition,
                   DWORD dwFlagsAndAttributes,
                   HANDLE hTemplateFile);

/**
 * `DeleteFileA`: takes a name of a file away.
 */
BOOL DeleteFileA(LPCSTR lpFileName);

/**
 * `DeleteFileW`: takes a name of a file away.
 */
BOOL DeleteFileW(LPCWSTR lpFileName);

/**
 * `RemoveDirectoryA`: removes an empty directory, or a link to one.
 */
BOOL RemoveDirectoryA(LPCSTR lpPathName);

/**
 * `RemoveDirectoryW`: removes an empty directory, or a link to one.
 */
BOOL RemoveDirectoryW(LPCWSTR lpPathName);

/**
 * `CreateDirectoryA`: makes a directory.
 */
BOOL CreateDirectoryA(LPCSTR lpPathName, struct SECURITY_ATTRIBUTES *lpSecurityAttributes);

/**
 * `CreateDirectoryW`: makes a directory.
 */
BOOL CreateDirectoryW(LPCWSTR lpPathName, struct SECURITY_ATTRIBUTES *lpSecurityAttributes);

/**
 * `MoveFileA`: renames; to another volume it copies a file.
 */
BOOL MoveFileA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName);

/**
 * `MoveFileW`: renames; to another volume it copies a file.
 */
BOOL MoveFileW(LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName);

/**
 * `MoveFileExA`: renames as the flags say.
 */
BOOL MoveFileExA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName, DWORD dwFlags);

/**
 * `MoveFileExW`: renames as the flags say.
 */
BOOL MoveFileExW(LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName, DWORD dwFlags);

/**
 * `CloseHandle`.
 */
BOOL CloseHandle(HANDLE hObject);

/**
 * `GetFileType`: FILE_TYPE_DISK, FILE_TYPE_CHAR, or FILE_TYPE_UNKNOWN (0).
 */
DWORD GetFileType(HANDLE hFile);

/**
 * `GetFileInformationByHandle`.
 */
BOOL GetFileInformationByHandle(HANDLE hFile, struct BY_HANDLE_FILE_INFORMATION *lpFileInformation);

/**
 * `GetFileInformationByHandleEx`.
 */
BOOL GetFileInformationByHandleEx(HANDLE hFile,
                                  LONG FileInformationClass,
                                  LPVOID lpFileInformation,
                                  DWORD dwBufferSize);

/**
 * `SetFileInformationByHandle`.
 */
BOOL SetFileInformationByHandle(HANDLE hFile,
                                LONG FileInformationClass,
                                LPVOID lpFileInformation,
                                DWORD dwBufferSize);

/**
 * `GetFileTime`.
 */
BOOL GetFileTime(HANDLE hFile,
                 struct FILETIME *lpCreationTime,
                 struct FILETIME *lpLastAccessTime,
                 struct FILETIME *lpLastWriteTime);

/**
 * `SetFileTime`: those that are not NULL.
 */
BOOL SetFileTime(HANDLE hFile,
                 const struct FILETIME *lpCreationTime,
                 const struct FILETIME *lpLastAccessTime,
                 const struct FILETIME *lpLastWriteTime);

/**
 * `DeviceIoControl`: reparse points, object ids, sparse and compressed files.
 */
BOOL DeviceIoControl(HANDLE hDevice,
                     DWORD dwIoControlCode,
                     LPVOID lpInBuffer,
                     DWORD nInBufferSize,
                     LPVOID lpOutBuffer,
                     DWORD nOutBufferSize,
                     LPDWORD lpBytesReturned,
                     struct OVERLAPPED *lpOverlapped);

/**
 * `CreateFileMappingW`: SEC_IMAGE sections only. NULL on failure.
 */
HANDLE CreateFileMappingW(HANDLE hFile,
                          struct SECURITY_ATTRIBUTES *lpFileMappingAttributes,
                          DWORD flProtect,
                          DWORD dwMaximumSizeHigh,
                          DWORD dwMaximumSizeLow,
                          LPCWSTR lpName);

/**
 * `CreateTransaction`.
 */
HANDLE CreateTransaction(struct SECURITY_ATTRIBUTES *lpTransactionAttributes,
                         struct GUID *UOW,
                         DWORD CreateOptions,
                         DWORD IsolationLevel,
                         DWORD IsolationFlags,
                         DWORD Timeout,
                         LPWSTR Description);

/**
 * `CommitTransaction`.
 */
BOOL CommitTransaction(HANDLE TransactionHandle);

/**
 * `RollbackTransaction`.
 */
BOOL RollbackTransaction(HANDLE TransactionHandle);

/**
 * `CreateHardLinkA`: a further name for a file.
 */
BOOL CreateHardLinkA(LPCSTR lpFileName,
                     LPCSTR lpExistingFileName,
                     struct SECURITY_ATTRIBUTES *lpSecurityAttributes);

/**
 * `CreateHardLinkW`: a further name for a file.
 */
BOOL CreateHardLinkW(LPCWSTR lpFileName,
                     LPCWSTR lpExistingFileName,
                     struct SECURITY_ATTRIBUTES *lpSecurityAttributes);

/**
 * `CreateSymbolicLinkA`: a symbolic link, whose target need not exist.
 */
BOOLEAN CreateSymbolicLinkA(LPCSTR lpSymlinkFileName,
                                   LPCSTR lpTargetFileName,
                                   DWORD dwFlags);

/**
 * `CreateSymbolicLinkW`: a symbolic link, whose target need not exist.
 */
BOOLEAN CreateSymbolicLinkW(LPCWSTR lpSymlinkFileName,
                                   LPCWSTR lpTargetFileName,
                                   DWORD dwFlags);

/**
 * `FindFirstFileNameW`: all names of a file, the first of them.
 */
HANDLE FindFirstFileNameW(LPCWSTR lpFileName, DWORD dwFlags, LPDWORD StringLength, LPWSTR LinkName);

/**
 * `FindNextFileNameW`: the next of them.
 */
BOOL FindNextFileNameW(HANDLE hFindStream, LPDWORD StringLength, LPWSTR LinkName);

/**
 * The version of this library, as `0.1.0`.
 */
LPCSTR LinkwrightVersion(void);

/**
 * `LinkwrightMapDriveA`: maps a drive, `C:`, to an image, `disk.img@2`, or to a folder of the host.
 */
BOOL LinkwrightMapDriveA(LPCSTR lpDrive, LPCSTR lpPath);

/**
 * `LinkwrightMapDriveW`: maps a drive, `C:`, to an image, `disk.img@2`, or to a folder of the host.
 */
BOOL LinkwrightMapDriveW(LPCWSTR lpDrive, LPCWSTR lpPath);

/**
 * `LinkwrightUnmapDriveA`: takes a drive away; ERROR_OPEN_FILES while something is open on it.
 */
BOOL LinkwrightUnmapDriveA(LPCSTR lpDrive);

/**
 * `LinkwrightUnmapDriveW`: takes a drive away; ERROR_OPEN_FILES while something is open on it.
 */
BOOL LinkwrightUnmapDriveW(LPCWSTR lpDrive);

/**
 * Makes everything durable that was done on all volumes.
 */
BOOL LinkwrightSync(void);

/**
 * `LinkwrightConfigureA`: sets what the variable `LINKWRIGHT_...` of this name would say, before the first other call; ERROR_ALREADY_INITIALIZED afterwards.
 */
BOOL LinkwrightConfigureA(LPCSTR lpName,
                          LPCSTR lpValue);

/**
 * `LinkwrightConfigureW`: sets what the variable `LINKWRIGHT_...` of this name would say, before the first other call; ERROR_ALREADY_INITIALIZED afterwards.
 */
BOOL LinkwrightConfigureW(LPCWSTR lpName,
                          LPCWSTR lpValue);

/**
 * `FindFirstChangeNotificationA`: nothing here tells of changes: ERROR_NOT_SUPPORTED.
 */
HANDLE FindFirstChangeNotificationA(LPCSTR lpPathName, BOOL bWatchSubtree, DWORD dwNotifyFilter);

/**
 * `FindFirstChangeNotificationW`: nothing here tells of changes: ERROR_NOT_SUPPORTED.
 */
HANDLE FindFirstChangeNotificationW(LPCWSTR lpPathName, BOOL bWatchSubtree, DWORD dwNotifyFilter);

/**
 * `ReadDirectoryChangesW`: nothing here tells of changes: ERROR_NOT_SUPPORTED.
 */
BOOL ReadDirectoryChangesW(HANDLE hDirectory,
                           LPVOID lpBuffer,
                           DWORD nBufferLength,
                           BOOL bWatchSubtree,
                           DWORD dwNotifyFilter,
                           LPDWORD lpBytesReturned,
                           struct OVERLAPPED *lpOverlapped,
                           LPOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);

/**
 * `NtSetInformationFile`: links, renames, dispositions and the other classes. The last error stays as it is.
 */
NTSTATUS NtSetInformationFile(HANDLE FileHandle,
                              struct IO_STATUS_BLOCK *IoStatusBlock,
                              LPVOID FileInformation,
                              ULONG Length,
                              LONG FileInformationClass);

/**
 * `NtQueryInformationFile`. The last error stays as it is.
 */
NTSTATUS NtQueryInformationFile(HANDLE FileHandle,
                                struct IO_STATUS_BLOCK *IoStatusBlock,
                                LPVOID FileInformation,
                                ULONG Length,
                                LONG FileInformationClass);

/**
 * `RtlNtStatusToDosError`: the Win32 code of a status.
 */
ULONG RtlNtStatusToDosError(NTSTATUS Status);

/**
 * `GetFullPathNameA`: a path made whole; nothing is looked up.
 */
DWORD GetFullPathNameA(LPCSTR lpFileName, DWORD nBufferLength, LPSTR lpBuffer, LPSTR *lpFilePart);

/**
 * `GetFullPathNameW`: a path made whole; nothing is looked up.
 */
DWORD GetFullPathNameW(LPCWSTR lpFileName,
                       DWORD nBufferLength,
                       LPWSTR lpBuffer,
                       LPWSTR *lpFilePart);

/**
 * `GetCurrentDirectoryA`: the current directory.
 */
DWORD GetCurrentDirectoryA(DWORD nBufferLength, LPSTR lpBuffer);

/**
 * `GetCurrentDirectoryW`: the current directory.
 */
DWORD GetCurrentDirectoryW(DWORD nBufferLength, LPWSTR lpBuffer);

/**
 * `SetCurrentDirectoryA`: changes the current directory.
 */
BOOL SetCurrentDirectoryA(LPCSTR lpPathName);

/**
 * `SetCurrentDirectoryW`: changes the current directory.
 */
BOOL SetCurrentDirectoryW(LPCWSTR lpPathName);

/**
 * `GetFinalPathNameByHandleA`: the path of what is open, links resolved.
 */
DWORD GetFinalPathNameByHandleA(HANDLE hFile, LPSTR lpszFilePath, DWORD cchFilePath, DWORD dwFlags);

/**
 * `GetFinalPathNameByHandleW`: the path of what is open, links resolved.
 */
DWORD GetFinalPathNameByHandleW(HANDLE hFile,
                                LPWSTR lpszFilePath,
                                DWORD cchFilePath,
                                DWORD dwFlags);

/**
 * `GetLongPathNameA`: a path with its names in their long form.
 */
DWORD GetLongPathNameA(LPCSTR lpszShortPath, LPSTR lpszLongPath, DWORD cchBuffer);

/**
 * `GetLongPathNameW`: a path with its names in their long form.
 */
DWORD GetLongPathNameW(LPCWSTR lpszShortPath, LPWSTR lpszLongPath, DWORD cchBuffer);

/**
 * `GetShortPathNameA`: a path with its names in their 8.3 form.
 */
DWORD GetShortPathNameA(LPCSTR lpszLongPath, LPSTR lpszShortPath, DWORD cchBuffer);

/**
 * `GetShortPathNameW`: a path with its names in their 8.3 form.
 */
DWORD GetShortPathNameW(LPCWSTR lpszLongPath, LPWSTR lpszShortPath, DWORD cchBuffer);

/**
 * `FindFirstFileA`: the first entry that a name matches.
 */
HANDLE FindFirstFileA(LPCSTR lpFileName, struct WIN32_FIND_DATAA *lpFindFileData);

/**
 * `FindFirstFileW`: the first entry that a name matches.
 */
HANDLE FindFirstFileW(LPCWSTR lpFileName, struct WIN32_FIND_DATAW *lpFindFileData);

/**
 * `FindFirstFileExA`: the first entry that a name matches, at a level of information.
 */
HANDLE FindFirstFileExA(LPCSTR lpFileName,
                        LONG fInfoLevelId,
                        LPVOID lpFindFileData,
                        LONG fSearchOp,
                        LPVOID lpSearchFilter,
                        DWORD dwAdditionalFlags);

/**
 * `FindFirstFileExW`: the first entry that a name matches, at a level of information.
 */
HANDLE FindFirstFileExW(LPCWSTR lpFileName,
                        LONG fInfoLevelId,
                        LPVOID lpFindFileData,
                        LONG fSearchOp,
                        LPVOID lpSearchFilter,
                        DWORD dwAdditionalFlags);

/**
 * `FindNextFileA`: the next entry of a search.
 */
BOOL FindNextFileA(HANDLE hFindFile, struct WIN32_FIND_DATAA *lpFindFileData);

/**
 * `FindNextFileW`: the next entry of a search.
 */
BOOL FindNextFileW(HANDLE hFindFile, struct WIN32_FIND_DATAW *lpFindFileData);

/**
 * `FindClose`: the end of a search of any kind.
 */
BOOL FindClose(HANDLE hFindFile);

/**
 * `FindFirstStreamW`: the first data stream of a file.
 */
HANDLE FindFirstStreamW(LPCWSTR lpFileName, LONG InfoLevel, LPVOID lpFindStreamData, DWORD dwFlags);

/**
 * `FindNextStreamW`: the next data stream.
 */
BOOL FindNextStreamW(HANDLE hFindStream, LPVOID lpFindStreamData);

/**
 * `GetFileSecurityA`: parts of the descriptor of a file.
 */
BOOL GetFileSecurityA(LPCSTR lpFileName,
                      DWORD RequestedInformation,
                      PSECURITY_DESCRIPTOR pSecurityDescriptor,
                      DWORD nLength,
                      LPDWORD lpnLengthNeeded);

/**
 * `GetFileSecurityW`: parts of the descriptor of a file.
 */
BOOL GetFileSecurityW(LPCWSTR lpFileName,
                      DWORD RequestedInformation,
                      PSECURITY_DESCRIPTOR pSecurityDescriptor,
                      DWORD nLength,
                      LPDWORD lpnLengthNeeded);

/**
 * `SetFileSecurityA`: sets parts of the descriptor of a file.
 */
BOOL SetFileSecurityA(LPCSTR lpFileName,
                      DWORD SecurityInformation,
                      PSECURITY_DESCRIPTOR pSecurityDescriptor);

/**
 * `SetFileSecurityW`: sets parts of the descriptor of a file.
 */
BOOL SetFileSecurityW(LPCWSTR lpFileName,
                      DWORD SecurityInformation,
                      PSECURITY_DESCRIPTOR pSecurityDescriptor);

/**
 * `GetCurrentProcess`: the handle that always means this process.
 */
HANDLE GetCurrentProcess(void);

/**
 * `GetCurrentThread`: the handle that always means the calling thread.
 */
HANDLE GetCurrentThread(void);

/**
 * `OpenProcessToken` of this process.
 */
BOOL OpenProcessToken(HANDLE ProcessHandle, DWORD DesiredAccess, HANDLE *TokenHandle);

/**
 * `OpenThreadToken` of the calling thread.
 */
BOOL OpenThreadToken(HANDLE ThreadHandle,
                     DWORD DesiredAccess,
                     BOOL OpenAsSelf,
                     HANDLE *TokenHandle);

/**
 * `LookupPrivilegeValueA`: the number of a privilege.
 */
BOOL LookupPrivilegeValueA(LPCSTR lpSystemName, LPCSTR lpName, struct LUID *lpLuid);

/**
 * `LookupPrivilegeValueW`: the number of a privilege.
 */
BOOL LookupPrivilegeValueW(LPCWSTR lpSystemName, LPCWSTR lpName, struct LUID *lpLuid);

/**
 * `AdjustTokenPrivileges`: succeeds with ERROR_NOT_ALL_ASSIGNED when the token does not hold one of them.
 */
BOOL AdjustTokenPrivileges(HANDLE TokenHandle,
                           BOOL DisableAllPrivileges,
                           struct TOKEN_PRIVILEGES *NewState,
                           DWORD BufferLength,
                           struct TOKEN_PRIVILEGES *PreviousState,
                           LPDWORD ReturnLength);

/**
 * `ImpersonateSelf`: the thread gets a token of its own.
 */
BOOL ImpersonateSelf(LONG ImpersonationLevel);

/**
 * `RevertToSelf`: the thread acts as the process again.
 */
BOOL RevertToSelf(void);

/**
 * `CreateHardLinkTransactedA`: `CreateHardLink` in a transaction.
 */
BOOL CreateHardLinkTransactedA(LPCSTR lpFileName,
                               LPCSTR lpExistingFileName,
                               struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                               HANDLE hTransaction);

/**
 * `CreateHardLinkTransactedW`: `CreateHardLink` in a transaction.
 */
BOOL CreateHardLinkTransactedW(LPCWSTR lpFileName,
                               LPCWSTR lpExistingFileName,
                               struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                               HANDLE hTransaction);

/**
 * `CreateSymbolicLinkTransactedA`: `CreateSymbolicLink` in a transaction.
 */
BOOLEAN CreateSymbolicLinkTransactedA(LPCSTR lpSymlinkFileName,
                                             LPCSTR lpTargetFileName,
                                             DWORD dwFlags,
                                             HANDLE hTransaction);

/**
 * `CreateSymbolicLinkTransactedW`: `CreateSymbolicLink` in a transaction.
 */
BOOLEAN CreateSymbolicLinkTransactedW(LPCWSTR lpSymlinkFileName,
                                             LPCWSTR lpTargetFileName,
                                             DWORD dwFlags,
                                             HANDLE hTransaction);

/**
 * `FindFirstFileNameTransactedW`: all names of a file as a transaction has them.
 */
HANDLE FindFirstFileNameTransactedW(LPCWSTR lpFileName,
                                    DWORD dwFlags,
                                    LPDWORD StringLength,
                                    LPWSTR LinkName,
                                    HANDLE hTransaction);

/**
 * `CreateFileTransactedA`: `CreateFile` in a transaction.
 */
HANDLE CreateFileTransactedA(LPCSTR lpFileName,
                             DWORD dwDesiredAccess,
                             DWORD dwShareMode,
                             struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                             DWORD dwCreationDisposition,
                             DWORD dwFlagsAndAttributes,
                             HANDLE hTemplateFile,
                             HANDLE hTransaction,
                             USHORT *pusMiniVersion,
                             LPVOID lpExtendedParameter);

/**
 * `CreateFileTransactedW`: `CreateFile` in a transaction.
 */
HANDLE CreateFileTransactedW(LPCWSTR lpFileName,
                             DWORD dwDesiredAccess,
                             DWORD dwShareMode,
                             struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                             DWORD dwCreationDisposition,
                             DWORD dwFlagsAndAttributes,
                             HANDLE hTemplateFile,
                             HANDLE hTransaction,
                             USHORT *pusMiniVersion,
                             LPVOID lpExtendedParameter);

/**
 * `DeleteFileTransactedA`: `DeleteFile` in a transaction.
 */
BOOL DeleteFileTransactedA(LPCSTR lpFileName, HANDLE hTransaction);

/**
 * `DeleteFileTransactedW`: `DeleteFile` in a transaction.
 */
BOOL DeleteFileTransactedW(LPCWSTR lpFileName, HANDLE hTransaction);

/**
 * `RemoveDirectoryTransactedA`: `RemoveDirectory` in a transaction.
 */
BOOL RemoveDirectoryTransactedA(LPCSTR lpPathName, HANDLE hTransaction);

/**
 * `RemoveDirectoryTransactedW`: `RemoveDirectory` in a transaction.
 */
BOOL RemoveDirectoryTransactedW(LPCWSTR lpPathName, HANDLE hTransaction);

/**
 * `CreateDirectoryTransactedA`: `CreateDirectory` in a transaction.
 */
BOOL CreateDirectoryTransactedA(LPCSTR lpTemplateDirectory,
                                LPCSTR lpNewDirectory,
                                struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                                HANDLE hTransaction);

/**
 * `CreateDirectoryTransactedW`: `CreateDirectory` in a transaction.
 */
BOOL CreateDirectoryTransactedW(LPCWSTR lpTemplateDirectory,
                                LPCWSTR lpNewDirectory,
                                struct SECURITY_ATTRIBUTES *lpSecurityAttributes,
                                HANDLE hTransaction);

/**
 * `MoveFileTransactedA`: `MoveFileEx` in a transaction; the progress routine is not called.
 */
BOOL MoveFileTransactedA(LPCSTR lpExistingFileName,
                         LPCSTR lpNewFileName,
                         LPPROGRESS_ROUTINE lpProgressRoutine,
                         LPVOID lpData,
                         DWORD dwFlags,
                         HANDLE hTransaction);

/**
 * `MoveFileTransactedW`: `MoveFileEx` in a transaction; the progress routine is not called.
 */
BOOL MoveFileTransactedW(LPCWSTR lpExistingFileName,
                         LPCWSTR lpNewFileName,
                         LPPROGRESS_ROUTINE lpProgressRoutine,
                         LPVOID lpData,
                         DWORD dwFlags,
                         HANDLE hTransaction);

/**
 * `GetFileAttributesTransactedA`: `GetFileAttributesEx` in a transaction.
 */
BOOL GetFileAttributesTransactedA(LPCSTR lpFileName,
                                  LONG fInfoLevelId,
                                  LPVOID lpFileInformation,
                                  HANDLE hTransaction);

/**
 * `GetFileAttributesTransactedW`: `GetFileAttributesEx` in a transaction.
 */
BOOL GetFileAttributesTransactedW(LPCWSTR lpFileName,
                                  LONG fInfoLevelId,
                                  LPVOID lpFileInformation,
                                  HANDLE hTransaction);

/**
 * `SetFileAttributesTransactedA`: `SetFileAttributes` in a transaction.
 */
BOOL SetFileAttributesTransactedA(LPCSTR lpFileName, DWORD dwFileAttributes, HANDLE hTransaction);

/**
 * `SetFileAttributesTransactedW`: `SetFileAttributes` in a transaction.
 */
BOOL SetFileAttributesTransactedW(LPCWSTR lpFileName, DWORD dwFileAttributes, HANDLE hTransaction);

/**
 * `FindFirstFileTransactedA`: `FindFirstFileEx` in a transaction.
 */
HANDLE FindFirstFileTransactedA(LPCSTR lpFileName,
                                LONG fInfoLevelId,
                                LPVOID lpFindFileData,
                                LONG fSearchOp,
                                LPVOID lpSearchFilter,
                                DWORD dwAdditionalFlags,
                                HANDLE hTransaction);

/**
 * `FindFirstFileTransactedW`: `FindFirstFileEx` in a transaction.
 */
HANDLE FindFirstFileTransactedW(LPCWSTR lpFileName,
                                LONG fInfoLevelId,
                                LPVOID lpFindFileData,
                                LONG fSearchOp,
                                LPVOID lpSearchFilter,
                                DWORD dwAdditionalFlags,
                                HANDLE hTransaction);

/**
 * `GetVolumeInformationA`: what a volume says of itself.
 */
BOOL GetVolumeInformationA(LPCSTR lpRootPathName,
                           LPSTR lpVolumeNameBuffer,
                           DWORD nVolumeNameSize,
                           LPDWORD lpVolumeSerialNumber,
                           LPDWORD lpMaximumComponentLength,
                           LPDWORD lpFileSystemFlags,
                           LPSTR lpFileSystemNameBuffer,
                           DWORD nFileSystemNameSize);

/**
 * `GetVolumeInformationW`: what a volume says of itself.
 */
BOOL GetVolumeInformationW(LPCWSTR lpRootPathName,
                           LPWSTR lpVolumeNameBuffer,
                           DWORD nVolumeNameSize,
                           LPDWORD lpVolumeSerialNumber,
                           LPDWORD lpMaximumComponentLength,
                           LPDWORD lpFileSystemFlags,
                           LPWSTR lpFileSystemNameBuffer,
                           DWORD nFileSystemNameSize);

/**
 * `GetVolumePathNameA`: the root that a path lies under.
 */
BOOL GetVolumePathNameA(LPCSTR lpszFileName, LPSTR lpszVolumePathName, DWORD cchBufferLength);

/**
 * `GetVolumePathNameW`: the root that a path lies under.
 */
BOOL GetVolumePathNameW(LPCWSTR lpszFileName, LPWSTR lpszVolumePathName, DWORD cchBufferLength);

/**
 * `GetVolumeNameForVolumeMountPointA`: `\\\\?\\Volume{...}\\` of a root.
 */
BOOL GetVolumeNameForVolumeMountPointA(LPCSTR lpszVolumeMountPoint,
                                       LPSTR lpszVolumeName,
                                       DWORD cchBufferLength);

/**
 * `GetVolumeNameForVolumeMountPointW`: `\\\\?\\Volume{...}\\` of a root.
 */
BOOL GetVolumeNameForVolumeMountPointW(LPCWSTR lpszVolumeMountPoint,
                                       LPWSTR lpszVolumeName,
                                       DWORD cchBufferLength);

/**
 * `GetDiskFreeSpaceA`: free space in clusters.
 */
BOOL GetDiskFreeSpaceA(LPCSTR lpRootPathName,
                       LPDWORD lpSectorsPerCluster,
                       LPDWORD lpBytesPerSector,
                       LPDWORD lpNumberOfFreeClusters,
                       LPDWORD lpTotalNumberOfClusters);

/**
 * `GetDiskFreeSpaceW`: free space in clusters.
 */
BOOL GetDiskFreeSpaceW(LPCWSTR lpRootPathName,
                       LPDWORD lpSectorsPerCluster,
                       LPDWORD lpBytesPerSector,
                       LPDWORD lpNumberOfFreeClusters,
                       LPDWORD lpTotalNumberOfClusters);

/**
 * `GetDiskFreeSpaceExA`: free space in bytes.
 */
BOOL GetDiskFreeSpaceExA(LPCSTR lpDirectoryName,
                         ULONGLONG *lpFreeBytesAvailableToCaller,
                         ULONGLONG *lpTotalNumberOfBytes,
                         ULONGLONG *lpTotalNumberOfFreeBytes);

/**
 * `GetDiskFreeSpaceExW`: free space in bytes.
 */
BOOL GetDiskFreeSpaceExW(LPCWSTR lpDirectoryName,
                         ULONGLONG *lpFreeBytesAvailableToCaller,
                         ULONGLONG *lpTotalNumberOfBytes,
                         ULONGLONG *lpTotalNumberOfFreeBytes);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LINKWRIGHT_KERNEL32_H */

#define FALSE 0
#define TRUE 1
#define WINAPI
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)

#define ERROR_SUCCESS 0
#define ERROR_INVALID_FUNCTION 1
#define ERROR_FILE_NOT_FOUND 2
#define ERROR_PATH_NOT_FOUND 3
#define ERROR_ACCESS_DENIED 5
#define ERROR_INVALID_HANDLE 6
#define ERROR_NO_MORE_FILES 18
#define ERROR_NOT_SAME_DEVICE 17
#define ERROR_SHARING_VIOLATION 32
#define ERROR_HANDLE_EOF 38
#define ERROR_NOT_SUPPORTED 50
#define ERROR_FILE_EXISTS 80
#define ERROR_INVALID_PARAMETER 87
#define ERROR_INSUFFICIENT_BUFFER 122
#define ERROR_INVALID_NAME 123
#define ERROR_DIR_NOT_EMPTY 145
#define ERROR_ALREADY_EXISTS 183
#define ERROR_FILENAME_EXCED_RANGE 206
#define ERROR_MORE_DATA 234
#define ERROR_TOO_MANY_LINKS 1142
#define ERROR_NOT_ALL_ASSIGNED 1300
#define ERROR_PRIVILEGE_NOT_HELD 1314
#define ERROR_NOT_A_REPARSE_POINT 4390

#define SYMBOLIC_LINK_FLAG_DIRECTORY 0x1
#define SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE 0x2

#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define DELETE 0x00010000u
#define FILE_SHARE_READ 0x1
#define FILE_SHARE_WRITE 0x2
#define FILE_SHARE_DELETE 0x4
#define CREATE_NEW 1
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define OPEN_ALWAYS 4
#define TRUNCATE_EXISTING 5
#define FILE_ATTRIBUTE_READONLY 0x1
#define FILE_ATTRIBUTE_HIDDEN 0x2
#define FILE_ATTRIBUTE_SYSTEM 0x4
#define FILE_ATTRIBUTE_DIRECTORY 0x10
#define FILE_ATTRIBUTE_ARCHIVE 0x20
#define FILE_ATTRIBUTE_NORMAL 0x80
#define FILE_ATTRIBUTE_REPARSE_POINT 0x400
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000
#define FILE_BEGIN 0
#define FILE_CURRENT 1
#define FILE_END 2
#define MAX_PATH 260
#define MOVEFILE_REPLACE_EXISTING 0x1
#define MOVEFILE_COPY_ALLOWED 0x2

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x100
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x200
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000

#define TOKEN_QUERY 0x8
#define TOKEN_ADJUST_PRIVILEGES 0x20
#define SE_PRIVILEGE_ENABLED 0x2
#define SE_CREATE_SYMBOLIC_LINK_NAME TEXT("SeCreateSymbolicLinkPrivilege")
#define SE_BACKUP_NAME TEXT("SeBackupPrivilege")
#define SE_RESTORE_NAME TEXT("SeRestorePrivilege")

#define FSCTL_SET_REPARSE_POINT 0x900A4
#define FSCTL_GET_REPARSE_POINT 0x900A8
#define FSCTL_DELETE_REPARSE_POINT 0x900AC
#define IO_REPARSE_TAG_MOUNT_POINT 0xA0000003u
#define IO_REPARSE_TAG_SYMLINK 0xA000000Cu

#ifdef UNICODE
#define LINKWRIGHT_AW(name) name##W
#define TEXT(text) u##text
typedef WCHAR TCHAR;
typedef WIN32_FIND_DATAW WIN32_FIND_DATA;
#else
#define LINKWRIGHT_AW(name) name##A
#define TEXT(text) text
typedef CHAR TCHAR;
typedef WIN32_FIND_DATAA WIN32_FIND_DATA;
#endif

#define CopyFileEx LINKWRIGHT_AW(CopyFileEx)
#define CopyFile LINKWRIGHT_AW(CopyFile)
#define CreateDirectoryTransacted LINKWRIGHT_AW(CreateDirectoryTransacted)
#define CreateDirectory LINKWRIGHT_AW(CreateDirectory)
#define CreateFileTransacted LINKWRIGHT_AW(CreateFileTransacted)
#define CreateFile LINKWRIGHT_AW(CreateFile)
#define CreateHardLinkTransacted LINKWRIGHT_AW(CreateHardLinkTransacted)
#define CreateHardLink LINKWRIGHT_AW(CreateHardLink)
#define CreateSymbolicLinkTransacted LINKWRIGHT_AW(CreateSymbolicLinkTransacted)
#define CreateSymbolicLink LINKWRIGHT_AW(CreateSymbolicLink)
#define DeleteFileTransacted LINKWRIGHT_AW(DeleteFileTransacted)
#define DeleteFile LINKWRIGHT_AW(DeleteFile)
#define FindFirstChangeNotification LINKWRIGHT_AW(FindFirstChangeNotification)
#define FindFirstFileEx LINKWRIGHT_AW(FindFirstFileEx)
#define FindFirstFileTransacted LINKWRIGHT_AW(FindFirstFileTransacted)
#define FindFirstFile LINKWRIGHT_AW(FindFirstFile)
#define FindNextFile LINKWRIGHT_AW(FindNextFile)
#define FormatMessage LINKWRIGHT_AW(FormatMessage)
#define GetCurrentDirectory LINKWRIGHT_AW(GetCurrentDirectory)
#define GetDiskFreeSpaceEx LINKWRIGHT_AW(GetDiskFreeSpaceEx)
#define GetDiskFreeSpace LINKWRIGHT_AW(GetDiskFreeSpace)
#define GetFileAttributesEx LINKWRIGHT_AW(GetFileAttributesEx)
#define GetFileAttributesTransacted LINKWRIGHT_AW(GetFileAttributesTransacted)
#define GetFileAttributes LINKWRIGHT_AW(GetFileAttributes)
#define GetFileSecurity LINKWRIGHT_AW(GetFileSecurity)
#define GetFinalPathNameByHandle LINKWRIGHT_AW(GetFinalPathNameByHandle)
#define GetFullPathName LINKWRIGHT_AW(GetFullPathName)
#define GetLongPathName LINKWRIGHT_AW(GetLongPathName)
#define GetShortPathName LINKWRIGHT_AW(GetShortPathName)
#define GetVolumeInformation LINKWRIGHT_AW(GetVolumeInformation)
#define GetVolumeNameForVolumeMountPoint LINKWRIGHT_AW(GetVolumeNameForVolumeMountPoint)
#define GetVolumePathName LINKWRIGHT_AW(GetVolumePathName)
#define LinkwrightConfigure LINKWRIGHT_AW(LinkwrightConfigure)
#define LinkwrightMapDrive LINKWRIGHT_AW(LinkwrightMapDrive)
#define LinkwrightUnmapDrive LINKWRIGHT_AW(LinkwrightUnmapDrive)
#define LookupPrivilegeValue LINKWRIGHT_AW(LookupPrivilegeValue)
#define MoveFileEx LINKWRIGHT_AW(MoveFileEx)
#define MoveFileTransacted LINKWRIGHT_AW(MoveFileTransacted)
#define MoveFile LINKWRIGHT_AW(MoveFile)
#define RemoveDirectoryTransacted LINKWRIGHT_AW(RemoveDirectoryTransacted)
#define RemoveDirectory LINKWRIGHT_AW(RemoveDirectory)
#define SetCurrentDirectory LINKWRIGHT_AW(SetCurrentDirectory)
#define SetFileAttributesTransacted LINKWRIGHT_AW(SetFileAttributesTransacted)
#define SetFileAttributes LINKWRIGHT_AW(SetFileAttributes)
#define SetFileSecurity LINKWRIGHT_AW(SetFileSecurity)
