"""The library by ctypes, with the declarations that the tests need."""
import ctypes
import sys

k = ctypes.CDLL(sys.argv[1], use_errno=True)
W, D, H, P = ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p
INVALID = ctypes.c_void_p(-1).value
GENERIC_READ, GENERIC_WRITE = 0x80000000, 0x40000000
SHARE_ALL = 7


def wide(text):
    """UTF-16 with its NUL; Python's own wide characters have 32 bits here."""
    return None if text is None else ctypes.create_string_buffer((text + "\0").encode("utf-16-le", "surrogatepass"))


k.CreateFileW.restype = H
k.CreateFileW.argtypes = [P, D, D, P, D, D, H]
k.CloseHandle.argtypes = [H]
k.FindFirstFileNameW.restype = H
k.FindFirstFileNameW.argtypes = [P, D, P, P]
k.FindNextFileNameW.argtypes = [H, P, P]
k.FindClose.argtypes = [H]
k.GetFileInformationByHandle.argtypes = [H, P]
k.GetLastError.restype = D
k.GetFileAttributesW.restype = D
k.WriteFile.argtypes = [H, P, D, P, P]
k.CreateSymbolicLinkW.restype = ctypes.c_ubyte


def result(truth):
    """0, or the code; errno says the same."""
    if truth:
        return 0
    code = k.GetLastError()
    ctypes.set_errno(0)
    return code


def hard_link(new, existing):
    return result(k.CreateHardLinkW(wide(new), wide(existing), None))


def symbolic_link(link, target, flags=0):
    return result(k.CreateSymbolicLinkW(wide(link), wide(target), D(flags)))


def open_file(name, access=GENERIC_READ, share=SHARE_ALL, disposition=3, flags=0):
    handle = k.CreateFileW(wide(name), access, share, None, disposition, flags, None)
    return (0, handle) if handle != INVALID else (k.GetLastError(), None)


def make_file(name, data=b""):
    code, handle = open_file(name, GENERIC_WRITE, 0, 1)
    if code:
        return code
    written = D()
    assert k.WriteFile(handle, data, len(data), ctypes.byref(written), None) and written.value == len(data)
    assert k.CloseHandle(handle)
    return 0


def make_directory(name):
    return result(k.CreateDirectoryW(wide(name), None))


def delete(name):
    return result(k.DeleteFileW(wide(name)))


def remove_directory(name):
    return result(k.RemoveDirectoryW(wide(name)))


def attributes(name):
    found = k.GetFileAttributesW(wide(name))
    return k.GetLastError() if found == 0xFFFFFFFF else -found


def names(name):
    found, room, buffer = [], D(300), ctypes.create_string_buffer(600)
    search = k.FindFirstFileNameW(wide(name), 0, ctypes.byref(room), buffer)
    if search == INVALID:
        return k.GetLastError()
    while True:
        found.append(buffer.raw[: 2 * (room.value - 1)].decode("utf-16-le"))
        room.value = 300
        if not k.FindNextFileNameW(search, ctypes.byref(room), buffer):
            break
    assert k.GetLastError() == 38 and k.FindClose(search)
    return sorted(found)


def links(name):
    """nNumberOfLinks of what has the name, a link itself."""
    code, handle = open_file(name, 0, flags=0x02200000)
    if code:
        return -code
    information = ctypes.create_string_buffer(52)
    assert k.GetFileInformationByHandle(handle, information) and k.CloseHandle(handle)
    return int.from_bytes(information.raw[40:44], sys.byteorder)
