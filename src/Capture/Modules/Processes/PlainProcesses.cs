using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary>
/// Completes the records of the objects without kernel types: arguments from the call of execve before, everything else from /proc while the process
/// lives, and which processes run a shell from the order of forks and programs. Not for several threads.
/// </summary>
internal sealed class PlainProcesses(BpfMap shellImages, BpfMap shellProcesses)
{
    private const int MostWaiting = 16 * 1024;

    private readonly Dictionary<uint, (byte[] Arguments, bool AreCut)> _called = [];

    /// <summary>A process was forked: it runs the same shell.</summary>
    internal void OnFork(in ForkRecord fork)
    {
        if (shellProcesses.TryGet(fork.Header.Pid, out uint kind))
        {
            shellProcesses.Set(fork.Child, kind);
        }
    }

    /// <summary>execve was called; whether it succeeds is not known yet.</summary>
    /// <returns>False when the record's length does not fit its size.</returns>
    internal bool OnArguments(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = bytes[Unsafe.SizeOf<ArgumentsRecord>()..];
        ArgumentsRecord record = MemoryMarshal.Read<ArgumentsRecord>(bytes);
        if (record.Length > rest.Length)
        {
            return false;
        }

        if (_called.Count >= MostWaiting)
        {
            _called.Clear(); // calls that failed, of processes whose end was lost
        }

        _called[record.Header.Pid] = (rest[..(int)record.Length].ToArray(), (record.Header.Flags & ExecRecord.ArgumentsCut) != 0);
        return true;
    }

    /// <summary>A program began.</summary>
    /// <returns>Null when the record's lengths do not fit its size.</returns>
    internal StartedProcess? OnExec(ReadOnlySpan<byte> bytes)
    {
        if (!MemoryMarshal.TryRead(bytes, out ExecRecord record) || record.ExecutableLength > bytes.Length - Unsafe.SizeOf<ExecRecord>())
        {
            return null;
        }

        uint pid = record.Header.Pid;
        ReadOnlySpan<byte> name = bytes.Slice(Unsafe.SizeOf<ExecRecord>(), (int)record.ExecutableLength).TrimEnd((byte)0);
        _called.Remove(pid, out (byte[] Arguments, bool AreCut) called);
        byte[] arguments = called.Arguments ?? [];
        if (called.AreCut)
        {
            record.Header.Flags |= ExecRecord.ArgumentsCut;
        }

        LiveProcess? live = LiveProcess.Find(record.Header);
        ImageKey? image = null;
        if (live is not null)
        {
            live.Complete(ref record.Facts);
            image = ImageKey.Of(live.ExecutableFile);
            byte[] now = live.CommandLine;
            if (arguments.Length == 0 || IsScriptOf(now, arguments))
            {
                arguments = now;
            }
        }
        else if (name.StartsWith("/"u8))
        {
            image = ImageKey.Of(Encoding.UTF8.GetString(name));
        }

        record.ImageInode = image?.Inode ?? 0;
        record.ImageDevice = image?.Device ?? 0;
        record.Previous = shellProcesses.TryGet(pid, out uint previous) ? previous : 0;
        Settle(pid, image, previous);
        return StartedProcess.Of(
            record,
            live?.Executable is { Length: > 0 } executable ? Encoding.UTF8.GetBytes(executable) : name,
            Encoding.UTF8.GetBytes(live?.Directory ?? ""),
            Encoding.UTF8.GetBytes(live?.Cgroup ?? ""),
            arguments);
    }

    /// <summary>A process ended.</summary>
    internal void OnExit(uint pid)
    {
        _called.Remove(pid);
        shellProcesses.Remove(pid);
    }

    /// <summary>True when a command line is what was called, behind the interpreter that the file names in its first line.</summary>
    internal static bool IsScriptOf(ReadOnlySpan<byte> commandLine, ReadOnlySpan<byte> called)
    {
        int first = called.IndexOf((byte)0) + 1;
        return commandLine.Length > called.Length && commandLine.EndsWith(called[first..]) && !commandLine.StartsWith(called);
    }

    private void Settle(uint pid, ImageKey? image, uint previous)
    {
        if (image is { } key && shellImages.TryGet(key, out uint kind))
        {
            shellProcesses.Set(pid, kind);
        }
        else if (previous != 0)
        {
            shellProcesses.Remove(pid);
        }
    }
}
