namespace ECapture.Log.Local;

/// <summary>
/// The log of one machine: a directory of SQLite files, written by one process and read by any number of others
/// (docs/architecture.md, "The local log").
/// </summary>
public static class LocalLog
{
    /// <summary>Makes the log where there is none, so that consumers can be opened before the writer.</summary>
    /// <exception cref="LogException">The directory cannot be made or holds something else.</exception>
    public static void Make(string directory, LocalLogOptions options)
    {
        options.Validate();
        LogDirectory log = new(directory, options.Group);
        log.Make();
        if (File.Exists(log.Catalogue))
        {
            Catalogue.Open(log).Dispose();
            return;
        }

        using WriterLock held = WriterLock.Take(log);
        Catalogue.OpenOrMake(log).Dispose();
    }

    /// <summary>Refuses a group that this machine does not have, before anything is made.</summary>
    /// <exception cref="LogException">There is none of that name.</exception>
    public static void CheckGroup(string group) => UnixGroup.Resolve(group);

    /// <summary>Opens the log for appending and makes it where there is none. One process at a time.</summary>
    /// <exception cref="LogException">Another process writes, this user may not, or a file is damaged or foreign; nothing is changed then.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static LocalLogWriter OpenWriter(string directory, LocalLogOptions options) => new(directory, options);

    /// <summary>Joins a consumer group of an existing log.</summary>
    /// <param name="directory">The log's directory.</param>
    /// <param name="group">Segments are kept until this group has committed past them, from now on and also while it has no member.</param>
    /// <param name="topics">Short names; topics that do not exist yet are met when they do.</param>
    /// <param name="options">Lease and polling; null for the defaults.</param>
    /// <exception cref="LogException">There is no log (transient: it may be made soon), this user may not, or a file is damaged or foreign.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static LocalLogConsumer OpenConsumer(
        string directory, string group, IReadOnlyCollection<string> topics, LocalConsumerOptions? options = null) =>
        new(directory, group, topics, options ?? new LocalConsumerOptions());
}
