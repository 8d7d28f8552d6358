using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Storage;

namespace ECapture.Cli.Commands;

/// <summary>Turns options into the parts that several commands are made of.</summary>
internal static class Composition
{
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
}
