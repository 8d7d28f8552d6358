using System.Security.Cryptography;

namespace ECapture.Sink.Verify;

/// <summary>
/// Holds the events of one stream, in the order of their sequences, against its checkpoints: contiguous sequences, and the running SHA-256 at each
/// checkpoint. After something that cannot be checked it goes on at the next checkpoint, so one altered byte is found between two checkpoints
/// and nothing else is blamed. Memory does not grow with the stream.
/// </summary>
/// <param name="checkpoints">Those of the stream, in the order of their last sequence.</param>
/// <param name="expired">What retention dropped of it.</param>
internal sealed class StreamVerifier(IAsyncEnumerator<StreamCheckpoint> checkpoints, ExpiredRanges expired)
{
    private readonly byte[] _digest = new byte[SHA256.HashSizeInBytes];
    private byte[] _buffer = new byte[1024];
    private StreamCheckpoint? _next;
    private bool _isStarted;
    private bool _isKnown = true;
    private ulong _expected;
    private long _sinceCheckpoint;
    private ulong _intervalFirst;

    /// <summary>What was found so far; whole after <see cref="EndAsync"/>.</summary>
    public StreamFindings Findings { get; } = new(expired);

    /// <summary>Last sequence that a checkpoint named.</summary>
    public ulong? LastCheckpoint { get; private set; }

    /// <summary>Room for the bytes of the next event.</summary>
    public Span<byte> Room(int length)
    {
        if (_buffer.Length < length + _digest.Length)
        {
            _buffer = new byte[Math.Max(length + _digest.Length, 2 * _buffer.Length)];
        }

        return _buffer.AsSpan(_digest.Length, length);
    }

    /// <summary>Takes an event whose bytes are in <see cref="Room"/>.</summary>
    /// <param name="sequence">Its sequence, not below the one before.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="isCut">True when it was cut after it was appended.</param>
    public async ValueTask AddAsync(ulong sequence, int length, bool isCut)
    {
        if (!_isStarted)
        {
            await MoveNextAsync().ConfigureAwait(false);
            _isStarted = true;
        }

        if (sequence < _expected)
        {
            Findings.AddTwice(sequence);
            return;
        }

        if (sequence > _expected)
        {
            await SkipAsync(sequence).ConfigureAwait(false);
        }

        Findings.Stored++;
        _sinceCheckpoint++;
        _expected = sequence + 1;
        if (isCut)
        {
            Findings.Cut++;
            _isKnown = false;
        }

        if (_isKnown)
        {
            _digest.CopyTo(_buffer, 0);
            SHA256.HashData(_buffer.AsSpan(0, _digest.Length + length), _digest);
        }

        if (_next is { } checkpoint && checkpoint.Last == sequence)
        {
            await CloseIntervalAsync(checkpoint).ConfigureAwait(false);
        }
    }

    /// <summary>There are no more events.</summary>
    public async ValueTask EndAsync()
    {
        if (!_isStarted)
        {
            await MoveNextAsync().ConfigureAwait(false);
        }

        Findings.BehindLastCheckpoint = _next is null ? _sinceCheckpoint : 0;
        Findings.Unverified += _next is null ? 0 : _sinceCheckpoint;
        while (_next is not null)
        {
            await MoveNextAsync().ConfigureAwait(false);
        }

        if (LastCheckpoint is { } last && last >= _expected)
        {
            Findings.AddMissingAtEnd(_expected, last);
        }

        Findings.End();
    }

    // Sequences are missing: what lies between the checkpoints around them cannot be checked any more.
    private async ValueTask SkipAsync(ulong sequence)
    {
        Findings.AddMissing(_expected, sequence - 1);
        _isKnown = false;
        while (_next is { } checkpoint && checkpoint.Last < sequence)
        {
            Findings.Unverified += _sinceCheckpoint;
            _sinceCheckpoint = 0;
            _intervalFirst = checkpoint.Last + 1;
            if (checkpoint.Last == sequence - 1)
            {
                checkpoint.Sha256.CopyTo(_digest, 0);
                _isKnown = true;
            }

            await MoveNextAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask CloseIntervalAsync(StreamCheckpoint checkpoint)
    {
        if (!_isKnown)
        {
            Findings.Unverified += _sinceCheckpoint;
        }
        else if (checkpoint.Sha256.AsSpan().SequenceEqual(_digest))
        {
            Findings.Verified += _sinceCheckpoint;
        }
        else
        {
            Findings.AddAltered(_intervalFirst, checkpoint.Last);
        }

        checkpoint.Sha256.CopyTo(_digest, 0);
        _isKnown = true;
        _sinceCheckpoint = 0;
        _intervalFirst = checkpoint.Last + 1;
        await MoveNextAsync().ConfigureAwait(false);
    }

    // Without a new event a checkpoint says the same again; and a broken one says nothing.
    private async ValueTask MoveNextAsync()
    {
        do
        {
            _next = await checkpoints.MoveNextAsync().ConfigureAwait(false) ? checkpoints.Current : null;
        }
        while (_next is { } checkpoint
            && (checkpoint.Sha256.Length != SHA256.HashSizeInBytes || checkpoint.Count != checkpoint.Last + 1 || checkpoint.Last <= LastCheckpoint));
        LastCheckpoint = _next?.Last ?? LastCheckpoint;
    }
}
