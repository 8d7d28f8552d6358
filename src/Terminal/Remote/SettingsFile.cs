using System.Text.Json;

namespace ECapture.Terminal.Remote;

/// <summary>
/// The configuration as a file, applied when it changes. The file is the whole of it: what it does not name is as the command was started. A file that is wrong is refused
/// with line and field, and what held goes on.
/// </summary>
internal sealed class SettingsFile : IDisposable
{
    private const int MostBytes = 64 * 1024; // as over HTTP

    private readonly string _path;
    private readonly RunningSettings _settings;
    private readonly Action<string> _say;
    private readonly Lock _lock = new();
    private FolderWatch? _watch;
    private byte[] _last = [];

    private SettingsFile(string path, RunningSettings settings, Action<string> say)
    {
        _path = path;
        _settings = settings;
        _say = say;
    }

    /// <summary>Applies the file as it is and watches it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">What it changes.</param>
    /// <param name="say">Tells the user of a file that is refused.</param>
    /// <exception cref="FormatException">It is wrong; names line and field.</exception>
    /// <exception cref="IOException">It cannot be read or watched.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal static SettingsFile Open(string path, RunningSettings settings, Action<string> say)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"there is no file {path}");
        }

        SettingsFile file = new(Path.GetFullPath(path), settings, say);
        try
        {
            // The watch first: an edit in between is not missed.
            file._watch = FolderWatch.Start(Path.GetDirectoryName(file._path)!, file.OnChange);
            lock (file._lock)
            {
                file.Apply();
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watch?.Dispose();

    private void OnChange()
    {
        try
        {
            lock (_lock)
            {
                Apply();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            _say($"{e.Message}; what held goes on");
        }
    }

    private void Apply()
    {
        byte[] text = Read();
        if (text.AsSpan().SequenceEqual(_last))
        {
            return; // another file of the folder
        }

        _last = text;
        try
        {
            // This is the watch's own thread, or the command's before it begins: it has nothing else to do.
            _settings.ChangeAsync(text, $"configuration changed by {_path}", isWhole: true).GetAwaiter().GetResult();
        }
        catch (RemoteRefusal e)
        {
            long line = e.Line > 0 ? e.Line : e.Field is { } field ? LineOf(text, field) : 0;
            throw new FormatException($"{_path}{(line > 0 ? $" line {line}" : "")}: {e.Message}", e);
        }
    }

    private byte[] Read()
    {
        using FileStream file = File.OpenRead(_path);
        byte[] text = new byte[MostBytes + 1];
        int length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return length <= MostBytes ? text[..length] : throw new FormatException($"{_path}: is larger than {MostBytes} bytes");
    }

    // The last place of the name: of a field that is there twice, the second.
    private static long LineOf(byte[] text, string field)
    {
        long found = 0;
        Utf8JsonReader reader = new(text);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(field))
            {
                found = 1 + text.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n');
            }
        }

        return found;
    }
}
