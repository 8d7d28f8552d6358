using System.Security.Cryptography;

namespace ECapture.Tests.Matrix;

/// <summary>selfserv and tstclnt of every suite, full and resumed sessions.</summary>
internal static class NssScenarios
{
    private static readonly (string Tree, string Program)[] s_versions =
        [("bullseye", "NSS 3.61"), ("bookworm", "NSS 3.87"), ("trixie", "NSS 3.110"), ("sid", "NSS 3.132")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string program) in s_versions)
        {
            foreach (string version in (string[])["1.2", "1.3"])
            {
                foreach (bool isResumed in (bool[])[false, true])
                {
                    string mode = $"TLS {version}{(isResumed ? ", resumed" : "")}";
                    yield return new Scenario("nss", program, mode, async stop => await RunAsync(await trees.GetAsync(tree, stop), program, mode, version, isResumed, stop));
                }
            }
        }
    }

    // The client connects so many times, and takes its session from the second time on: the server then has no need of its certificate, and says in TLS 1.3 which key it took.
    private const int Times = 3;

    private static async Task<bool> IsResumedAsync(Support.Tls.WireCapture wire, string version) => version == "1.2"
        ? await wire.CountAsync("tls.handshake.type == 11") < await wire.CountAsync("tls.handshake.type == 2")
        : await wire.CountAsync("tls.handshake.type == 2 && tls.handshake.extension.type == 41") > 0;

    private static async Task<IReadOnlyList<Cell>> RunAsync(Tree tree, string program, string mode, string version, bool isResumed, CancellationToken stop)
    {
        DirectoryInfo folder = tree.CreateFolder();
        try
        {
            string inside = tree.Inside(folder.FullName);
            string database = "sql:" + inside;
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "noise"), RandomNumberGenerator.GetBytes(64), stop);
            await tree.MustAsync(stop, "/usr/bin/certutil", "-N", "-d", database, "--empty-password");
            await tree.MustAsync(
                stop, "/usr/bin/certutil", "-S", "-d", database, "-n", "server", "-s", "CN=localhost", "-x", "-t", "C,C,C", "-z", inside + "/noise", "-8", "localhost");
            string range = $"tls{version}:tls{version}";
            TlsPair pair = new(
                "nss", program, mode,
                port => tree.Start("/usr/bin/selfserv", "-d", database, "-n", "server", "-p", $"{port}", "-V", range, "-u"),
                async (port, request) =>
                {
                    // From a file: it would wait for ever for more of its standard input.
                    await File.WriteAllTextAsync(Path.Combine(folder.FullName, "request"), request, stop);
                    return await tree.RunAsync(
                        "", stop, "/usr/bin/tstclnt", "-h", "127.0.0.1", "-p", $"{port}", "-D", "-o", "-V", range, "-A", inside + "/request", "-u",
                        "-L", $"{(isResumed ? Times : 1)}");
                })
            {
                AtClient = isResumed ? Times : 1,
                AtServer = isResumed ? Times : 1,
                CheckWire = async wire => !isResumed || await IsResumedAsync(wire, version) ? null : "no session was resumed",
            };
            return await pair.RunAsync(stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
