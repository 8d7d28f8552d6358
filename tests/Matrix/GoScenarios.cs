using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Matrix;

/// <summary>A server and a client of Go's standard library, compiled by every version, stripped, as fixed and as position-independent programs.</summary>
internal static class GoScenarios
{
    private static readonly (string Tree, string Version)[] s_versions =
        [("go1.18", "1.18"), ("", "1.19"), ("go1.21", "1.21"), ("go1.22", "1.22"), ("go1.23", "1.23"), ("go1.24", "1.24"), ("go1.25", "1.25"), ("go1.26", "1.26"), ("go1.27", "1.27")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        const string Old = "Go 1.15, stripped"; // hands arguments over on the stack
        const string Said = "said to be unsupported";
        yield return new Scenario("gotls", Old, Said, async stop => await RunOldAsync(await CompileAsync(trees, "go1.15", "1.15", "stripped", [], stop), Old, Said));
        foreach ((string tree, string version) in s_versions)
        {
            foreach ((string build, string[] flags) in ((string, string[])[])[("stripped", []), ("stripped PIE", ["-buildmode=pie"])])
            {
                foreach (string tls in (string[])["1.2", "1.3"])
                {
                    string mode = $"TLS {tls}";
                    string program = $"Go {version}, {build}";
                    yield return new Scenario("gotls", program, mode, async stop => await RunAsync(await CompileAsync(trees, tree, version, build, flags, stop), program, mode, tls, stop));
                    string before = mode + ", before the agent";
                    yield return new Scenario(
                        "gotls", program, before, async stop => await RunEarlierAsync(await CompileAsync(trees, tree, version, build, flags, stop), program, before, tls, stop));
                }
            }
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunOldAsync(string executable, string program, string mode)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix-go").FullName;
        try
        {
            TestCertificate certificate = TestCertificate.Create(folder);
            await using CaptureSession session = await CaptureSession.StartAsync("gotls");
            await using ServerProcess server = ServerProcess.Start(executable, ["server", certificate.CertificatePath, certificate.KeyPath, "1.3", $"{FreePort.Next()}"]);
            Event said = await session.WaitForAsync(e => e.Coverage?.Target.ToStringUtf8() == executable, "the coverage event");
            return [new Cell("gotls", program, "server", mode, new Dictionary<string, bool> { ["said in a Coverage event"] = said.Process?.Pid == server.Id }, said.Coverage.Reason)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(string executable, string program, string mode, string tls, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix-go").FullName;
        try
        {
            TestCertificate certificate = TestCertificate.Create(folder);
            TlsPair pair = new(
                "gotls", program, mode,
                port => ServerProcess.Start(executable, ["server", certificate.CertificatePath, certificate.KeyPath, tls, $"{port}"]),
                (port, request) => Ran.RunAsync(executable, ["client", tls, $"{port}"], request, stop));
            return await pair.RunAsync(stop);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunEarlierAsync(string executable, string program, string mode, string tls, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix-go").FullName;
        try
        {
            TestCertificate certificate = TestCertificate.Create(folder);
            string keyLog = Path.Combine(folder, "keys");
            EarlierPair pair = new(
                "gotls", program, mode,
                port => ServerProcess.Start(executable, ["echo", certificate.CertificatePath, certificate.KeyPath, tls, $"{port}"]),
                (port, log) => (executable, ["keep", tls, $"{port}", log]));
            return await pair.RunAsync((keyLog, keyLog), stop);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Compiled once; the suite's compiler is run in its tree, without cgo, so that the program runs anywhere.
    private static async Task<string> CompileAsync(Trees trees, string tree, string version, string build, string[] flags, CancellationToken stop)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "pair.go");
        string content = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(source, stop)).AsSpan(0, 4));
        string output = Path.Combine(trees.Cache, "go", $"pair-{content}-{version}-{build.Replace(' ', '-')}");
        if (File.Exists(output))
        {
            return output;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        (string, string)[] environment = [("CGO_ENABLED", "0"), ("GO111MODULE", "off"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOFLAGS", "")];
        Ran ran;
        if (tree.Length == 0)
        {
            ran = await Ran.RunAsync("go", ["build", "-ldflags", "-s -w", .. flags, "-o", output, source], "", stop, environment);
        }
        else
        {
            Tree go = await trees.GetAsync(tree, stop);
            DirectoryInfo folder = go.CreateFolder();
            File.Copy(source, Path.Combine(folder.FullName, "pair.go"));
            (string file, IReadOnlyList<string> arguments) = go.Command(
                [$"/usr/lib/go-{version}/bin/go", "build", "-ldflags", "-s -w", .. flags, "-o", go.Inside(folder.FullName) + "/pair", go.Inside(folder.FullName) + "/pair.go"]);
            ran = await Ran.RunAsync(file, arguments, "", stop, [.. environment, ("GOCACHE", "/tmp/go-cache"), ("HOME", "/root")]);
            if (ran.ExitCode == 0)
            {
                File.Move(Path.Combine(folder.FullName, "pair"), output);
            }

            folder.Delete(recursive: true);
        }

        return ran.ExitCode == 0 ? output : throw new InvalidOperationException($"go {version} ended with {ran.ExitCode}: {ran.Errors.Trim()}");
    }
}
