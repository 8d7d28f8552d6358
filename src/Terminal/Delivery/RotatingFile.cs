using System.IO.Compression;

namespace ECapture.Terminal.Delivery;

/// <summary>A file that records are appended to, whole; put aside at a size or an age, then compressed and deleted as asked.</summary>
internal sealed class RotatingFile : IRecordTarget
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly RotatingFileOptions _options;
    private readonly Func<DateTime> _now;
    private FileStream _file;
    private DateTime _begun;
    private Task _compressing = Task.CompletedTask;

    private RotatingFile(string path, RotatingFileOptions options, Func<DateTime> now)
    {
        _path = path;
        _options = options;
        _now = now;
        _file = OpenFile(path);
        _begun = now();
    }

    /// <summary>Opens or makes the file; only its owner may read what is made.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal static RotatingFile Open(string path, RotatingFileOptions options, Func<DateTime>? now = null) =>
        new(path, options, now ?? (() => DateTime.UtcNow));

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> record)
    {
        if (_file.CanSeek && _file.Length > 0
            && ((_options.RotateBytes > 0 && _file.Length + record.Length > _options.RotateBytes) || IsOld))
        {
            Rotate();
        }

        _file.Write(record);
    }

    /// <inheritdoc/>
    public void Tick()
    {
        if (_file.CanSeek && IsOld && _file.Length > 0)
        {
            Rotate();
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        _file.Flush();
        _compressing.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool IsOld => _options.RotateAfter > TimeSpan.Zero && _now() - _begun >= _options.RotateAfter;

    private static FileStream OpenFile(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
        UnixCreateMode = OwnerOnly,
    });

    private void Rotate()
    {
        _file.Dispose();
        string aside = RotatedName.PutAside(_path, _now());
        _file = OpenFile(_path);
        _begun = _now();
        if (_options.Compress)
        {
            // One after another, so that they neither pile up nor outrun the deletion.
            _compressing = _compressing.ContinueWith(_ => CompressAndDelete(aside), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        else
        {
            DeleteOldest();
        }
    }

    private void CompressAndDelete(string aside)
    {
        string packed = aside + ".gz";
        using (FileStream from = File.OpenRead(aside))
        using (FileStream to = new(packed, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        using (GZipStream gzip = new(to, CompressionLevel.Fastest))
        {
            from.CopyTo(gzip);
        }

        File.Delete(aside);
        DeleteOldest();
    }

    private void DeleteOldest()
    {
        if (_options.Keep == 0)
        {
            return;
        }

        // The time in their names sorts them.
        foreach (string old in RotatedName.FindAside(_path).OrderDescending(StringComparer.Ordinal).Skip(_options.Keep))
        {
            File.Delete(old);
        }
    }
}
