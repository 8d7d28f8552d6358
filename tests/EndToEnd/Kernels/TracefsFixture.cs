using System.Diagnostics;
using ECapture.Capture.Bpf;

namespace ECapture.Tests.EndToEnd.Kernels;

/// <summary>Sees to it that tracefs is mounted, which objects without kernel types need; takes away what it mounted.</summary>
public sealed class TracefsFixture : IDisposable
{
    private const string Place = "/sys/kernel/tracing";
    private readonly bool _isMounted;

    public TracefsFixture()
    {
        if (Tracepoints.Missing([]) is not null)
        {
            Run("mount", "-t", "tracefs", "nodev", Place);
            _isMounted = true;
        }
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", Place);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}");
    }
}
