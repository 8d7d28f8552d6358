using System.Text;
using ECapture.Capture.Modules.Databases;

namespace ECapture.Capture.Modules.Postgres;

/// <summary>
/// Who a server process serves, from its title: <c>postgres: [CLUSTER: ]USER DATABASE ADDRESS(PORT) ACTIVITY</c>, <c>[local]</c> instead of
/// the address for a UNIX socket (PostgreSQL documentation, "Standard Unix Tools"). For sessions that began before the agent. Names with
/// spaces cannot be told apart: the last word before the address is taken for the database.
/// </summary>
internal readonly record struct ServerTitle(string User, string Database, string Client)
{
    /// <summary>Reads the title of a process.</summary>
    internal static ServerTitle Read(uint pid)
    {
        try
        {
            byte[] title = File.ReadAllBytes($"/proc/{pid}/cmdline");
            int end = title.AsSpan().IndexOf((byte)0);
            return Parse(Encoding.UTF8.GetString(title, 0, end < 0 ? title.Length : end));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default; // the process ended
        }
    }

    /// <summary>Reads a title; fields that it does not show are empty.</summary>
    internal static ServerTitle Parse(string title)
    {
        const string Prefix = "postgres: ";
        if (!title.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return new ServerTitle("", "", "");
        }

        string[] words = title[Prefix.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int first = words.Length > 0 && words[0].EndsWith(':') ? 1 : 0;
        for (int i = first + 2; i < words.Length; i++)
        {
            int port = words[i].IndexOf('(', StringComparison.Ordinal);
            bool isLocal = words[i] == "[local]";
            if (isLocal || (port > 0 && words[i].EndsWith(')')))
            {
                return new ServerTitle(string.Join(' ', words[first..(i - 1)]), words[i - 1], isLocal ? DatabaseClient.Local : words[i][..port]);
            }
        }

        return new ServerTitle("", "", "");
    }
}
