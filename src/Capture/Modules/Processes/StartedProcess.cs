using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using Google.Protobuf;

namespace ECapture.Capture.Modules.Processes;

/// <summary>A program that began, as its record says.</summary>
internal sealed class StartedProcess
{
    private StartedProcess(in ExecRecord record) => Record = record;

    /// <summary>The fixed part.</summary>
    internal readonly ExecRecord Record;

    internal required ByteString Executable { get; init; }

    internal required ByteString Directory { get; init; }

    internal required ByteString Cgroup { get; init; }

    internal required ByteString Terminal { get; init; }

    internal required IReadOnlyList<ByteString> Arguments { get; init; }

    internal required string Container { get; init; }

    internal bool AreArgumentsCut => (Record.Header.Flags & ExecRecord.ArgumentsCut) != 0;

    internal ImageKey Image => new(Record.ImageInode, Record.ImageDevice);

    /// <summary>True while its process runs this program.</summary>
    internal bool IsRunning =>
        ImageKey.Of(OwnFile) == Image
        // Where stat gives other numbers than the kernel's own, the names have to do.
        || (RunningPrograms.PathOf(Record.Header.Pid) is { } now && Path.GetFileName(now) == Path.GetFileName(Executable.ToStringUtf8()));

    private string OwnFile => $"/proc/{Record.Header.Pid}/exe";

    /// <summary>Where its program file can be read: at its own path, which stays when the process ends; else, in another mount namespace, through the process.</summary>
    /// <returns>Null: nowhere any more.</returns>
    internal string? FindFile()
    {
        string executable = Executable.ToStringUtf8();
        return ImageKey.Of(executable) == Image ? executable : IsRunning ? OwnFile : null;
    }

    /// <summary>Reads a record.</summary>
    /// <returns>Null when its lengths do not fit its size.</returns>
    internal static StartedProcess? Read(ReadOnlySpan<byte> bytes)
    {
        if (!MemoryMarshal.TryRead(bytes, out ExecRecord record))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = bytes[Unsafe.SizeOf<ExecRecord>()..];
        int executable = KernelPath.Length(record.ExecutableLength);
        int directory = KernelPath.Length(record.DirectoryLength);
        int cgroup = KernelPath.Length(record.CgroupLength);
        if ((long)executable + directory + cgroup + record.ArgumentsLength > rest.Length)
        {
            return null;
        }

        return Of(
            record,
            KernelPath.ToPath(rest[..executable], record.ExecutableLength),
            KernelPath.ToPath(rest.Slice(executable, directory), record.DirectoryLength),
            KernelPath.ToPath(rest.Slice(executable + directory, cgroup), record.CgroupLength),
            rest.Slice(executable + directory + cgroup, (int)record.ArgumentsLength));
    }

    /// <summary>Makes one of a record and paths; each argument ends with a NUL.</summary>
    internal static StartedProcess Of(
        in ExecRecord record, ReadOnlySpan<byte> executable, ReadOnlySpan<byte> directory, ReadOnlySpan<byte> cgroup, ReadOnlySpan<byte> arguments) => new(record)
        {
            Executable = ByteString.CopyFrom(executable),
            Directory = ByteString.CopyFrom(directory),
            Cgroup = ByteString.CopyFrom(cgroup),
            Terminal = UnsafeByteOperations.UnsafeWrap(record.Facts.TerminalName()),
            Arguments = Split(arguments),
            Container = ContainerId.Find(cgroup),
        };

    private static List<ByteString> Split(ReadOnlySpan<byte> arguments)
    {
        List<ByteString> list = [];
        while (!arguments.IsEmpty)
        {
            int end = arguments.IndexOf((byte)0);
            list.Add(ByteString.CopyFrom(end < 0 ? arguments : arguments[..end]));
            arguments = end < 0 ? [] : arguments[(end + 1)..];
        }

        return list;
    }
}
