using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ECapture.Pcapng;

namespace ECapture.Terminal.KeyLogs;

/// <summary>
/// A key log on disk: lines are appended, each once, whatever wrote the file before, and each is in the file when <see cref="Add"/> returns. Only
/// its owner may read it.
/// </summary>
internal sealed class KeyLogFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _file;
    private readonly HashSet<UInt128> _lines = [];
    private readonly byte[] _line = new byte[KeyLogLine.MaximumLength];

    private KeyLogFile(FileStream file) => _file = file;

    /// <summary>Lines that this program added.</summary>
    internal long Added { get; private set; }

    /// <summary>Opens or makes the file.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal static KeyLogFile Open(string path)
    {
        FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = OwnerOnly,
        });
        try
        {
            if (file.CanSeek)
            {
                // It may have been made by another program, for everybody to read.
                File.SetUnixFileMode(file.SafeFileHandle, OwnerOnly);
            }

            KeyLogFile log = new(file);
            log.ReadLines();
            return log;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends a line unless it is there.</summary>
    /// <returns>False when it is there already, or can be no line.</returns>
    internal bool Add(ReadOnlySpan<byte> label, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> secret)
    {
        if (!KeyLogLine.TryWrite(label, clientRandom, secret, _line, out int length) || !_lines.Add(Digest(_line.AsSpan(0, length - 1))))
        {
            return false;
        }

        _file.Write(_line.AsSpan(0, length));
        Added++;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadLines()
    {
        if (!_file.CanSeek)
        {
            return; // a pipe: nothing was there before
        }

        bool endsWithLine = true;
        using (StreamReader reader = new(_file, leaveOpen: true))
        {
            while (reader.ReadLine() is { } line)
            {
                _lines.Add(Digest(System.Text.Encoding.UTF8.GetBytes(line)));
            }
        }

        if (_file.Length > 0)
        {
            _file.Seek(-1, SeekOrigin.End);
            endsWithLine = _file.ReadByte() == '\n';
        }

        _file.Seek(0, SeekOrigin.End);
        if (!endsWithLine)
        {
            _file.WriteByte((byte)'\n');
        }
    }

    private static UInt128 Digest(ReadOnlySpan<byte> line)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(line, digest);
        return MemoryMarshal.Read<UInt128>(digest);
    }
}
