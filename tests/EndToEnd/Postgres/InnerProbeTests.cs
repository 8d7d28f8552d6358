using System.Globalization;
using ECapture.Capture.Elf;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Postgres;
using Diagnosed = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Postgres;

/// <summary>
/// A server that waits for its client when the agent starts has more probes than the others. What is put into the postmaster is inherited by every server that it forks, and cost a third of
/// all statements there, for nothing.
/// </summary>
[Collection(CaptureCollection.Name)]
public sealed class InnerProbeTests
{
    private const byte Breakpoint = 0xcc; // int3

    [Fact]
    public async Task InnerProbes_OneServerWaits_InItAloneNeitherInThePostmasterNorInWhatItForks()
    {
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(TestContext.Current.CancellationToken);
        using Diagnosed waiting = server.StartClient("psql", ["-X", "-A", "-t"], true, "disable");
        int waitingServer = await ServerOfAsync(waiting);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        using Diagnosed later = server.StartClient("psql", ["-X", "-A", "-t"], true, "disable");
        int laterServer = await ServerOfAsync(later);
        int postmaster = server.Cluster.ProcessId;

        Assert.Equal(Breakpoint, FirstByteOf("secure_read", laterServer)); // the probes that every server has are seen in its memory
        Assert.Equal(Breakpoint, FirstByteOf("secure_raw_read", waitingServer));
        Assert.Equal(Breakpoint, FirstByteOf("be_tls_read", waitingServer));
        foreach (string inner in (string[])["secure_raw_read", "be_tls_read"])
        {
            Assert.NotEqual(Breakpoint, FirstByteOf(inner, postmaster));
            Assert.NotEqual(Breakpoint, FirstByteOf(inner, laterServer));
        }

        foreach (Diagnosed client in (Diagnosed[])[waiting, later])
        {
            client.StandardInput.Close();
            await client.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<int> ServerOfAsync(Diagnosed psql)
    {
        await psql.StandardInput.WriteLineAsync("select pg_backend_pid();");
        await psql.StandardInput.FlushAsync();
        string? line = await psql.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        return int.Parse(Assert.IsType<string>(line), CultureInfo.InvariantCulture);
    }

    // What the processor would run there.
    private static byte FirstByteOf(string function, int pid)
    {
        using ElfFile elf = ElfFile.Open($"/proc/{pid}/exe");
        Assert.True(elf.TryGetSymbolOffset(function, out ulong offset), $"no {function}");
        foreach (string line in File.ReadLines($"/proc/{pid}/maps"))
        {
            // proc(5): from-to, permissions, offset in the file, device, inode, path
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            ulong[] range = [.. fields[0].Split('-').Select(a => ulong.Parse(a, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            ulong at = ulong.Parse(fields[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (fields.Length > 5 && fields[5].EndsWith("/postgres", StringComparison.Ordinal) && fields[1][2] == 'x' && offset >= at && offset - at < range[1] - range[0])
            {
                using FileStream memory = new($"/proc/{pid}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
                memory.Position = (long)(range[0] + offset - at);
                return (byte)memory.ReadByte();
            }
        }

        throw new InvalidOperationException($"process {pid} has not mapped {function}");
    }
}
