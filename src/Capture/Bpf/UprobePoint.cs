namespace ECapture.Capture.Bpf;

/// <summary>An address of a file to attach to.</summary>
/// <param name="Offset">Offset in the file, not virtual address.</param>
/// <param name="Cookie">What the program reads with <c>bpf_get_attach_cookie</c>.</param>
public readonly record struct UprobePoint(ulong Offset, ulong Cookie);
