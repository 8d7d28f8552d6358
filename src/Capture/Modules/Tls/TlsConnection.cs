using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Tls;

/// <summary>A connection of a process: from the first call with its SSL object until that is freed or has another socket.</summary>
internal sealed class TlsConnection(ulong id)
{
    /// <summary>Connection id of the agent run.</summary>
    internal ulong Id { get; } = id;

    /// <summary>The socket, once it is known.</summary>
    internal SocketTuple Socket { get; set; }

    /// <summary>True when plaintext of it was captured, and where it belongs was known.</summary>
    internal bool HasPlaintext { get; set; }

    /// <summary>True when whoever looks for the secrets of earlier connections was told of it.</summary>
    internal bool IsTold { get; set; }

    /// <summary>True when he was told with its socket.</summary>
    internal bool IsSureTold { get; set; }

    /// <summary>True when the link between connection and flow was published.</summary>
    internal bool IsLinked { get; set; }
}

/// <summary>What names a connection in the kernel's records.</summary>
internal readonly record struct TlsConnectionKey(uint Pid, ulong Ssl, ulong Born);
