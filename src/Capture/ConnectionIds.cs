using System.Security.Cryptography;

namespace ECapture.Capture;

/// <summary>Gives 64-bit connection ids of one agent run: random upper half, counting lower half.</summary>
public sealed class ConnectionIds
{
    private readonly ulong _run = (ulong)(uint)RandomNumberGenerator.GetInt32(1, int.MaxValue) << 32;
    private uint _last;

    /// <summary>The next id; never 0.</summary>
    public ulong Next() => _run | ++_last;
}
