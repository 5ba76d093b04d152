/* Wine 8 lacks bcryptprimitives.dll, which Rust's standard library takes its
   random numbers from; advapi32 has the same under another name. */
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return SystemFunction036(data, (ULONG)length);
}
