using System.ComponentModel;
using System.Diagnostics;

namespace ECapture.Tests.Unit.Pcapng;

/// <summary>Wireshark's own reader as the judge of what the writer makes.</summary>
public sealed class PcapngOracleTests
{
    [Fact]
    public async Task Write_EveryBlock_TsharkShowsTimesDirectionsAndComments()
    {
        string path = Path.Combine(Path.GetTempPath(), $"ecapture-{Guid.NewGuid():N}.pcapng");
        await File.WriteAllBytesAsync(path, SampleFile.Write(), TestContext.Current.CancellationToken);
        try
        {
            string lines = await RunAsync(
                "tshark", "-r", path, "-T", "fields", "-E", "separator=|", "-e", "frame.time_epoch", "-e", "frame.interface_name",
                "-e", "frame.packet_flags_direction", "-e", "frame.comment", "-e", "frame.len");

            // Wireshark 4.0 lists the process block as a record without time; newer ones take it in.
            string packets = lines.StartsWith("||||", StringComparison.Ordinal) ? lines[(lines.IndexOf('\n', StringComparison.Ordinal) + 1)..] : lines;
            Assert.Equal(
                "1790000000.123456789|eth0|0x00000002|curl (pid 1234)|60\n1790000000.123456790|lo|0x00000001||46\n1790000000.123456791|lo|||1500\n",
                packets);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await errors);
            return output;
        }
        catch (Win32Exception)
        {
            Assert.Fail($"{program} is missing: apt-get install tshark");
            throw;
        }
    }
}
