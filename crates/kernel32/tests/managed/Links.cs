using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

// What a P/Invoke page says, unchanged; and the same as VB.NET marshals it by default:
// four bytes of what has one.
static class Native
{
    [DllImport("Kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern bool CreateHardLink(string lpFileName, string lpExistingFileName, IntPtr lpSecurityAttributes);

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.I1)]
    public static extern bool CreateSymbolicLink(string lpSymlinkFileName, string lpTargetFileName, uint dwFlags);

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "CreateSymbolicLink")]
    public static extern bool CreateSymbolicLinkInFourBytes(string lpSymlinkFileName, string lpTargetFileName, uint dwFlags);

    [DllImport("kernel32.dll", SetLastError = true, EntryPoint = "CreateSymbolicLinkA")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static extern bool CreateSymbolicLinkAnsi(string lpSymlinkFileName, string lpTargetFileName, uint dwFlags);

    [DllImport("KERNEL32.DLL", CharSet = CharSet.Unicode)]
    public static extern int FormatMessage(int flags, IntPtr source, int code, int language, StringBuilder text, int size, IntPtr arguments);

    [DllImport("advapi32.dll", SetLastError = true)]
    public static extern bool ImpersonateSelf(int level);
    [DllImport("advapi32.dll", SetLastError = true)]
    public static extern bool RevertToSelf();
    [DllImport("kernel32.dll")]
    public static extern IntPtr GetCurrentThread();
    [DllImport("advapi32.dll", SetLastError = true)]
    public static extern bool OpenThreadToken(IntPtr thread, uint access, bool self, out IntPtr token);
    [DllImport("advapi32.dll", SetLastError = true)]
    public static extern bool AdjustTokenPrivileges(IntPtr token, bool all, IntPtr state, int length, IntPtr previous, IntPtr needed);
    [DllImport("ktmw32.dll", SetLastError = true)]
    public static extern IntPtr CreateTransaction(IntPtr attributes, IntPtr unit, int options, int level, int flags, int timeout, IntPtr description);
    [DllImport("ktmw32.dll", SetLastError = true)]
    public static extern bool RollbackTransaction(IntPtr transaction);
    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern IntPtr CreateFile(string name, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);
    [DllImport("kernel32.dll", SetLastError = true)]
    public static extern bool CloseHandle(IntPtr handle);
}

static class Program
{
    static void Fails(bool result, int code, string what)
    {
        int error = Marshal.GetLastWin32Error();
        if (result || error != code)
            throw new Exception(what + ": " + result + ", " + error);
    }

    static void Holds(bool result, string what)
    {
        int error = Marshal.GetLastWin32Error();
        if (!result)
            throw new Exception(what + ": " + error);
    }

    static int Main()
    {
        IntPtr file = Native.CreateFile(@"C:\existing", 0x40000000, 0, IntPtr.Zero, 1, 0, IntPtr.Zero);
        Holds(file != new IntPtr(-1), "CreateFile");
        Holds(Native.CloseHandle(file), "CloseHandle");

        Holds(Native.CreateHardLink(@"C:\hard", @"C:\existing", IntPtr.Zero), "hard link");
        Fails(Native.CreateHardLink(@"C:\hard", @"C:\existing", IntPtr.Zero), 183, "hard link twice");
        Holds(Native.CreateSymbolicLink(@"C:\soft", "existing", 0), "link");
        Holds(Native.CreateSymbolicLink(@"C:\dangling", "missing", 0), "missing target");
        Holds(Native.CreateSymbolicLink(@"C:\r\u00e9sum\u00e9".Replace(@"\u00e9", "\u00e9"), "existing", 0), "not ASCII");
        Fails(Native.CreateSymbolicLink(@"C:\soft", "existing", 0), 183, "link twice");
        Holds(Native.CreateSymbolicLinkInFourBytes(@"C:\four", "existing", 0), "four bytes");
        Fails(Native.CreateSymbolicLinkInFourBytes(@"C:\four", "existing", 0), 183, "four bytes twice");
        Holds(Native.CreateSymbolicLinkAnsi(@"C:\ansi", "existing", 0), "ANSI");

        // A thread that gives its privileges up.
        IntPtr token;
        Holds(Native.ImpersonateSelf(2), "ImpersonateSelf");
        Holds(Native.OpenThreadToken(Native.GetCurrentThread(), 0x20, true, out token), "OpenThreadToken");
        Holds(Native.AdjustTokenPrivileges(token, true, IntPtr.Zero, 0, IntPtr.Zero, IntPtr.Zero), "AdjustTokenPrivileges");
        Fails(Native.CreateSymbolicLink(@"C:\never", "existing", 0), 1314, "missing right");
        Fails(Native.CreateSymbolicLinkInFourBytes(@"C:\never", "existing", 0), 1314, "missing right in four bytes");
        Holds(Native.RevertToSelf(), "RevertToSelf");

        IntPtr transaction = Native.CreateTransaction(IntPtr.Zero, IntPtr.Zero, 0, 0, 0, 0, IntPtr.Zero);
        Holds(transaction != new IntPtr(-1), "CreateTransaction");
        Holds(Native.RollbackTransaction(transaction), "RollbackTransaction");

        // The runtime's own text is the C library's; FormatMessage has that of the code.
        StringBuilder text = new StringBuilder(512);
        int length = Native.FormatMessage(0x1200, IntPtr.Zero, 183, 0, text, text.Capacity, IntPtr.Zero);
        Console.WriteLine("FormatMessage: " + text.ToString(0, length).Trim());
        Console.WriteLine("Win32Exception: " + new Win32Exception(183).Message);
        return 0;
    }
}
