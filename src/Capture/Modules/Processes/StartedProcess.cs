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

        byte[] cgroupPath = KernelPath.ToPath(rest.Slice(executable + directory, cgroup), record.CgroupLength);
        return new StartedProcess(record)
        {
            Executable = UnsafeByteOperations.UnsafeWrap(KernelPath.ToPath(rest[..executable], record.ExecutableLength)),
            Directory = UnsafeByteOperations.UnsafeWrap(KernelPath.ToPath(rest.Slice(executable, directory), record.DirectoryLength)),
            Cgroup = UnsafeByteOperations.UnsafeWrap(cgroupPath),
            Terminal = UnsafeByteOperations.UnsafeWrap(record.Facts.TerminalName()),
            Arguments = Split(rest.Slice(executable + directory + cgroup, (int)record.ArgumentsLength)),
            Container = ContainerId.Find(cgroupPath),
        };
    }

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
