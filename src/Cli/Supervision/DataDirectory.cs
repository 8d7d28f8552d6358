using System.Runtime.InteropServices;
using ECapture.Cli.Options;

namespace ECapture.Cli.Supervision;

/// <summary>
/// The data directory: <c>log</c> (shared by capture and the service), <c>store</c> (the service's own), <c>journal</c> (what services did), <c>archive</c> (what was dropped
/// from the store), <c>dlq</c> (what could not be stored), <c>releases</c> (what four eyes wait for), <c>run</c> (what runs now),
/// <c>keys</c> (written by root; the service's user reads its private keys there).
/// </summary>
internal sealed partial class DataDirectory
{
    /// <summary>Where data is kept when nobody says otherwise.</summary>
    internal const string DefaultPath = "/var/lib/ecapture";

    private const UnixFileMode Shared =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;

    // The service's user may enter, but not put anything in: else a link of his in the place of a folder would be made his.
    private const UnixFileMode Entered =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal DataDirectory(string path) => Root = Path.GetFullPath(path);

    internal string Root { get; }

    internal string Log => Path.Combine(Root, "log");

    internal string Store => Path.Combine(Root, "store");

    internal string Archive => Path.Combine(Root, "archive");

    internal string Journal => Path.Combine(Root, "journal");

    /// <summary>Topics of dead letters, where the log is none of Kafka's.</summary>
    internal string DeadLetters => Path.Combine(Root, "dlq");

    /// <summary>Requests for TLS secrets that wait for a second keyholder.</summary>
    internal string Releases => Path.Combine(Root, "releases");

    /// <summary>The agent's key of what stands for redacted payloads that were cut.</summary>
    internal string TruncationKey => Path.Combine(Root, "truncation.key");

    /// <summary>The tokens of the query service.</summary>
    internal string Tokens => Path.Combine(Root, "tokens.json");

    internal string Keys => Path.Combine(Root, "keys");

    internal string Run => Path.Combine(Root, "run");

    /// <summary>Makes the folders, and gives them to the service's user when there is one.</summary>
    /// <exception cref="UsageException">They cannot be made.</exception>
    internal void Create(UnixAccount? service)
    {
        try
        {
            Make(Root, Entered, service, ownedByService: false);
            foreach (string folder in (string[])[Log, Run, Store, Journal, Archive, DeadLetters, Releases, Keys])
            {
                if (new FileInfo(folder).LinkTarget is { } target)
                {
                    throw new UsageException($"{folder} is a link to {target}: it must be a folder of its own; move the data there and give its parent with --data");
                }
            }

            Make(Log, Shared, service, ownedByService: false);
            Make(Run, Shared, service, ownedByService: false);
            Make(Keys, Entered, service, ownedByService: false);
            Make(Store, Private, service, ownedByService: true);
            Make(Journal, Private, service, ownedByService: true);
            Make(Archive, Private, service, ownedByService: true);
            Make(DeadLetters, Private, service, ownedByService: true);
            Make(Releases, Private, service, ownedByService: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the data directory {Root} cannot be made: {e.Message}; give another one with --data");
        }
    }

    /// <summary>Gives a file to a user, for him alone.</summary>
    /// <exception cref="IOException">It cannot be given.</exception>
    internal static void Give(string path, UnixAccount account)
    {
        if (Chown(path, (int)account.Uid, (int)account.Gid) != 0)
        {
            throw new IOException($"cannot give {path} to {account.Name}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static void Make(string path, UnixFileMode mode, UnixAccount? service, bool ownedByService)
    {
        Directory.CreateDirectory(path);
        if (service is not null)
        {
            const int Unchanged = -1;
            if (Chown(path, ownedByService ? (int)service.Uid : Unchanged, (int)service.Gid) != 0)
            {
                throw new IOException($"cannot give {path} to {service.Name}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }

        File.SetUnixFileMode(path, mode);
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, int owner, int group);
}
