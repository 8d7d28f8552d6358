using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Policies;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage;

namespace ECapture.Cli.Commands;

/// <summary>Turns options into the parts that several commands are made of.</summary>
internal static class Composition
{
    private const int DefaultPayload = 512 * 1024;
    private const int LeastPayload = 64;

    /// <summary>The data directory asked for.</summary>
    internal static DataDirectory DataOf(OptionReader options) => new(options.Find(CommonOptions.Data) ?? DataDirectory.DefaultPath);

    /// <summary>The log asked for; default the local log of the data directory.</summary>
    /// <exception cref="FormatException">The address is wrong.</exception>
    internal static LogAddress LogAddressOf(OptionReader options, DataDirectory data) =>
        LogAddress.Parse(options.Find(CommonOptions.Log) ?? "sqlite:" + data.Log);

    /// <summary>The store asked for; default the in-process engine on the data directory.</summary>
    /// <exception cref="FormatException">The address is wrong.</exception>
    internal static StoreAddress StoreAddressOf(OptionReader options, DataDirectory data) =>
        StoreAddress.Parse(options.Find(CommonOptions.Store) ?? "chdb:" + data.Store);

    /// <summary>Bytes kept of a payload where the policy does not say.</summary>
    /// <exception cref="UsageException">It is out of range.</exception>
    internal static int PayloadLimitOf(OptionReader options) =>
        (int)options.Number(CommonOptions.PayloadLimit, DefaultPayload, LeastPayload, Policy.LargestKeep);

    /// <summary>The policy asked for; default the built-in one.</summary>
    /// <exception cref="UsageException">The file cannot be read or has errors; the message holds all of them.</exception>
    internal static Policy PolicyOf(OptionReader options) => PolicyOf(options, PayloadLimitOf(options));

    /// <summary>The policy as sinks and services read it: what agents keep where the file does not say, they do not know, so it is the most that there can be.</summary>
    /// <exception cref="UsageException">The file cannot be read or has errors; the message holds all of them.</exception>
    internal static Policy StorePolicyOf(OptionReader options) => PolicyOf(options, Policy.LargestKeep);

    /// <summary>The policy asked for, with the bytes that are kept of a payload where it does not say.</summary>
    /// <exception cref="UsageException">The file cannot be read or has errors; the message holds all of them.</exception>
    internal static Policy PolicyOf(OptionReader options, int payloadLimit) => PolicyOf(options.Find(CommonOptions.Policy), payloadLimit);

    /// <summary>The policy of a file; null: the built-in one.</summary>
    /// <exception cref="UsageException">The file cannot be read or has errors; the message holds all of them.</exception>
    internal static Policy PolicyOf(string? file, int payloadLimit)
    {
        try
        {
            return file is not null ? Policy.Load(file, payloadLimit) : Policy.BuiltIn(payloadLimit);
        }
        catch (PolicyException e)
        {
            throw new UsageException(e.Errors.Count > 0 ? $"the policy cannot be used, nothing was started:\n{e.Message}" : e.Message);
        }
    }

    /// <summary>The keys of the data directory. Private ones that root writes are given to the user who owns the store, for he opens secrets.</summary>
    internal static KeyDirectory KeysOf(DataDirectory data, UnixAccount? service = null) => new(
        data.Keys,
        path =>
        {
            if (UnixAccount.IsRoot && (service ?? UnixAccount.OwnerOf(data.Store)) is { Uid: not 0 } owner)
            {
                DataDirectory.Give(path, owner);
            }
        });

    /// <summary>The private keys that this process may open secrets with.</summary>
    /// <exception cref="SealingException">A file that was named cannot be used.</exception>
    internal static PrivateKeys PrivateKeysOf(OptionReader options, DataDirectory data) => new(KeysOf(data), options.FindAll(CommonOptions.Key));

    /// <summary>The private keys that a command needs where it reads a store itself; a service has its own.</summary>
    /// <exception cref="SealingException">A file that was named cannot be used.</exception>
    internal static PrivateKeys PrivateKeysOf(OptionReader options, EventSource source) =>
        source.Client is null ? PrivateKeysOf(options, DataOf(options)) : new PrivateKeys(KeysOf(DataOf(options)), []);

    /// <summary>Who secrets are sealed to.</summary>
    /// <returns>Files of public keys; null: secrets stay open.</returns>
    /// <exception cref="UsageException">"none" stands beside files.</exception>
    internal static IReadOnlyList<string>? SealToOf(OptionReader options, DataDirectory data)
    {
        IReadOnlyList<string> given = options.FindAll(CommonOptions.SealTo);
        if (given.Contains(Nobody))
        {
            return given.Count == 1
                ? null
                : throw new UsageException($"{CommonOptions.SealTo.Name}: either {Nobody} or files of public keys; to seal to a file of that name write ./{Nobody}");
        }

        return given.Count > 0 ? [.. given.Select(Path.GetFullPath)]
            : KeysOf(data) is { HasRecipients: true, RecipientsFile: var file } ? [file]
            : [];
    }

    private const string Nobody = "none";
}
